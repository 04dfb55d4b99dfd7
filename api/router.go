// Package api is the outside of Giftline: webhooks in, timelines out. Webhooks are plain gin, for speed and because a
// provider's bytes are nobody's schema; everything people read goes through huma, so that the types are the
// documentation.
package api

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"giftline/api/webhooks"
	"giftline/domain"
)

// Config is what the outside is made of.
type Config struct {
	Tracker      *domain.Tracker
	Reader       *domain.Reader
	Store        domain.Store
	Machines     domain.Machines
	Sources      []webhooks.Source // each name once; one per provider is added, closed, where it is missing
	PublicURL    string            // where providers reach us, without a path; empty shows bare paths
	BootstrapKey string            // a key that needs no store; empty for none
	Now          func() time.Time  // time.Now when nil
	Log          *slog.Logger      // silent when nil
}

// API answers every route. Run must run beside it.
type API struct {
	tracker     *domain.Tracker
	reader      *domain.Reader
	store       domain.Store
	machines    domain.Machines
	sources     map[string]*source
	sourceNames []string
	publicURL   string
	keys        *keyring
	now         func() time.Time
	log         *slog.Logger
	rejected    rejections
	requests    atomic.Uint64
	idPrefix    string
	engine      *gin.Engine
	huma        huma.API
}

// New builds the router.
func New(c Config) *API {
	a := &API{
		tracker: c.Tracker, reader: c.Reader, store: c.Store, machines: c.Machines, sources: map[string]*source{},
		publicURL: c.PublicURL, keys: newKeyring(c.Store, c.BootstrapKey), now: c.Now, log: c.Log, idPrefix: newPrefix(),
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	for _, s := range withDefaults(c.Sources) {
		a.sources[s.Name] = a.open(s)
		a.sourceNames = append(a.sourceNames, s.Name)
	}
	a.engine = newEngine(a)
	a.routes()
	return a
}

func (a *API) routes() {
	open := a.engine
	open.GET("/", a.landing)
	open.GET("/healthz", a.healthy)
	open.HEAD("/healthz", a.healthy)
	open.GET("/readyz", a.ready)
	open.HEAD("/readyz", a.ready)
	open.POST("/webhooks/:source", a.webhook)
	open.POST("/webhooks/:source/:event_type", a.webhook)

	a.huma = newHuma(a.engine, a.engine.Group("/", a.authenticate, strict))
	open.GET("/openapi.json", a.openAPI())
	a.documentOpen()
	for _, s := range a.subjectRoutes() {
		read(a, "/"+s.plural+"/{id}", "Where it is now", s.summary)
		read(a, "/"+s.plural+"/{id}/timeline", "How it got there", s.timeline)
		read(a, "/"+s.plural+"/{id}/transitions", "What moved it", s.transitions)
		read(a, "/"+s.plural+"/{id}/illegal-transitions", "What did not add up", s.illegal)
	}
	read(a, "/illegal-transitions", "What did not add up anywhere", a.ledger)
	for _, p := range a.parkedRoutes() {
		read(a, "/"+p.name, "Deliveries kept off the timelines", p.list)
		read(a, "/"+p.name+"/{id}", "One of them, with its bytes", p.one)
		post(a, "/"+p.name+"/{id}/retry", "Read it again, with what a person says of it", p.retry)
	}
	read(a, "/sources", "Which providers arrive", a.sourceList)
	read(a, "/machines", "The transition tables", a.machineList)
	read(a, "/machines/{name}", "One table, or with .mmd its diagram", a.machine, a.machineAnswers)
	a.refineSchemas()
}

func newEngine(a *API) *gin.Engine {
	e := gin.New()
	e.RedirectTrailingSlash = false // a redirected POST is a lost webhook
	e.RedirectFixedPath = false
	e.HandleMethodNotAllowed = true
	e.UseEscapedPath = true
	e.UnescapePathValues = false // edge does, once
	_ = e.SetTrustedProxies(nil)
	e.Use(a.edge)
	e.NoRoute(noRoute)
	e.NoMethod(noMethod)
	return e
}

func init() { // these are settings of whole packages
	gin.SetMode(gin.ReleaseMode)
	huma.DefaultArrayNullable = false
	huma.NewError = humaError
}

func newPrefix() string {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return "req_" + hex.EncodeToString(b[:]) + "_"
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.engine.ServeHTTP(w, r) }

// Server is an http.Server that slow and oversized clients cannot hold up.
func Server(addr string, h http.Handler, log *slog.Logger) *http.Server {
	s := &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}
	if log != nil {
		s.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	}
	return s
}
