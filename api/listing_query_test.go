package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

// askedStore remembers what was asked of its lists, which are empty.
type askedStore struct {
	domain.Store
	last *domain.ListQuery
}

func (l askedStore) List(_ context.Context, q domain.ListQuery) (domain.ListPage, error) {
	*l.last = q
	return domain.ListPage{}, nil
}

func TestList_query(t *testing.T) {
	var got domain.ListQuery
	w := newWorld(t, func(c *Config) { c.Store = askedStore{c.Store, &got} })
	yes, no := true, false
	at := func(s string) *domain.Instant {
		moment, _ := time.Parse(time.RFC3339, s)
		i := domain.InstantOf(moment)
		return &i
	}
	gifts := []domain.Kind{domain.Gift, domain.Send}
	for _, c := range []struct {
		target string
		want   domain.ListQuery
	}{
		{"/gifts", domain.ListQuery{Kinds: gifts}},
		{"/sends", domain.ListQuery{Kinds: []domain.Kind{domain.Send}}},
		{"/emails?provider=resend&provider=opensend", domain.ListQuery{
			Kinds: []domain.Kind{domain.Email}, Providers: []domain.Provider{domain.Resend, domain.OpenSend},
		}},
		{"/inbound-emails", domain.ListQuery{Kinds: []domain.Kind{domain.InboundEmail}}},
		{"/gifts?phase=waiting&phase=shipping", domain.ListQuery{Kinds: gifts, Phases: []domain.Phase{domain.Waiting, domain.Shipping}}},
		{"/gifts?status=new&status=claimed&delivery=inTransit", domain.ListQuery{
			Kinds: gifts, Statuses: []string{"new", "claimed"}, Deliveries: []string{"inTransit"},
		}},
		{"/gifts?company_id=a,b&company_id=c&reference=r%26&id=1&id=2", domain.ListQuery{
			Kinds: gifts, CompanyIDs: []string{"a,b", "c"}, References: []string{"r&"}, IDs: []string{"1", "2"},
		}},
		{"/gifts?stuck=true&illegal=false&q=REF", domain.ListQuery{Kinds: gifts, Stuck: &yes, Illegal: &no, Text: "REF"}},
		{"/gifts?metadata[a]=1&metadata%5Ba%5D=2&metadata[b%20c]=3", domain.ListQuery{
			Kinds: gifts, Metadata: map[string][]string{"a": {"1", "2"}, "b c": {"3"}},
		}},
		{"/gifts?updated[gte]=2025-01-15T00:00:00Z&updated[lt]=2025-01-16T02:00:00%2B02:00", domain.ListQuery{
			Kinds: gifts, Updated: domain.Span{From: at("2025-01-15T00:00:00Z"), Before: at("2025-01-16T00:00:00Z")},
		}},
		{"/gifts?updated[gt]=2025-01-15T00:00:00.5Z&updated[lte]=2025-01-16T00:00:00Z", domain.ListQuery{
			Kinds: gifts, Updated: domain.Span{After: at("2025-01-15T00:00:00.5Z"), Until: at("2025-01-16T00:00:00Z")},
		}},
		{"/gifts?order_by=created&dir=asc&limit=7&cursor=c&count=true", domain.ListQuery{
			Kinds: gifts, Order: domain.ByCreated, Asc: true, Limit: 7, Cursor: "c", Count: true,
		}},
	} {
		w.get(c.target)
		want := c.want
		want.Personal = true
		if want.Metadata == nil {
			want.Metadata = map[string][]string{}
		}
		if want.Order == "" {
			want.Order, want.Limit = domain.ByUpdated, 100
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.target, diff)
		}
	}
}

