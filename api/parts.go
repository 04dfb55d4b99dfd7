package api

import (
	"context"
	"log/slog"
	"slices"

	"giftline/domain"
)

// parts is an answer that is fetched in parts: where one fails it is null and the others stand, because a count of 0
// that means "unknown" would be believed.
type parts struct {
	tried  int
	failed []string
	errs   []error
}

// Partial is in every answer that may lack a part.
type Partial struct {
	Failed []string `json:"failed" doc:"The parts that could not be read just now: each of them is null in this answer, which never means 0. Ask again." example:"[]"`
}

// part fetches one; nil where that failed.
func part[T any](p *parts, name string, fetch func() (T, error)) *T {
	p.tried++
	v, err := fetch()
	if err != nil {
		p.failed, p.errs = append(p.failed, name), append(p.errs, err)
		return nil
	}
	return &v
}

// end gives what is said of the parts. An answer without any is the problem itself, and so is a question that no part
// could be asked.
func (p *parts) end(ctx context.Context, log *slog.Logger) (Partial, error) {
	asked := func(err error) bool { return domain.CodeOf(err) == domain.CodeInvalid }
	if i := slices.IndexFunc(p.errs, asked); i >= 0 {
		return Partial{}, p.errs[i]
	}
	if len(p.failed) == p.tried {
		return Partial{}, p.errs[0]
	}
	for i, name := range p.failed {
		log.LogAttrs(ctx, slog.LevelError, "a part of an answer is null", slog.String("part", name), slog.Any("err", p.errs[i]))
	}
	return Partial{Failed: append([]string{}, p.failed...)}, nil
}
