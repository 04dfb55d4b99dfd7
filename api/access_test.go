package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// A new route needs nothing here unless it has a parameter of a new kind, changes something, never ends, or tells
// everybody the same. Where it does, the test says which of these wants a line. TENANT stands for who asks.
var (
	// pathValues give, by the segment before a parameter and its name, the value that a tenant would ask for. Those of
	// subjects are known from their plural.
	pathValues = map[string]func(w *world, tenant string) string{
		"machines/:name":        func(*world, string) string { return "snappy.gift" },
		"keys/:id":              func(_ *world, tenant string) string { return "key-of-" + tenant },
		"unresolved/:id":        firstOf(domain.ResultUnresolved),
		"quarantine/:id":        firstOf(domain.ResultQuarantined),
		"conflicts/:id":         firstOf(domain.ResultConflict),
		"events/:id":            firstEvent,
		"references/:reference": func(_ *world, tenant string) string { return "ref-" + tenant },
		"alerts/:id":            openAlert,
		"notifications/:id":     deadNotification,
		"channels/:name": func(_ *world, tenant string) string {
			return map[bool]string{true: "nobody", false: "ops"}[tenant == nobody]
		},
	}
	// bodies are sent with what changes something.
	bodies = map[string]string{
		"POST /unresolved/:id/retry": `{}`,
		"POST /quarantine/:id/retry": `{}`,
		"POST /conflicts/:id/retry":  `{}`,
		"POST /keys":                 `{"name":"made by TENANT","scopes":["admin"],"sources":["snappy-TENANT"]}`,
		"DELETE /keys/:id":           ``,

		"POST /alerts/:id/acknowledge": `{"note":"seen by TENANT"}`,
		"POST /alerts/:id/snooze":      `{"until_moves":true}`,
		"POST /alerts/:id/resolve":     ``, "POST /alerts/:id/reopen": ``,
		"POST /alerts/acknowledge": `{}`, "POST /alerts/snooze": `{"until_moves":true}`, "POST /alerts/resolve": `{}`,
		"POST /notifications/:id/resend": ``, "POST /channels/:name/test": ``, "POST /channels/:name/enable": ``,

		"PUT /gifts/:id/labels": labelsBody, "PUT /sends/:id/labels": labelsBody, "PUT /emails/:id/labels": labelsBody,
		"PUT /contacts/:id/labels": labelsBody, "PUT /domains/:id/labels": labelsBody, "PUT /products/:id/labels": labelsBody,
		"PUT /invoices/:id/labels": labelsBody, "PUT /suppressions/:id/labels": labelsBody, "PUT /inbound-emails/:id/labels": labelsBody,
	}
	// needed are what a route cannot be asked without.
	needed = map[string]string{
		"GET /stats/dwell":  "machine=snappy.gift",
		"GET /stats/funnel": "machine=snappy.gift&from=2025-01-10T00:00:00Z",
		"GET /stream":       "after=beginning",
		"GET /expiring":     "within=30d",
	}
	// queries are further questions to a route, beside the plain one.
	queries = map[string][]string{
		"GET /gifts/:id":                     {"?as_of=2025-01-15T10:02:00Z", "?known_at=2025-02-01T12:00:20Z"},
		"GET /gifts/:id/timeline":            {"?as_of=2025-01-15T10:02:00Z", "?known_at=2025-02-01T12:00:20Z", "?omit=received"},
		"GET /gifts/:id/illegal-transitions": {"?history=1"},
		"GET /illegal-transitions":           {"?history=1", "?limit=1"},
		"GET /unresolved":                    {"?limit=1"},
		"GET /alerts":                        {"?limit=1", "?status=live&rule=stuck&provider=snappy", "?rule=quiet", "?company_id=com_of_nobody"},
		"GET /notifications":                 {"?limit=1", "?status=dead", "?status=suppressed&channel=ops"},
		"GET /gifts":                         {"?reference=ref-TENANT", "?limit=1&count=true", "?q=told&status=opened", "?illegal=true&dir=asc", "?order_by=created&limit=2&count=true"},
		"GET /emails":                        {"?delivery=delivered&stuck=false&count=true"},
		"GET /events":                        {"?verdict=illegal", "?dir=asc&limit=3"},
		"GET /stats/dwell":                   {"?machine=resend.email"},
		"GET /stats/events":                  {"?group_by=verdict", "?group_by=type&granularity=day"},
		"GET /stream":                        {"?after=beginning&verdict=illegal", "?after=beginning&subject_id=" + bothTold},
	}
	// unending routes are listened to until they are quiet.
	unending = []string{"GET /stream"}
	// forAll tell everybody the same.
	forAll = []string{"GET /machines", "GET /machines/:name"}
)

