// Package api is the outside of Giftline: webhooks in, timelines out. Webhooks are plain gin, for speed and because a
// provider's bytes are nobody's schema; everything people read goes through huma, so that the types are the
// documentation.
package api

import (
	"context"
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
	BootstrapKey string            // a key that needs no store and may do everything; empty for none
	RateLimit    int               // requests a second that one key may send; 0 for any number
	Channels     []Channel         // that people are told by, as they are configured
	CORSOrigins  []string          // origins whose pages may ask, such as https://app.example.com, or *
	Now          func() time.Time  // time.Now when nil
	Log          *slog.Logger      // silent when nil

	// TestChannel sends a configured channel a test message: that is Dispatcher.Test; nil where this process tells nobody.
	TestChannel func(ctx context.Context, channel string) error
}

// API answers every route. Run must run beside it.
type API struct {
	tracker     *domain.Tracker
	reader      *domain.Reader
	store       domain.Store
	machines    domain.Machines
	sources     map[string]*source
	sourceNames []string
	channels    []Channel
	tellTest    func(ctx context.Context, channel string) error
	publicURL   string
	keys        *keyring
	scopes      map[string]domain.Scope // what a route takes, by method and path as gin has them
	callers     *limits
	strangers   *limits // without a valid key
	used        uses
	origins     []string
	now         func() time.Time
	log         *slog.Logger
	rejected    rejections
	putOff      atomic.Int64 // webhooks that were asked to come again
	tap         *domain.Tap
	streams     *streams
	requests    atomic.Uint64
	idPrefix    string
	engine      *gin.Engine
	huma        huma.API
}

