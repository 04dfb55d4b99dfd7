package main

import (
	"fmt"
	"log/slog"

	"giftline/api"
	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// outside is what the API is told beside its store.
type outside struct {
	sources   []webhooks.Source
	publicURL string
	key       string // the bootstrap admin key; empty for none
	rateLimit int    // requests a second of one key; 0 for any number
	log       *slog.Logger

	corsOrigins   []string
	referenceKeys []string // nil: those that the index was made with
}

// newAPI wires the API over a database.
func newAPI(s *store.Store, o outside) *api.API {
	machines := statemachines.All()
	return api.New(api.Config{
		Tracker:  &domain.Tracker{Store: s, Machines: machines, Parsers: webhooks.Parsers()},
		Reader:   &domain.Reader{Store: s, Machines: machines, Data: webhooks.Data, Dwells: s.Dwells, LabelsOf: s.LabelsOf},
		Store:    s,
		Machines: machines,
		Sources:  o.sources, PublicURL: o.publicURL, BootstrapKey: o.key, Log: o.log,
		RateLimit: o.rateLimit, CORSOrigins: o.corsOrigins,
	})
}

// openLocal gives a client that asks this process: the API over the database at path, which may be in use by a server.
func (p *program) openLocal(path, publicURL string) (*client, error) {
	sources, err := p.sources()
	if err != nil {
		return nil, err
	}
	s, err := store.OpenReader(p.ctx, path, statemachines.All())
	if err != nil {
		return nil, err
	}
	return localClient(s, outside{sources: sources, publicURL: publicURL}), nil
}

// openLocalWriting is openLocal for a command that writes. It neither makes a database nor upgrades one.
func (p *program) openLocalWriting(path string) (*client, error) {
	sources, err := p.sources()
	if err != nil {
		return nil, err
	}
	r, err := store.OpenReader(p.ctx, path, statemachines.All())
	if err != nil {
		return nil, err
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	s, err := store.Open(p.ctx, path, store.Options{Machines: statemachines.All()})
	if err != nil {
		return nil, fmt.Errorf("%w. A server that runs on it does this too: give --url and GIFTLINE_API_KEY", err)
	}
	return localClient(s, outside{sources: sources}), nil
}

func localClient(s *store.Store, o outside) *client {
	o.key, _, _ = api.Mint() // it never leaves this process
	return &client{base: "http://local", key: o.key, transport: inProcess{newAPI(s, o)}, close: s.Close}
}
