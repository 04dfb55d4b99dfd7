package main

import (
	"errors"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// rebuildCmd writes caches anew that are damaged, or that an older version made.
type rebuildCmd struct {
	DryRun bool `help:"Say what would change, and write nothing."`
	Lists  bool `help:"Have lists and statistics made anew too, by the server that runs or the next one."`
	which
}

// Run prints what it has changed, and what it cannot heal.
func (c *rebuildCmd) Run(p *program) (err error) {
	r := &findings{p: p, json: c.JSON, rebuild: true, dry: c.DryRun}
	v, err := c.verification(p, r)
	if err != nil {
		return err
	}
	v.DryRun = c.DryRun
	s, err := c.open(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	sum, err := s.Rebuild(p.ctx, v)
	if err != nil {
		return r.broken(err)
	}
	if c.Lists && !c.DryRun {
		if err := s.Reindex(p.ctx); err != nil {
			return err
		}
	}
	if err := r.end(sum, "looked at"); err != nil {
		return err
	}
	if r.beyond > 0 {
		return domain.Errorf(domain.CodeDamaged, "%s damaged beyond what a rebuild can heal: keep a copy and restore the last backup", are(r.beyond))
	}
	return nil
}

// open takes the database for writing only once it is known to be there, and of this version: a rebuild neither makes
// one nor upgrades it.
func (c *rebuildCmd) open(p *program) (*store.Store, error) {
	s, err := store.OpenReader(p.ctx, c.DB, statemachines.All())
	if err != nil || c.DryRun {
		return s, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return store.Open(p.ctx, c.DB, store.Options{Machines: statemachines.All(), Lazy: true})
}