// New builds the router.
func New(c Config) *API {
	a := &API{
		tracker: c.Tracker, reader: c.Reader, store: c.Store, machines: c.Machines, sources: map[string]*source{},
		publicURL: c.PublicURL, scopes: map[string]domain.Scope{}, callers: newLimits(c.RateLimit, burstSeconds*c.RateLimit),
		origins: c.CORSOrigins, now: c.Now, log: c.Log, idPrefix: newPrefix(),
		tap: &domain.Tap{Feed: c.Store}, streams: newStreams(), channels: c.Channels, tellTest: c.TestChannel,
	}
	a.strangers = newLimits(min(c.RateLimit, strangersPerSecond), strangersBurst)
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	a.keys = newKeyring(c.Store, c.BootstrapKey, a.now)
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

	a.huma = newHuma(a.engine, a.engine.Group("/", a.authenticate, a.strict))
	a.huma.UseMiddleware(a.once, a.tag)
	open.GET("/openapi.json", a.openAPI())
	open.GET("/docs", a.docs())
	open.GET("/docs/style.css", a.style)
	open.GET("/problems", a.problemList)
	open.GET("/problems/:code", a.problemOne)
	a.documentOpen()
	for _, s := range a.subjectRoutes() {
		read(a, "/"+s.plural, "Where they are", s.list)
		s.words.document(a.huma.OpenAPI().Paths["/"+s.plural].Get)
		read(a, "/"+s.plural+"/{id}", "Where it is now", s.summary)
		read(a, "/"+s.plural+"/{id}/timeline", "How it got there", s.timeline)
		read(a, "/"+s.plural+"/{id}/transitions", "What moved it", s.transitions)
		read(a, "/"+s.plural+"/{id}/illegal-transitions", "What did not add up", s.illegal)
		read(a, "/"+s.plural+"/{id}/explain", "Why it stands where it stands", s.explain, a.explainAnswers)
		read(a, "/"+s.plural+"/{id}/labels", "What people say of it", s.labels)
		put(a, "/"+s.plural+"/{id}/labels", "Say what it belongs to", s.setLabels)
		read(a, "/"+s.plural+"/{id}/alerts", "What was raised about it", s.alerts)
	}
	read(a, "/references/{reference}", "Which subjects belong together", a.reference)
	read(a, "/references/{reference}/timeline", "Their stories as one", a.story)
	read(a, "/illegal-transitions", "What did not add up anywhere", a.ledger)
	read(a, "/events", "What was recorded, across subjects", a.events)
	read(a, "/events/{id}", "One event, with its subject", a.event)
	register(a, domain.ScopeRaw, huma.Operation{
		Method: "GET", Path: "/events/{id}/body", Summary: "The bytes that its provider signed", Responses: a.bodyAnswers(),
	}, a.eventBody)
	read(a, "/stream", "What happens, as it happens", a.stream, a.streamAnswers)
	for _, p := range a.parkedRoutes() {
		read(a, "/"+p.name, "Deliveries kept off the timelines", p.list)
		read(a, "/"+p.name+"/{id}", "One of them, with its bytes", p.one)
		post(a, "/"+p.name+"/{id}/retry", "Read it again, with what a person says of it", p.retry)
	}
	read(a, "/alerts", "What people should know", a.alertList)
	read(a, "/alerts/{id}", "One alert, with its life", a.oneAlert)
	for _, v := range a.alertVerbs() {
		v.register()
	}
	read(a, "/stuck", "Whose deadline has passed", a.stuck)
	read(a, "/expiring", "What expires soon", a.expiring)
	read(a, "/outages", "When nothing could be heard", a.outages)
	read(a, "/notifications", "Who was told what", a.notificationList)
	read(a, "/notifications/{id}", "One notification, with what it tells", a.oneNotification)
	post(a, "/notifications/{id}/resend", "Try one again that was given up", a.resend)
	read(a, "/channels", "Who can be told", a.channelList)
	register(a, domain.ScopeAdmin, huma.Operation{Method: "POST", Path: "/channels/{name}/test", Summary: "Send it a test message"}, a.testChannel)
	register(a, domain.ScopeAdmin, huma.Operation{Method: "POST", Path: "/channels/{name}/enable", Summary: "Start it again"}, a.enableChannel)
	read(a, "/sources", "Which providers arrive", a.sourceList)
	read(a, "/machines", "The transition tables", a.machineList)
	read(a, "/machines/{name}", "One table, or with .mmd its diagram", a.machine, a.machineAnswers)
	register(a, domain.ScopeAdmin, huma.Operation{Method: "GET", Path: "/keys", Summary: "Who may ask"}, a.keyList)
	register(a, domain.ScopeAdmin, huma.Operation{Method: "POST", Path: "/keys", Summary: "Make a key, shown only now", DefaultStatus: 201}, a.makeKey)
	register(a, domain.ScopeAdmin, huma.Operation{Method: "GET", Path: "/keys/{id}", Summary: "One key"}, a.oneKey)
	register(a, domain.ScopeAdmin, huma.Operation{Method: "DELETE", Path: "/keys/{id}", Summary: "End a key, for good"}, a.revokeKey)
	read(a, "/stats/phases", "Where subjects stand", a.phaseStats)
	read(a, "/stats/funnel", "How far subjects came", a.funnelStats)
	read(a, "/stats/dwell", "How long states last", a.dwellStats)
	read(a, "/stats/events", "How much happened, per hour or day", a.eventStats)
	read(a, "/stats/ingest", "What became of everything that arrived", a.ingestStats)
	a.documentTags()
	a.documentOnce()
	a.refineSchemas()
	a.checkScopes()
}

func newEngine(a *API) *gin.Engine {
	e := gin.New()
	e.RedirectTrailingSlash = false // a redirected POST is a lost webhook
	e.RedirectFixedPath = false
	e.HandleMethodNotAllowed = true
	e.UseEscapedPath = true
	e.UnescapePathValues = false // edge does, once
	_ = e.SetTrustedProxies(nil)
	e.Use(a.edge, a.cors)
	e.NoRoute(noRoute)
	e.NoMethod(noMethod)
	return e
}

func init() { // these are settings of whole packages
	gin.SetMode(gin.ReleaseMode)
	huma.DefaultArrayNullable = false
	huma.NewError = humaError
	huma.ErrorFormatter = formatted
}

func newPrefix() string {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return "req_" + hex.EncodeToString(b[:]) + "_"
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.engine.ServeHTTP(w, r) }

// Server is an http.Server that slow and oversized clients cannot hold up, and whose shutdown ends the live streams of h.
func Server(addr string, h http.Handler, log *slog.Logger) *http.Server {
	s := &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}
	if a, ok := h.(interface{ EndStreams() }); ok {
		s.RegisterOnShutdown(a.EndStreams)
	}
	if log != nil {
		s.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	}
	return s
}
