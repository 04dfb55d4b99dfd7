package main

import (
	"errors"
	"fmt"
	"strings"

	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// which says which subjects a command looks at.
type which struct {
	Subject []string `help:"Only this subject, provider/kind/id; may be given again." sep:"none" placeholder:"SUBJECT"`
	JSON    bool     `help:"Print one JSON object."`
	DB      string   `name:"db" help:"Database file, or postgres://user:password@host/name." env:"GIFTLINE_DB" default:"giftline.db" placeholder:"FILE"`
}

// subjects reads the names. An id may hold slashes.
func (w *which) subjects() (all []domain.Subject, err error) {
	for _, name := range w.Subject {
		parts := strings.SplitN(name, "/", 3)
		if len(parts) < 3 || parts[2] == "" {
			return nil, usagef("--subject %s: expected provider/kind/id, as answers show it", name)
		}
		s := domain.Subject{Provider: domain.Provider(parts[0]), Kind: domain.Kind(parts[1]), ID: parts[2]}
		if _, ok := statemachines.All().For(s.Provider, s.Kind); !ok {
			return nil, usagef("--subject %s: %s has no %s; see giftline machines", name, s.Provider, s.Kind)
		}
		all = append(all, s)
	}
	return all, nil
}

// verification is what both commands ask of the store.
func (w *which) verification(p *program, r *findings) (store.Verification, error) {
	subjects, err := w.subjects()
	if err == nil {
		err = checkDB(w.DB)
	}
	return store.Verification{Parsers: webhooks.Parsers(), Subjects: subjects, Found: r.found, Progress: p.progress(r)}, err
}

// verifyCmd compares what is stored with what the events and their bodies give. It changes nothing, and works beside a
// server.
type verifyCmd struct {
	Sample int `help:"Only so many subjects, at random." placeholder:"N"`
	which
}

// Run prints what it finds, as it finds it.
func (c *verifyCmd) Run(p *program) (err error) {
	if c.Sample < 0 || c.Sample > 0 && len(c.Subject) > 0 {
		return usagef("--sample is a number above 0, and not for use with --subject")
	}
	r := &findings{p: p, json: c.JSON}
	v, err := c.verification(p, r)
	if err != nil {
		return err
	}
	v.Sample = c.Sample
	s, err := store.OpenReader(p.ctx, c.DB, statemachines.All())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	sum, err := s.Verify(p.ctx, v)
	if err != nil {
		return r.broken(err)
	}
	if err := r.end(sum, "verified"); err != nil {
		return err
	}
	if n := sum.Findings[domain.Damaged]; n > 0 {
		return domain.Errorf(domain.CodeDamaged, "%s damaged: what a rebuild can write anew, giftline rebuild does; for the rest keep a copy and restore the last backup", are(n))
	}
	return nil
}

// are counts what was found.
func are(n int64) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}
