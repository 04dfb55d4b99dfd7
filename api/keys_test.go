package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// key stores one and gives its secret.
func (w *world) key(k domain.Key) string {
	w.t.Helper()
	var secret string
	secret, k.ID, k.Hash = Mint()
	k.CreatedAt = domain.InstantOf(w.time())
	if err := w.disk.AddKey(context.Background(), k); err != nil {
		w.t.Fatal(err)
	}
	return "Bearer " + secret
}

func TestKeys_madeAndUsed(t *testing.T) {
	w := newWorld(t)
	out := w.do("POST", "/keys", `{"name":"dashboard","scopes":["read","read"],"sources":["snappy"],"expires_in":"2h"}`)
	if out.Code != 201 {
		t.Fatalf("%d %s", out.Code, out.Body)
	}
	made := decoded(t, out)
	id, secret := made["id"].(string), made["key"].(string)
	if !strings.HasPrefix(secret, "gl_"+id+"_") || !wellFormed(secret) {
		t.Errorf("key %s of %s", secret, id)
	}
	for path, want := range map[string]string{
		"name": "dashboard", "state": "active", "scopes": "[read]", "sources": "[snappy]", "personal": "false",
		"created_at": "2025-02-01T12:00:00.000000Z", "expires_at": "2025-02-01T14:00:00.000000Z", "revoked_at": "<nil>", "last_used_at": "<nil>",
	} {
		wantAt(t, made, path, want)
	}
	one := w.get("/keys/" + id)
	if one["key"] != nil || strings.Contains(w.do("GET", "/keys", "").Body.String(), secret) {
		t.Error("the key is shown again")
	}
	wantAt(t, w.get("/keys"), "keys.0.id", id)
	bearer := "Bearer " + secret
	if out := w.do("GET", "/sources", "", "Authorization", bearer); out.Code != 200 || strings.Contains(out.Body.String(), "resend") {
		t.Errorf("with it: %d %s", out.Code, out.Body)
	}
	w.pass(2*time.Hour - time.Microsecond)
	if out := w.do("GET", "/sources", "", "Authorization", bearer); out.Code != 200 {
		t.Errorf("just before it ends: %d", out.Code)
	}
	w.pass(time.Microsecond) // sooner than any cache would notice
	wantProblem(t, w.do("GET", "/sources", "", "Authorization", bearer), 401, "unauthorized")
	wantAt(t, w.get("/keys/"+id), "state", "expired")
	wantProblem(t, w.do("GET", "/keys/nobody", ""), 404, "not_found")
}

// A revoked key is refused at once by the replica that was told, and within a second by the others.
func TestKeys_revoked(t *testing.T) {
	w := newWorld(t)
	other := New(Config{Store: w.disk, Machines: w.machines, Now: w.time})
	bearer := w.key(domain.Key{Name: "x", Scopes: domain.Scopes()})
	id := strings.Split(bearer, "_")[1]
	there := func() int {
		replica := &world{API: other, t: t}
		return replica.do("GET", "/machines", "", "Authorization", bearer).Code
	}
	if there() != 200 || w.do("GET", "/machines", "", "Authorization", bearer).Code != 200 {
		t.Fatal("a stored key is refused")
	}
	for range 2 {
		out := w.do("DELETE", "/keys/"+id, "")
		if out.Code != 200 {
			t.Fatalf("%d %s", out.Code, out.Body)
		}
		wantAt(t, decoded(t, out), "state", "revoked")
		wantAt(t, decoded(t, out), "revoked_at", "2025-02-01T12:00:00.000000Z")
		wantProblem(t, w.do("GET", "/machines", "", "Authorization", bearer), 401, "unauthorized")
	}
	w.pass(keyTrust)
	if got := there(); got != 401 {
		t.Errorf("another replica answers %d a second later", got)
	}
	wantProblem(t, w.do("DELETE", "/keys/nobody", ""), 404, "not_found")
}