func firstOf(r domain.Result) func(*world, string) string {
	return func(w *world, tenant string) string {
		own := domain.Within(context.Background(), tenantSources(tenant))
		if found, _, err := w.disk.ParkedList(own, r, "", 1); err == nil && len(found) == 1 {
			return found[0].ID
		}
		return "prk_of_nobody"
	}
}

// openAlert is the id of an alert of a tenant's; one that a request has ended is open again.
func openAlert(w *world, tenant string) string {
	own := domain.Within(context.Background(), tenantSources(tenant))
	page, err := w.disk.Alerts(own, domain.AlertQuery{Kinds: []domain.Kind{domain.Gift}, Limit: 1})
	if err != nil || len(page.Alerts) == 0 {
		return "alt_of_nobody"
	}
	id := page.Alerts[0].ID
	_, err = w.disk.Act(own, domain.AlertQuery{IDs: []string{id}}, domain.AlertAction{Step: domain.StepReopened, By: "test", At: domain.InstantOf(w.time())}, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// deadNotification is the id of one that tells of a tenant's alerts alone.
func deadNotification(w *world, tenant string) string {
	own := domain.Within(context.Background(), tenantSources(tenant))
	found, _, err := w.disk.Notifications(own, domain.NotificationQuery{Statuses: []domain.NotificationStatus{domain.NotificationDead, domain.NotificationPending}, Limit: 1})
	if err != nil || len(found) == 0 {
		return "ntf_of_nobody"
	}
	return found[0].ID
}

// firstEvent is the id of the first event that a tenant told.
func firstEvent(w *world, tenant string) string {
	own := domain.Within(context.Background(), tenantSources(tenant))
	if found, err := w.disk.Log(own, domain.LogQuery{Asc: true, Limit: 1}); err == nil && len(found.Events) == 1 {
		return found.Events[0].ID()
	}
	return domain.EventID(domain.Subject{ID: tenant}.Digest(), domain.Fingerprint{})
}

const labelsBody = `{"reference":"label-of-TENANT"}`

const nobody = "tenantx" // has nothing, so its values are unknown

// TestAccess walks every route the router has, with every kind of key, over two tenants' data in one database.
func TestAccess(t *testing.T) {
	shared := newTenants(t, tenants...)
	keys := shared.everyKey()
	alone := map[string]*world{}
	aloneKeys := map[string]map[string]string{}
	shared.alarmTenants(tenants...)
	for _, tenant := range tenants {
		alone[tenant] = newTenants(t, tenant)
		alone[tenant].alarmTenants(tenant)
		aloneKeys[tenant] = alone[tenant].everyKey()
	}
	for _, route := range guardedRoutes(shared) {
		needs := shared.scopes[route]
		t.Run(strings.ReplaceAll(route, "/", "_"), func(t *testing.T) {
			refusedKeys(t, shared, route, keys)
			otherScopes(t, shared, route, needs, keys)
			for i, tenant := range tenants {
				key, other := keys[string(needs)+" "+tenant], tenants[1-i]
				if strings.HasPrefix(route, "GET ") && !slices.Contains(forAll, route) {
					sameAsAlone(t, route, tenant, shared, alone[tenant], key, aloneKeys[tenant][string(needs)+" "+tenant])
				}
				foreignIsUnknown(t, shared, route, tenant, other, key)
				silent(t, shared.ask(route, tenant, "", key), other)
			}
			everything(t, shared, route, needs, keys)
		})
	}
}

// guardedRoutes lists what takes a key; what changes something comes last.
func guardedRoutes(w *world) (routes []string) {
	for _, r := range w.engine.Routes() {
		if route := routeOf(r.Method, r.Path); !slices.Contains(openRoutes, route) {
			routes = append(routes, route)
		}
	}
	slices.SortFunc(routes, func(a, b string) int {
		if get, got := strings.HasPrefix(a, "GET"), strings.HasPrefix(b, "GET"); get != got {
			return map[bool]int{true: -1, false: 1}[get]
		}
		return strings.Compare(a, b)
	})
	return routes
}

// everyKey stores a key per scope, for all sources and for each tenant's, and some that open nothing. Their names are
// the scope and the tenant.
func (w *world) everyKey() map[string]string {
	keys := map[string]string{"no key": ""}
	store := func(name string, k domain.Key) {
		w.t.Helper()
		secret, _, hash := Mint()
		k.Name, k.Hash, k.Personal, k.CreatedAt = name, hash, true, 1
		if k.ID == "" {
			k.ID = strings.ReplaceAll(name, " ", "-")
		}
		if err := w.disk.AddKey(context.Background(), k); err != nil {
			w.t.Fatal(err)
		}
		keys[name] = secret
	}
	for _, tenant := range append([]string{"all"}, tenants...) {
		var sources []string
		if tenant != "all" {
			sources = tenantSources(tenant)
			store("victim of "+tenant, domain.Key{ID: "key-of-" + tenant, Sources: sources, Scopes: domain.Scopes()})
		}
		for _, scope := range domain.Scopes() {
			store(string(scope)+" "+tenant, domain.Key{Scopes: []domain.Scope{scope}, Sources: sources})
		}
	}
	past := domain.InstantOf(w.time())
	store("expired", domain.Key{Scopes: domain.Scopes(), ExpiresAt: &past})
	store("revoked", domain.Key{Scopes: domain.Scopes(), RevokedAt: &past})
	keys["wrong key"], _, _ = Mint()
	return keys
}

// ask sends a request as a tenant; id stands for its own value where it is given.
func (w *world) ask(route, tenant, id, key string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.askMore(route, tenant, id, key, "")
}

func (w *world) askMore(route, tenant, id, key, query string) *httptest.ResponseRecorder {
	w.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	body, ok := bodies[route]
	if !ok && method != http.MethodGet {
		w.t.Fatalf("%s: say in bodies, in access_test.go, what it is sent", route)
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, ":") {
			if segments[i] = id; id == "" {
				segments[i] = w.valueOf(segments[i-1]+"/"+s, tenant)
			}
		}
	}
	target := strings.Join(segments, "/") + strings.ReplaceAll(query, "TENANT", tenant)
	if plain := !strings.Contains(target, "?"); plain && needed[route] != "" {
		target += "?" + needed[route]
	}
	r := httptest.NewRequest(method, target, strings.NewReader(strings.ReplaceAll(body, "TENANT", tenant)))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	out := httptest.NewRecorder()
	if slices.Contains(unending, route) {
		w.listen(out, r)
		return out
	}
	w.ServeHTTP(out, r)
	return out
}

// listen leaves an answer without end once it has told something and then nothing for a moment.
func (w *world) listen(out *httptest.ResponseRecorder, r *http.Request) {
	ctx, leave := context.WithCancel(r.Context())
	l := &ear{out, time.AfterFunc(5*time.Second, leave)}
	defer leave()
	defer l.leaving.Stop()
	w.ServeHTTP(l, r.WithContext(ctx))
}

type ear struct {
	*httptest.ResponseRecorder
	leaving *time.Timer
}

func (l *ear) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("data: ")) {
		l.leaving.Reset(100 * time.Millisecond)
	}
	return l.ResponseRecorder.Write(b)
}

