package main

import (
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
	log       *slog.Logger
}

// newAPI wires the API over a database.
func newAPI(s *store.Store, o outside) *api.API {
	machines := statemachines.All()
	return api.New(api.Config{
		Tracker:  &domain.Tracker{Store: s, Machines: machines, Parsers: webhooks.Parsers()},
		Reader:   &domain.Reader{Store: s, Machines: machines, Data: webhooks.Data},
		Store:    s,
		Machines: machines,
		Sources:  o.sources, PublicURL: o.publicURL, BootstrapKey: o.key, Log: o.log,
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
	key, _ := api.Mint() // it never leaves this process
	handler := newAPI(s, outside{sources: sources, publicURL: publicURL, key: key})
	return &client{base: "http://local", key: key, transport: inProcess{handler}, close: s.Close}, nil
}
