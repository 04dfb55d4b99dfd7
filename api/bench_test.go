package api

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"giftline/domain"
)

// BenchmarkWebhook is what the edge costs: verified by token, parsed, logged, and recorded in no time at all.
func BenchmarkWebhook(b *testing.B) {
	f := &failing{record: func() (domain.Receipt, error) {
		return domain.Receipt{
			Result: domain.ResultRecorded, Verdict: domain.Moved, EventID: "evt_x", Subject: domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: "gft_12345"},
			State: domain.State{Status: "claimed", Delivery: "new"}, Regions: []domain.Region{domain.Status, domain.Delivery},
		}, nil
	}}
	for _, c := range []struct {
		name  string
		parse domain.Parser
	}{
		{"whole", nil},
		{"edge", func(in domain.Inbound) domain.Parsed { return domain.Parsed{Inbound: in, Parked: &domain.Parking{}} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			a := New(withStore(f, c.parse))
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/webhooks/snappy", strings.NewReader(claimed))
				r.Header.Set("X-Webhook-Token", testToken)
				out := httptest.NewRecorder()
				if a.ServeHTTP(out, r); out.Code != 200 {
					b.Fatal(out.Code, out.Body)
				}
			}
		})
	}
}

// quiet formats every line and writes it nowhere.
func quiet() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }
