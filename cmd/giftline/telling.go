package main

import (
	"slices"
	"time"

	"giftline/api/notify"
	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/store"
)

// readAlerting reads what the settings say of alerts.
func (o *outside) readAlerting(p *program) (err error) {
	if o.alerting, err = p.alerting(namesOf(o.sources)); err != nil {
		return err
	}
	if o.channels, err = p.channels(); err != nil {
		return err
	}
	for i := range o.channels {
		o.channels[i].Repeat = repeatOf(o.channels[i].Name, o.alerting.Routes)
	}
	o.allow, err = p.allowedNetworks()
	return err
}

// warnOfUntold says whom alerts do not reach: they are raised and listed all the same.
func (o *outside) warnOfUntold() {
	if len(o.alerting.Routes) == 0 {
		o.log.Info("alerts are raised and listed, but nobody is told: no routes are configured")
	}
	for _, c := range o.channels {
		takes := func(r domain.Route) bool { return r.Channel == c.Name }
		if !slices.ContainsFunc(o.alerting.Routes, takes) {
			o.log.Warn("no route leads to the channel: it is told nothing", "channel", c.Name)
		}
	}
}

// notifying is what all channels share.
func (o *outside) notifying() notify.Options {
	return notify.Options{PublicURL: o.publicURL, Allow: o.allow, Version: buildVersion(), Now: time.Now, Log: o.log}
}

// newDispatcher tells channels what the store says is to be told.
func newDispatcher(s *store.Store, o outside, told map[string]domain.Notifier) *domain.Dispatcher {
	return &domain.Dispatcher{
		Outbox: s, List: s, Alerts: s, Routes: o.routes(), Notifiers: told, Wakes: s.Hints, Now: time.Now, Log: o.log,
	}
}

// newMonitor watches the sources that can hear something.
func newMonitor(s *store.Store, o outside, vitals func() domain.Vitals) *domain.Monitor {
	var open []string
	for _, source := range o.sources {
		if len(source.Secrets) > 0 || source.Scheme == webhooks.None {
			open = append(open, source.Name)
		}
	}
	return &domain.Monitor{Store: s, Sources: open, Alerting: o.alerting, Vitals: vitals, Now: time.Now, Log: o.log}
}

// logged is the alerting of the demo: the machines' own limits, told to its log.
func logged() (*domain.Alerting, []notify.Channel) {
	route := domain.Route{Channel: "log", Wait: domain.DefaultWait, Interval: domain.DefaultInterval, Repeat: domain.DefaultRepeat}
	return &domain.Alerting{Policy: &domain.Policy{Grace: domain.DefaultGrace}, Routes: domain.Routes{route}}, []notify.Channel{{Name: "log", Kind: notify.Log, Ends: true}}
}