// No key gives more than it has.
func TestKeys_giveNoMore(t *testing.T) {
	w := newWorld(t)
	soon := domain.InstantOf(w.time().Add(time.Hour))
	keys := map[string]string{
		"all":      w.key(domain.Key{Scopes: domain.Scopes(), Personal: true}),
		"admin":    w.key(domain.Key{Scopes: []domain.Scope{"admin", "read"}}),
		"tenant":   w.key(domain.Key{Scopes: domain.Scopes(), Sources: []string{"snappy", "resend"}, Personal: true}),
		"for hour": w.key(domain.Key{Scopes: domain.Scopes(), Personal: true, ExpiresAt: &soon}),
	}
	for _, c := range []struct {
		by, order string
		status    int
		want      string // in the answer
	}{
		{"all", `"scopes":["read","write","admin","raw"],"personal":true`, 201, `"sources":null,"personal":true`},
		{"all", `"scopes":["read"],"sources":["opensend"]`, 201, `"sources":["opensend"]`},
		{"admin", `"scopes":["read"]`, 201, `"scopes":["read"]`},
		{"admin", `"scopes":["read","write"]`, 403, `"needs":"write"`},
		{"admin", `"scopes":["read"],"personal":true`, 403, "cannot grant them"},
		{"tenant", `"scopes":["read"]`, 201, `"sources":["snappy","resend"]`},
		{"tenant", `"scopes":["read"],"sources":["resend"]`, 201, `"sources":["resend"]`},
		{"tenant", `"scopes":["read"],"sources":["opensend"]`, 422, "choose from snappy, resend"},
		{"tenant", `"scopes":["read"],"sources":["nobody"]`, 422, "choose from snappy, resend"},
		{"all", `"scopes":["read"],"sources":["nobody"]`, 422, "choose from sendoso, snappy, resend, opensend, typed"},
		{"for hour", `"scopes":["read"]`, 201, `"expires_at":"2025-02-01T13:00:00.000000Z"`},
		{"for hour", `"scopes":["read"],"expires_in":"30m"`, 201, `"expires_at":"2025-02-01T12:30:00.000000Z"`},
		{"for hour", `"scopes":["read"],"expires_in":"61m"`, 403, "cannot make one that stays longer"},
		{"all", `"scopes":["read"],"expires_at":"2026-02-01T12:00:00+02:00"`, 201, `"expires_at":"2026-02-01T10:00:00.000000Z"`},
		{"all", `"scopes":["read"],"expires_at":"2025-02-01T12:00:00Z"`, 422, "is over already"},
		{"all", `"scopes":["read"],"expires_at":"2026-02-01T12:00:00Z","expires_in":"1h"`, 422, "give this or expires_at"},
		{"all", `"scopes":["read"],"expires_in":"1 year"`, 422, "such as 12h or 90d"},
		{"all", `"personal":true`, 422, "lacks scopes"},
		{"all", `"scopes":["root"]`, 422, "body.scopes"},
		{"all", `"scopes":[]`, 422, "body.scopes"},
		{"all", `"scopes":["read"],"sources":[]`, 422, "body.sources"},
		{"all", `"scopes":["read"],"hash":"x"`, 422, "a property that the schema"},
	} {
		out := w.do("POST", "/keys", `{"name":"x",`+c.order+`}`, "Authorization", keys[c.by])
		if out.Code != c.status || !strings.Contains(out.Body.String(), c.want) {
			t.Errorf("%s gives %s: %d %s", c.by, c.order, out.Code, out.Body)
		}
	}
	wantProblem(t, w.do("POST", "/keys", `{"name":"a\u0000b","scopes":["read"]}`), 422, "invalid")
}

// last_used_at is written beside other things, a minute at most late and once a minute.
func TestKeys_lastUsed(t *testing.T) {
	w, f := newFailing(t)
	bearer := w.key(domain.Key{Name: "x", Scopes: domain.Scopes()})
	id := strings.Split(bearer, "_")[1]
	use := func() {
		t.Helper()
		if out := w.do("GET", "/machines", "", "Authorization", bearer); out.Code != 200 {
			t.Fatal(out.Code)
		}
		w.flush(t.Context())
	}
	w.pass(90 * time.Second)
	f.used = fmt.Errorf("the disk is full")
	use()
	wantAt(t, w.get("/keys/"+id), "last_used_at", nil)
	f.used = nil
	w.flush(t.Context()) // what could not be written waits
	wantAt(t, w.get("/keys/"+id), "last_used_at", "2025-02-01T12:01:00.000000Z")
	for range 3 {
		use()
	}
	if f.uses != 2 {
		t.Errorf("written %d times in a minute, once in vain", f.uses)
	}
	w.pass(time.Minute)
	use()
	wantAt(t, w.get("/keys/"+id), "last_used_at", "2025-02-01T12:02:00.000000Z")
	wantProblem(t, w.do(http.MethodGet, "/keys/"+bootstrapID, ""), 404, "not_found")
}

// Raw bytes take the scope raw and the grant of personal fields; without them everything else is still shown.
func TestParked_bytesAreWithheld(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", "not JSON of jane@example.com")
	path := "/quarantine/" + at(w.get("/quarantine"), "deliveries.0.id").(string)
	for _, c := range []struct {
		scopes   []domain.Scope
		personal bool
		withheld string
	}{
		{[]domain.Scope{"read"}, true, "this takes a key with the scope raw, and yours has read: ask whoever made it for another one"},
		{[]domain.Scope{"read", "raw"}, false, "raw bytes hold personal fields, and this key is not granted them"},
		{[]domain.Scope{"read", "raw"}, true, ""},
	} {
		out := w.do("GET", path, "", "Authorization", w.key(domain.Key{Scopes: c.scopes, Personal: c.personal}))
		shown := decoded(t, out)
		wantAt(t, shown, "code", "undecodable")
		if c.withheld == "" {
			wantAt(t, shown, "body", "not JSON of jane@example.com")
			continue
		}
		wantAt(t, shown, "withheld", c.withheld)
		wantAt(t, shown, "body", nil)
		if strings.Contains(out.Body.String(), "jane") || strings.Contains(out.Body.String(), "base64") {
			t.Errorf("%s", out.Body)
		}
	}
}