func (w *world) valueOf(parameter, tenant string) string {
	w.t.Helper()
	plural, _, _ := strings.Cut(parameter, "/")
	for _, p := range plurals {
		if p.name == plural {
			return plural + "-" + tenant
		}
	}
	value, ok := pathValues[parameter]
	if !ok {
		w.t.Fatalf("say in pathValues, in access_test.go, what %q is", parameter)
	}
	return value(w, tenant)
}

func refusedKeys(t *testing.T, w *world, route string, keys map[string]string) {
	t.Helper()
	for _, name := range []string{"no key", "wrong key", "expired", "revoked"} {
		if out := w.ask(route, tenants[0], "", keys[name]); out.Code != 401 || comparable(out) != comparable(w.ask(route, tenants[0], "", "")) {
			t.Errorf("%s: %d %s", name, out.Code, out.Body)
		}
	}
}

// otherScopes open nothing here, and are told which one would.
func otherScopes(t *testing.T, w *world, route string, needs domain.Scope, keys map[string]string) {
	t.Helper()
	for _, scope := range domain.Scopes() {
		for _, reach := range append([]string{"all"}, tenants...) {
			if scope == needs {
				continue
			}
			p := wantProblem(t, w.ask(route, tenants[0], "", keys[string(scope)+" "+reach]), 403, "forbidden")
			if p["needs"] != string(needs) {
				t.Errorf("with %s, limited to %s, it needs %v, want %s", scope, reach, p["needs"], needs)
			}
		}
	}
}

