package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"giftline/api"
	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// grace is how long requests under way may take once we are told to stop. A webhook waits for one commit.
const grace = 20 * time.Second

// service is a server that runs, with its database.
type service struct {
	store  *store.Store
	db     string // where it is
	base   string // where this machine reaches it
	wide   bool   // it listens on all interfaces
	public string // where providers do, as far as we know
	server *http.Server
	failed chan error
	loop   sync.WaitGroup
	end    context.CancelFunc // of the loop
	log    *slog.Logger
}

// startService opens the database, listens and serves. The port comes first: a start that fails because of it leaves
// no new database behind.
func startService(ctx context.Context, addr, db string, o outside) (*service, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %q (--addr, GIFTLINE_ADDR or addr): %w", addr, err)
	}
	svc := newService(l, o)
	o.publicURL = svc.public
	told, err := notifiers(o.channels, o.notifying())
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	// The store looks at deadlines from now on, before the monitor has noted for how long we heard nothing. That raises
	// nothing wrongly: a pulse that stopped a while ago counts as an outage that still lasts.
	s, err := store.Open(ctx, db, store.Options{Machines: statemachines.All(), Log: o.log, ReferenceKeys: o.referenceKeys, Alerting: o.alerting})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	svc.store, svc.db = s, db
	svc.begin(context.WithoutCancel(ctx), l, o, told)
	o.log.Info("listening", "addr", l.Addr().String(), "db", store.Name(db), "version", buildVersion())
	return svc, nil
}

// newService knows where it is reached.
func newService(l net.Listener, o outside) *service {
	svc := &service{base: "http://" + reachable(l.Addr().String()), public: o.publicURL, failed: make(chan error, 1), log: o.log}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		svc.wide = tcp.IP.IsUnspecified()
	}
	if svc.public == "" {
		svc.public = svc.base
	}
	return svc
}

// begin serves, and runs beside it what goes on without being asked.
func (s *service) begin(ctx context.Context, l net.Listener, o outside, told map[string]domain.Notifier) {
	dispatcher := newDispatcher(s.store, o, told)
	o.test = dispatcher.Test
	handler := newAPI(s.store, o)
	s.server = api.Server(l.Addr().String(), handler, o.log)
	loop, end := context.WithCancel(ctx)
	s.end = end
	if o.alerting != nil {
		monitor := newMonitor(s.store, o, vitalsOf(handler, s.db))
		s.loop.Go(func() { monitor.Run(loop) })
		s.loop.Go(func() { dispatcher.Run(loop) })
		o.warnOfUntold()
	}
	s.loop.Go(func() { handler.Run(loop) })
	s.loop.Go(func() { redrive(loop, s.store, o.log) })
	go func() { s.failed <- s.server.Serve(l) }()
}

// redrive reads what is parked again where no replica of this version has done so yet.
func redrive(ctx context.Context, s *store.Store, log *slog.Logger) {
	machines := statemachines.All()
	kind := domain.RedriveKind(machines, thisBuild())
	if err := s.PlanOnce(ctx, kind, "all", domain.InstantOf(time.Now())); err != nil {
		log.Warn("what is parked is not read again now, but at the next start", "error", err)
		return
	}
	tracker := domain.Tracker{Store: s, Machines: machines, Parsers: webhooks.Parsers()}
	worker := domain.Worker{List: s, Kind: kind, Do: tracker.Redrive, Now: time.Now, Log: log}
	worker.Run(ctx)
}

// reachable is how this machine itself gets to a listener, which may listen on every address.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// where tells people how far the listener reaches.
func (s *service) where() string {
	if s.wide {
		return "all interfaces, for this machine on " + s.base + ","
	}
	return s.base
}

// run says what there is to say, waits for the end and stops. Words that a signal cuts short are no failure.
func (s *service) run(ctx context.Context, introduce func() error) error {
	err := introduce()
	switch {
	case ctx.Err() != nil:
		err = nil
	case err == nil:
		err = s.wait(ctx)
	}
	return s.stop(err)
}

// wait returns when the context ends, or with the error of a server that broke down.
func (s *service) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return fmt.Errorf("serving: %w", err)
	}
}

// stop finishes the requests under way, then what they left to write, then closes the database, in this order: each
// needs the next. It gives err back, with what went wrong on the way.
func (s *service) stop(err error) error {
	s.log.Info("stopping; requests under way are finished first")
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if late := s.server.Shutdown(ctx); late != nil {
		err = errors.Join(err, fmt.Errorf("requests took longer than %s to finish: %w", grace, late), s.server.Close())
	}
	s.end()
	s.loop.Wait()
	err = errors.Join(err, s.store.Close())
	s.log.Info("stopped")
	return err
}
