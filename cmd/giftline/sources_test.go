package main

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// TestSources_ofTheDatabase: read from the database, settings are this shell's, and what they lack is named.
func TestSources_ofTheDatabase(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "g.db")
	s, err := store.Open(t.Context(), db, store.Options{Machines: statemachines.All()})
	if err != nil {
		t.Fatal(err)
	}
	server := newAPI(s, outside{sources: []webhooks.Source{{Name: "resend-eu", Provider: domain.Resend, Scheme: webhooks.None}}})
	body := `{"type":"email.sent","created_at":"2025-01-15T14:44:00Z","data":{"email_id":"e_1"}}`
	out := httptest.NewRecorder()
	server.ServeHTTP(out, httptest.NewRequest("POST", "/webhooks/resend-eu", strings.NewReader(body)))
	if err := s.Close(); err != nil || out.Code != 200 {
		t.Fatal(out.Code, out.Body, err)
	}
	c, p, err := parse(t, "sources", "--db", db)
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	p.out = &shown
	if err := c.Sources.Run(p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nresend-eu is in the database, with 1 received, but not in the settings here\n",
		"\nState, scheme and URL are as this shell's settings say; a server says its own with --url.\n",
	} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &shown)
		}
	}
}
