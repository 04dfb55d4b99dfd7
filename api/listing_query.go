package api

import (
	"net/url"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"giftline/domain"
)

// ListInput chooses subjects.
type ListInput struct {
	Provider  []string `query:"provider,explode" maxItems:"100" doc:"Only of this provider; several times for any of several." example:"snappy"`
	Phase     []string `query:"phase,explode" maxItems:"100" doc:"Only in this phase, the one word that all providers share; several times for any of several." example:"shipping"`
	Status    []string `query:"status,explode" maxItems:"100" doc:"Only in this state of the status region, as the provider spells it; several times for any of several." example:"claimed"`
	Delivery  []string `query:"delivery,explode" maxItems:"100" doc:"Only in this state of the delivery region; several times for any of several." example:"inTransit"`
	CompanyID []string `query:"company_id,explode" maxItems:"100" doc:"Only of this company, where the provider tells it." example:"com_12345"`
	Reference []string `query:"reference,explode" maxItems:"100" doc:"Only with this reference, of the labels where they name one, else of the events." example:"REF-ABC-123"`
	ID        []string `query:"id,explode" maxItems:"1000" doc:"Only these ids; unknown ones are left out." example:"gft_12345"`

	Stuck   choice `query:"stuck" doc:"true for those whose deadline has passed, that of their state or the expires_at of their labels; false for the others." example:"true"`
	Illegal choice `query:"illegal" doc:"true for those with an illegal transition on their timeline, false for the others." example:"true"`
	Text    string `query:"q" maxLength:"512" doc:"What the id, reference or recipient begins with, in letters of any size; for a Sendoso send also the number inside its gid." example:"REF-AB"`

	Metadata map[string]string `query:"metadata,deepObject,explode" doc:"metadata[key]=value: only with this value under this key of the metadata or tags. The same key again for any of several values; another key must fit too."`
	Updated  UpdatedRange      `query:"updated,deepObject,explode" doc:"updated[gte]=2025-01-15T00:00:00Z and so on: only what was last updated then, by our clock."`

	OrderBy string `query:"order_by" enum:"updated,created" default:"updated" doc:"updated: by when the last event joined. created: by when the first one did, which never changes."`
	Dir     string `query:"dir" enum:"desc,asc" default:"desc" doc:"desc: the latest first. asc: the earliest first."`
	Count   bool   `query:"count" doc:"true also counts what fits, over all pages."`
	List

	asked url.Values
}

// UpdatedRange is a range of time; what is left out is open.
type UpdatedRange struct {
	_   struct{} `additionalProperties:"false"`
	GTE string   `json:"gte,omitempty" format:"date-time" doc:"This instant or later." example:"2025-01-15T00:00:00Z"`
	GT  string   `json:"gt,omitempty" format:"date-time" doc:"Later than this." example:"2025-01-15T00:00:00Z"`
	LTE string   `json:"lte,omitempty" format:"date-time" doc:"This instant or earlier." example:"2025-01-16T00:00:00Z"`
	LT  string   `json:"lt,omitempty" format:"date-time" doc:"Earlier than this." example:"2025-01-16T00:00:00Z"`
}

// choice is a parameter that is true, false or not given. Value is exported for huma.
type choice struct {
	Value bool
	given bool
}

// Schema tells huma what it is.
func (choice) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeBoolean} }

// Receiver is where huma puts the value.
func (c *choice) Receiver() reflect.Value { return reflect.ValueOf(c).Elem().Field(0) }

// OnParamSet tells whether there was one.
func (c *choice) OnParamSet(given bool, _ any) { c.given = given }

func (c choice) pointer() *bool {
	if !c.given {
		return nil
	}
	return &c.Value
}

// Resolve keeps the query as it was asked: huma reads one value per key of an object.
func (in *ListInput) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	in.asked = u.Query()
	return nil
}

var _ huma.Resolver = (*ListInput)(nil)

// query checks what was asked and gives the question to the store. Only who may see recipients finds by them.
func (s subjects) query(in *ListInput, personal bool) (domain.ListQuery, error) {
	var wrong faults
	w := &s.words
	wrong.known(s.plural, "provider", in.Provider, w.providers, nil)
	wrong.known(s.plural, "phase", in.Phase, w.phases, nil)
	wrong.known(s.plural, "status", in.Status, w.states[domain.Status], w.states)
	wrong.known(s.plural, "delivery", in.Delivery, w.states[domain.Delivery], w.states)
	for name, values := range map[string][]string{
		"company_id": in.CompanyID, "reference": in.Reference, "id": in.ID, "q": {in.Text},
	} {
		wrong.storable(name, values)
	}
	q := domain.ListQuery{
		Kinds: s.kinds(), Providers: as[domain.Provider](in.Provider), Phases: as[domain.Phase](in.Phase),
		Statuses: in.Status, Deliveries: in.Delivery, CompanyIDs: in.CompanyID, References: in.Reference, IDs: in.ID,
		Stuck: in.Stuck.pointer(), Illegal: in.Illegal.pointer(), Text: in.Text, Personal: personal,
		Order: domain.ListOrder(in.OrderBy), Asc: in.Dir == "asc", Cursor: in.Cursor, Limit: in.Limit, Count: in.Count,
	}
	q.Metadata = wrong.metadata(in.asked)
	q.Updated = wrong.span("updated", in.asked)
	return q, wrong.problem()
}

func as[T ~string](texts []string) (all []T) {
	for _, t := range texts {
		all = append(all, T(t))
	}
	return all
}