// sameAsAlone: not a byte of an answer shows that there is another tenant.
func sameAsAlone(t *testing.T, route, tenant string, shared, alone *world, key, aloneKey string) {
	t.Helper()
	ids := []string{""}
	if strings.Contains(route, ":") && !strings.Contains(route, "/keys/") {
		ids = append(ids, bothTold)
	}
	for _, id := range ids {
		for _, query := range append([]string{""}, queries[route]...) {
			got, want := shared.askMore(route, tenant, id, key, query), alone.askMore(route, tenant, id, aloneKey, query)
			for range 3 { // a stream may have been left before it had told everything
				if !slices.Contains(unending, route) || comparable(got) == comparable(want) {
					break
				}
				got, want = shared.askMore(route, tenant, id, key, query), alone.askMore(route, tenant, id, aloneKey, query)
			}
			if comparable(got) != comparable(want) {
				t.Errorf("%s asks for %s%s\n%s\nalone\n%s", tenant, id, query, comparable(got), comparable(want))
			}
			if slices.Contains(unending, route) && !strings.Contains(got.Body.String(), "data: ") {
				t.Errorf("%s%s: nothing is told: %s", tenant, query, got.Body)
			}
			if id == "" && got.Code != 200 {
				t.Errorf("%s%s: %d %s", tenant, query, got.Code, got.Body)
			}
		}
	}
}

// foreignIsUnknown: what the other tenant has is answered as what nobody has.
func foreignIsUnknown(t *testing.T, w *world, route, tenant, other, key string) {
	t.Helper()
	if !strings.Contains(route, ":") || slices.Contains(forAll, route) {
		return
	}
	parameter := regexp.MustCompile(`[^/]+/:\w+`).FindString(route)
	foreign, unknown := w.valueOf(parameter, other), w.valueOf(parameter, nobody)
	got, want := w.ask(route, tenant, foreign, key), w.ask(route, tenant, unknown, key)
	a, b := strings.ReplaceAll(comparable(got), foreign, "ID"), strings.ReplaceAll(comparable(want), unknown, "ID")
	if a != b || got.Code != 404 {
		t.Errorf("%s asks for %s: %d\n%s\nand for %s\n%s", tenant, foreign, got.Code, a, unknown, b)
	}
}

// silent finds no trace of another tenant.
func silent(t *testing.T, out *httptest.ResponseRecorder, other string) {
	t.Helper()
	if strings.Contains(out.Body.String(), other) || out.Code >= 500 {
		t.Errorf("%d names %s: %s", out.Code, other, out.Body)
	}
}

// everything: an unlimited key gets what each tenant does, and of lists more.
func everything(t *testing.T, w *world, route string, needs domain.Scope, keys map[string]string) {
	t.Helper()
	all := w.ask(route, tenants[0], "", keys[string(needs)+" all"])
	if all.Code/100 != 2 {
		t.Errorf("unlimited: %d %s", all.Code, all.Body)
	}
	one := w.ask(route, tenants[0], "", keys[string(needs)+" "+tenants[0]])
	if list := !strings.Contains(route, ":") && !slices.Contains(forAll, route); list && comparable(all) == comparable(one) {
		t.Errorf("an unlimited key is told no more than a limited one: %s", all.Body)
	}
}

// varying is what differs between two answers that say the same: request ids, and what is random or numbered by the
// database, as positions are.
var varying = regexp.MustCompile(`req_\w+|sup_\d+|ntf_[0-9a-f-]{36}|prk_[0-9a-f-]{36}|"(next|prev|key|position)":"[^"]*"|(?m:^id: .*$)|gl_\w+`)

func comparable(out *httptest.ResponseRecorder) string {
	return http.StatusText(out.Code) + " " + varying.ReplaceAllString(out.Body.String(), "…")
}

func TestAccess_isDocumented(t *testing.T) {
	w := newWorld(t)
	document := w.get("/openapi.json")
	for route, scope := range w.scopes {
		method, path, _ := strings.Cut(route, " ")
		path = regexp.MustCompile(`:(\w+)`).ReplaceAllString(path, "{$1}")
		op := document["paths"].(map[string]any)[path].(map[string]any)[strings.ToLower(method)]
		if got, _ := json.Marshal(at(op, "security")); string(got) != `[{"key":["`+string(scope)+`"]}]` {
			t.Errorf("%s documents %s, declares %s", route, got, scope)
		}
	}
}

// A route that nobody classified cannot start.
func TestAccess_isDeclared(t *testing.T) {
	for name, add := range map[string]func(*API){
		"no scope":        func(a *API) { a.declare("", "GET", "/new") },
		"a made-up scope": func(a *API) { a.declare("root", "GET", "/new") },
		"a plain route":   func(a *API) { a.engine.GET("/new", a.healthy); a.checkScopes() },
	} {
		t.Run(name, func(t *testing.T) {
			a := New(withStore(nil, nil))
			defer func() {
				if recover() == nil {
					t.Error("it starts")
				}
			}()
			add(a)
		})
	}
}
