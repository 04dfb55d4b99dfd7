package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"

	"giftline/api"
	"giftline/api/notify"
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

	alerting *domain.Alerting // nil: this process neither raises alerts nor tells of them
	channels []notify.Channel
	allow    []netip.Prefix // private networks that channels may reach
	test     func(ctx context.Context, channel string) error
}

// policy is by what deadlines are shown; nil for the machines' own.
func (o *outside) policy() *domain.Policy {
	if o.alerting == nil {
		return nil
	}
	return o.alerting.Policy
}

// routes are the ways to channels.
func (o *outside) routes() domain.Routes {
	if o.alerting == nil {
		return nil
	}
	return o.alerting.Routes
}

// newAPI wires the API over a database.
func newAPI(s *store.Store, o outside) *api.API {
	machines := statemachines.All()
	return api.New(api.Config{
		Tracker: &domain.Tracker{Store: s, Machines: machines, Parsers: webhooks.Parsers()},
		Reader: &domain.Reader{
			Store: s, Machines: machines, Data: webhooks.Data, Policy: o.policy(), Dwells: s.Dwells, LabelsOf: s.LabelsOf, WatchOf: s.WatchOf,
		},
		Store:    s,
		Machines: machines,
		Sources:  o.sources, PublicURL: o.publicURL, BootstrapKey: o.key, Log: o.log,
		RateLimit: o.rateLimit, CORSOrigins: o.corsOrigins,
		Channels: o.shownChannels(), TestChannel: o.test,
	})
}

// shownChannels are the channels without what is secret about them.
func (o *outside) shownChannels() (all []api.Channel) {
	for _, c := range o.channels {
		all = append(all, api.Channel{Name: c.Name, Kind: string(c.Kind)})
	}
	return all
}

// openLocal gives a client that asks this process: the API over the database at path, which may be in use by a server.
func (p *program) openLocal(path, publicURL string) (*client, error) {
	o, err := p.beside()
	if err != nil {
		return nil, err
	}
	s, err := store.OpenReader(p.ctx, path, statemachines.All())
	if err != nil {
		return nil, err
	}
	o.publicURL = publicURL
	return localClient(s, o), nil
}

// beside is what the settings say that answers depend on.
func (p *program) beside() (o outside, err error) {
	if o.sources, err = p.sources(); err != nil {
		return o, err
	}
	for _, c := range p.file.Alerting.Channels { // by name only: their secrets are the server's
		o.channels = append(o.channels, notify.Channel{Name: c.Name, Kind: c.Kind})
	}
	o.alerting, err = p.alerting(namesOf(o.sources))
	return o, err
}

func namesOf(sources []webhooks.Source) []string {
	var names []string
	for _, s := range sources {
		names = append(names, s.Name)
	}
	return names
}

// openLocalWriting is openLocal for a command that writes. It neither makes a database nor upgrades one.
func (p *program) openLocalWriting(path string) (*client, error) {
	o, err := p.beside()
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
	// Lazy: it is for a server, which has the policy, to look at subjects, and to send what is to be told.
	s, err := store.Open(p.ctx, path, store.Options{Machines: statemachines.All(), Lazy: true, Routes: o.routes()})
	if err != nil {
		return nil, fmt.Errorf("%w. A server that runs on it does this too: give --url and GIFTLINE_API_KEY", err)
	}
	return localClient(s, o), nil
}

func localClient(s *store.Store, o outside) *client {
	o.key, _, _ = api.Mint() // it never leaves this process
	return &client{base: "http://local", key: o.key, transport: inProcess{newAPI(s, o)}, close: s.Close}
}
