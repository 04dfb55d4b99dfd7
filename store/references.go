package store

import (
	"context"

	"gorm.io/gorm"

	"giftline/domain"
)

// referenceOf gives what links a subject with others: what people say, else what its events name, else the first of
// the configured keys that its metadata has.
func referenceOf(r *subjectRow, labels *labelRow, keys []string) string {
	switch {
	case labels != nil && labels.Reference != "":
		return labels.Reference
	case r.Attributes.Reference != "" || len(keys) == 0:
		return r.Attributes.Reference
	}
	facts := domain.Attributes{Metadata: r.Attributes.Metadata}.Facts()
	for _, key := range keys {
		if facts[key] != "" {
			return facts[key]
		}
	}
	return ""
}

// useReferenceKeys lets the index be made anew where it was made with other keys. The keys are kept beside it, so that
// all replicas follow and answer by the same ones: those of the one that started last.
func (s *Store) useReferenceKeys(ctx context.Context, keys []string) error {
	if keys == nil {
		return nil
	}
	text, err := jsonList[string](keys).Value()
	if err != nil {
		return err
	}
	const others = " WHERE keys <> ? AND rules <= ?"
	var stale []int64
	err = s.transact(ctx, s.writer, func(tx *gorm.DB) (err error) {
		stale, err = conn{tx, s.dialect}.numbers("SELECT rules FROM follower"+others, text, listingRules)
		return err
	})
	if err != nil || len(stale) == 0 {
		return err
	}
	return s.transact(ctx, s.writer, func(tx *gorm.DB) error {
		c := conn{tx, s.dialect}
		if s.dialect.shut != "" { // whoever follows now ends first; nothing may be held before, or two that start wait for each other
			if err := c.exec(s.dialect.shut); err != nil {
				return err
			}
		}
		return c.exec("UPDATE follower SET rules = 0, keys = ?"+others, text, text, listingRules)
	})
}
