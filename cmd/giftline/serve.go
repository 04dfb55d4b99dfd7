package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"giftline/api"
	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/store"
)

// serveCmd receives webhooks until it is told to stop.
type serveCmd struct {
	Addr      string `help:"Address to listen on; port 0 takes a free one." env:"GIFTLINE_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	DB        string `name:"db" help:"Database file, made if there is none, or postgres://user:password@host/name." env:"GIFTLINE_DB" default:"giftline.db" placeholder:"FILE"`
	LogLevel  word   `help:"debug, info, warn or error." env:"GIFTLINE_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL"`
	LogFormat word   `help:"text or json." env:"GIFTLINE_LOG_FORMAT" default:"text" enum:"text,json" placeholder:"FORMAT"`
	RateLimit number `help:"Requests a second that one API key may send, four seconds' worth at once; 0 for any number." env:"GIFTLINE_RATE_LIMIT" default:"50" placeholder:"N"`

	CORSOrigins   []string `name:"cors-origins" help:"Origins whose web pages may ask with a key, such as https://app.example.com, or *." env:"GIFTLINE_CORS_ORIGINS" placeholder:"ORIGIN,..."`
	ReferenceKeys []string `help:"Metadata keys or tags that hold a reference where events name none: the first that is there counts." env:"GIFTLINE_REFERENCE_KEYS" placeholder:"KEY,..."`

	Demo bool `help:"Run on a throw-away database with made-up secrets and a story of all four providers."`
	public
}

// Run serves until a signal, then finishes what is under way.
func (c *serveCmd) Run(p *program) error {
	if c.Demo && c.LogLevel == "info" {
		c.LogLevel = "warn" // a line for each of the story's webhooks would bury what the demo says
	}
	log := c.logger(p.errs)
	if p.getenv("GOGC") == "" {
		// A webhook leaves mostly garbage behind and the program is small: collecting less often is worth a tenth of
		// the throughput for some ten MiB.
		debug.SetGCPercent(400)
	}
	if c.Demo {
		return c.demo(p, log)
	}
	return c.serve(p, log)
}

// start starts the service; it is nil, without an error, where a signal came first. What a start cut short complains of
// is no failure: a true one will be there at the next start.
func (c *serveCmd) start(p *program, db string, o outside) (*service, error) {
	svc, err := startService(p.ctx, c.Addr, db, o)
	if err != nil && p.ctx.Err() != nil {
		o.log.Info("told to stop during the start; nothing is running")
		return nil, nil
	}
	return svc, err
}

func (c *serveCmd) serve(p *program, log *slog.Logger) error {
	o, err := c.outside(p, log)
	if err != nil {
		return err
	}
	svc, err := c.start(p, c.DB, o)
	if svc == nil {
		return err
	}
	return svc.run(p.ctx, func() error { return c.welcome(p, svc, o) })
}

// outside reads and checks the settings before anything is opened.
func (c *serveCmd) outside(p *program, log *slog.Logger) (outside, error) {
	o := outside{log: log, referenceKeys: []string{}}
	for _, key := range c.ReferenceKeys {
		o.referenceKeys = append(o.referenceKeys, strings.TrimSpace(key))
	}
	err := checkDB(c.DB)
	if err != nil {
		return o, err
	}
	if o.publicURL, err = c.public.base(); err != nil {
		return o, err
	}
	if o.key, err = p.apiKey(); err != nil {
		return o, err
	}
	if o.sources, err = p.sources(); err != nil {
		return o, err
	}
	if err := o.readAlerting(p); err != nil {
		return o, err
	}
	if o.rateLimit, o.corsOrigins, err = int(c.RateLimit), c.CORSOrigins, c.checkCallers(); err != nil {
		return o, err
	}
	for _, name := range strayVariables(os.Environ(), o.sources, o.channels...) {
		log.Warn("no such setting: is the variable misspelt?", "variable", name)
	}
	for _, b := range strayBindings(o.sources) {
		log.Warn("a secret is bound to a type that no machine of its provider knows: is it misspelt? See giftline machines",
			"type", b.eventType, "source", b.source, "provider", b.provider)
	}
	return o, nil
}

// checkCallers refuses what no origin of a page could look like: it would never match, and nobody would know why.
func (c *serveCmd) checkCallers() error {
	if c.RateLimit < 0 {
		return errors.New("the rate limit (--rate-limit, GIFTLINE_RATE_LIMIT or rate_limit) is a number of requests a second, or 0 for any number")
	}
	for _, origin := range c.CORSOrigins {
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Scheme == "" || u.Host == "" || origin != u.Scheme+"://"+u.Host) {
			return fmt.Errorf("%q (--cors-origins, GIFTLINE_CORS_ORIGINS or cors_origins) is not an origin like https://app.example.com, without a / at the end, or *", origin)
		}
	}
	return nil
}

// checkDB refuses an address that is not PostgreSQL's, and may hold a password, without repeating it.
func checkDB(path string) error {
	if isURL(path) && !store.IsPostgres(path) {
		return errors.New("the database (--db, GIFTLINE_DB or db) is neither a file nor an address that begins with postgres://")
	}
	return nil
}

func isURL(s string) bool { return strings.Contains(s, "://") }

func (c *serveCmd) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // kong lets only levels through
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// welcome says where the server is, with which key to ask it, and what is left to do.
func (c *serveCmd) welcome(p *program, svc *service, o outside) error {
	kept, err := svc.store.AnyKey(p.ctx)
	if err != nil {
		return err
	}
	var key string
	if !kept && o.key == "" {
		if key, err = firstKey(p.ctx, svc.store); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.out, "Giftline listens on %s and keeps its database in %s.\n\n", svc.where(), store.Name(c.DB))
	switch {
	case key != "":
		fmt.Fprintf(p.out, "Admin key, shown only this once: %s\n", key)
		fmt.Fprintf(p.out, "Try it: curl -H 'Authorization: Bearer %s' %s/sources\n", key, svc.base)
		fmt.Fprintf(p.out, "It may do everything. Put it into GIFTLINE_API_KEY to make keys that may do less: giftline keys create --url %s --help\n", svc.base)
	case o.key != "" && kept:
		fmt.Fprintln(p.out, "The key in your settings may do everything, beside those that giftline keys list shows.")
	case o.key != "":
		fmt.Fprintln(p.out, "The admin key is the one in your settings.")
	default:
		fmt.Fprintln(p.out, "The admin key is the one that the first start showed. If it is lost, set GIFTLINE_API_KEY: that adds a key, with")
		fmt.Fprintln(p.out, "which giftline keys revoke ends the lost one.")
	}
	fmt.Fprintln(p.out)
	return writeEndpoints(p.out, o.sources, svc.public)
}

// firstKey makes the admin key of a new database.
func firstKey(ctx context.Context, s *store.Store) (string, error) {
	key, id, hash := api.Mint()
	return key, s.AddKey(ctx, domain.Key{
		ID: id, Name: "admin", Hash: hash, Scopes: domain.Scopes(), Personal: true, CreatedAt: domain.InstantOf(time.Now()),
	})
}

// writeEndpoints lists what to paste at the providers, and what opens the endpoints that are closed.
func writeEndpoints(w io.Writer, sources []webhooks.Source, base string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range sources {
		endpoint := base + webhookPath(s, "")
		if s.Provider == domain.Sendoso {
			endpoint += "/{event_type}" // its bodies do not say it
		}
		if len(s.Secrets) == 0 && s.Scheme != webhooks.None {
			fmt.Fprintf(t, "  closed\t%s\tset %s to its secret and start again\n", endpoint, variableFor(s.Name))
		} else {
			fmt.Fprintf(t, "  open\t%s\t%s\n", endpoint, s.Scheme)
		}
	}
	return t.Flush()
}