func TestList_refuses(t *testing.T) {
	var asked domain.ListQuery
	w := newWorld(t, func(c *Config) { c.Store = askedStore{c.Store, &asked} })
	long := strings.Repeat("x", 513)
	for _, c := range []struct{ target, location, says string }{
		{"/gifts?status=delivered", "query.status", "delivered is a delivery state: use delivery=delivered"},
		{"/gifts?delivery=claimed", "query.delivery", "claimed is a status state: use status=claimed"},
		{"/gifts?status=claimed&status=inTransit", "query.status", "use delivery=inTransit"},
		{"/gifts?status=SECRET", "query.status", "status of gifts is one of: new, unopened"},
		{"/gifts?phase=SECRET", "query.phase", "phase of gifts is one of: waiting"},
		{"/gifts?provider=SECRET", "query.provider", "provider of gifts is one of: snappy, sendoso"},
		{"/sends?provider=snappy", "query.provider", "provider of sends is one of: sendoso"},
		{"/sends?status=unopened", "query.status", "status of sends is one of"},
		{"/contacts?phase=waiting", "query.phase", "contacts have no phase: leave it out"},
		{"/contacts?delivery=delivered", "query.delivery", "contacts have no delivery: leave it out"},
		{"/gifts?stuck=SECRET", "query.stuck", "boolean"},
		{"/gifts?count=SECRET", "query.count", "boolean"},
		{"/gifts?order_by=SECRET", "query.order_by", "updated, created"},
		{"/gifts?dir=SECRET", "query.dir", "desc, asc"},
		{"/gifts?limit=0", "query.limit", ">= 1"},
		{"/gifts?limit=1001", "query.limit", "<= 1000"},
		{"/gifts?limit=SECRET", "query.limit", "integer"},
		{"/gifts?limit=1&limit=2", "query.limit", "given twice"},
		{"/gifts?phase=waiting&phase=", "query.phase", "empty"},
		{"/gifts?company_id=%00", "query.company_id", "no company_id looks like this"},
		{"/gifts?reference=%ff", "query.reference", "no reference looks like this"},
		{"/gifts?id=" + long, "query.id", "at most 512 bytes"},
		{"/gifts?q=" + long, "query.q", "512"},
		{"/gifts?q=%00", "query.q", "no q looks like this"},
		{"/gifts?id=a" + strings.Repeat("&id=a", 1000), "query.id", "<= 1000"},
		{"/gifts?metadata=SECRET", "query.metadata", "unknown query parameter"},
		{"/gifts?metadata[]=SECRET", "query.metadata", "write metadata[key]=value"},
		{"/gifts?metadata[a][b]=SECRET", "query.metadata", "write metadata[key]=value"},
		{"/gifts?metadata[a=SECRET", "query.metadata", "write metadata[key]=value"},
		{"/gifts?metadata[a]=%00", "query.metadata[a]", "looks like this"},
		{"/gifts?metadata[a]=", "query.metadata[a]", "empty"},
		{"/gifts?updated[gte]=SECRET", "query.updated.gte", "RFC 3339 such as 2025-01-15T14:44:00Z; in a URL write + as %2B"},
		{"/gifts?status=", "query.status", "empty: give it a value"},
		{"/gifts?stuck=true&stuck=true", "query.stuck", "takes one value"},
		{"/gifts/x?as_of=2025-01-15", "query.as_of", "expected RFC 3339 such as"},
		{"/gifts/x?as_of=yesterday", "query.as_of", "expected RFC 3339 such as"},
		{"/gifts?updated[gte]=2025-01-15T00:00:00+01:00", "query.updated.gte", "RFC 3339"},
		{"/gifts?updated[from]=2025-01-15T00:00:00Z", "query.updated[from]", "updated[gte]"},
		{"/gifts?updated=2025-01-15T00:00:00Z", "query.updated", "unknown query parameter"},
		{"/gifts?updated[gt]=2025-01-15T00:00:00Z&updated[gt]=2025-01-15T00:00:00Z", "query.updated[gt]", "given twice"},
		{"/gifts?as_of=2025-01-15T00:00:00Z", "query.as_of", "unknown query parameter"},
	} {
		out := w.do(http.MethodGet, c.target, "")
		p := wantProblem(t, out, 422, "invalid")
		wantAt(t, p, "errors.0.location", c.location)
		if says, _ := at(p, "errors.0.message").(string); !strings.Contains(says, c.says) {
			t.Errorf("%.60s: %q does not say %q", c.target, says, c.says)
		}
		if strings.Contains(out.Body.String(), "SECRET") {
			t.Errorf("%s: the value is echoed: %s", c.target, out.Body)
		}
	}
}

// What a list takes is in the document, so that a generated client knows it.
func TestList_isDocumented(t *testing.T) {
	document := newWorld(t).get("/openapi.json")
	parameters := func(path string) map[string]any {
		found := map[string]any{}
		for _, p := range at(document["paths"].(map[string]any)[path], "get.parameters").([]any) {
			found[at(p, "name").(string)] = p
		}
		return found
	}
	gifts := parameters("/gifts")
	wantAt(t, gifts, "phase.schema.type", "array")
	wantAt(t, gifts, "phase.explode", true)
	wantAt(t, gifts, "provider.schema.items.enum", "[snappy sendoso]")
	wantAt(t, parameters("/sends"), "provider.schema.items.enum", "[sendoso]")
	wantAt(t, parameters("/contacts"), "status.schema.items.enum.0", "new")
	for _, none := range []string{"phase", "delivery"} {
		if parameters("/contacts")[none] != nil {
			t.Errorf("contacts are documented with a %s", none)
		}
	}
	for _, object := range []string{"metadata", "updated"} {
		wantAt(t, gifts, object+".style", "deepObject")
		wantAt(t, gifts, object+".explode", true)
	}
	wantAt(t, document, "components.schemas.UpdatedRange.additionalProperties", false)
	wantAt(t, document, "components.schemas.UpdatedRange.properties.gte.format", "date-time")
	wantAt(t, document, "components.schemas.Labels.type", "[object null]")
}
