package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"giftline/domain"
)

// parked answers for one list of deliveries kept off the timelines.
type parked struct {
	*API
	name   string
	result domain.Result
}

func (a *API) parkedRoutes() []parked {
	return []parked{
		{a, "unresolved", domain.ResultUnresolved},
		{a, "quarantine", domain.ResultQuarantined},
		{a, "conflicts", domain.ResultConflict},
	}
}

// ParkedDelivery is a delivery kept off the timelines.
type ParkedDelivery struct {
	ID         string          `json:"id"`
	Result     domain.Result   `json:"result"`
	Code       domain.ParkCode `json:"code"`
	Detail     string          `json:"detail" doc:"What to do about it."`
	Source     string          `json:"source"`
	Provider   domain.Provider `json:"provider"`
	DeliveryID *string         `json:"delivery_id"`
	AttemptAt  *domain.Instant `json:"attempt_at"`
	ReceivedAt domain.Instant  `json:"received_at"`
	LastAt     domain.Instant  `json:"last_at"`
	Seen       int64           `json:"seen"`
	Subject    *Named          `json:"subject"`
	EventID    *string         `json:"event_id"`
	Claims     []domain.Claims `json:"claims" doc:"What the endpoints said of its type, one per differing copy."`
	Size       int             `json:"size"`
}

// ParkedBody is one with the bytes that were signed: as text where they are UTF-8, else in base64. Only a key with the
// scope raw that is granted personal fields is shown them.
type ParkedBody struct {
	ParkedDelivery
	Body       *string `json:"body" doc:"Null where it is no text, or withheld."`
	BodyBase64 *string `json:"body_base64,omitempty"`
	Withheld   *string `json:"withheld,omitempty" doc:"Why this key is not shown the bytes." example:"this takes a key with the scope raw"`
}

// ParkedList is a page of them, newest first.
type ParkedList struct {
	Deliveries []ParkedDelivery `json:"deliveries"`
	Next       *string          `json:"next"`
}

func (p parked) list(ctx context.Context, in *List) (*body[ParkedList], error) {
	found, next, err := p.store.ParkedList(ctx, p.result, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	l := ParkedList{Deliveries: make([]ParkedDelivery, 0, len(found)), Next: optional(next)}
	for i := range found {
		l.Deliveries = append(l.Deliveries, parkedView(&found[i]))
	}
	return answer(l), nil
}

// ParkedInput names one.
type ParkedInput struct {
	ID string `path:"id"`
}

func (p parked) one(ctx context.Context, in *ParkedInput) (*body[ParkedBody], error) {
	d, err := p.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	shown := ParkedBody{ParkedDelivery: parkedView(&d)}
	if p := mayReadBytes(callerOf(ctx)); p != nil {
		shown.Withheld = &p.Detail
	} else if text := string(d.Body); utf8.ValidString(text) {
		shown.Body = &text
	} else {
		encoded := base64.StdEncoding.EncodeToString(d.Body)
		shown.BodyBase64 = &encoded
	}
	return answer(shown), nil
}

// find keeps the lists apart: the id of another list is not found in this one.
func (p parked) find(ctx context.Context, id string) (domain.Parked, error) {
	missing := domain.Errorf(domain.CodeNotFound, "nothing open has this id here: see /%s for what has", p.name)
	if !storable(id) {
		return domain.Parked{}, missing
	}
	d, err := p.store.ParkedDelivery(ctx, id)
	if err == nil && d.Result != p.result {
		return domain.Parked{}, missing
	}
	return d, err
}

// Settle is what a person says of a parked delivery. Empty asks to read it again as it stands.
type Settle struct {
	_         struct{} `additionalProperties:"false"`
	Type      Said     `json:"event_type,omitzero" doc:"The event's type, such as send.shipped."`
	SubjectID Said     `json:"subject_id,omitzero" doc:"The provider's id of what it is about."`
}

// Said is a text that may be left out, but not be empty or null: whoever writes the key means to settle something.
type Said struct {
	text  string
	given bool
}

// UnmarshalJSON keeps null apart from a key that is not there.
func (s *Said) UnmarshalJSON(b []byte) error {
	s.given = true
	return json.Unmarshal(b, &s.text)
}

// Schema tells huma what the text looks like.
func (Said) Schema(huma.Registry) *huma.Schema {
	one := 1
	return &huma.Schema{Type: huma.TypeString, MinLength: &one}
}

// problem says why the text settles nothing, if it does not.
func (s Said) problem() string {
	switch {
	case s.given && s.text == "":
		return "null settles nothing: give a text, or leave the key out to have the delivery read again as it stands"
	case !storable(s.text):
		return fmt.Sprintf("has at most %d bytes, and no NUL", domain.MaxIdentifier)
	}
	return ""
}

// settlement is what was said; nothing by an empty body.
func (s *Settle) settlement() (domain.Settlement, error) {
	if s == nil {
		return domain.Settlement{}, nil
	}
	p := newProblem(http.StatusUnprocessableEntity, codeFor(0), RequestDetail)
	for _, f := range []struct {
		name string
		said Said
	}{{"event_type", s.Type}, {"subject_id", s.SubjectID}} {
		if message := f.said.problem(); message != "" {
			p.Errors = append(p.Errors, Fault{Location: "body." + f.name, Message: message})
		}
	}
	if len(p.Errors) > 0 {
		return domain.Settlement{}, p
	}
	return domain.Settlement{Type: s.Type.text, SubjectID: s.SubjectID.text}, nil
}

// RetryInput drives one again.
type RetryInput struct {
	ID   string `path:"id"`
	Body *Settle
}

func (p parked) retry(ctx context.Context, in *RetryInput) (*body[Answer], error) {
	if _, err := p.find(ctx, in.ID); err != nil {
		return nil, err
	}
	said, err := in.Body.settlement()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), trackTime) // the commit outlives the connection
	defer cancel()
	r, err := p.tracker.Retry(ctx, in.ID, said)
	if err != nil {
		return nil, err
	}
	return answer(answerOf(r)), nil
}

func parkedView(d *domain.Parked) ParkedDelivery {
	shown := ParkedDelivery{
		ID: d.ID, Result: d.Result, Code: d.Code, Detail: d.Detail, Source: d.Source, Provider: d.Provider,
		DeliveryID: optional(d.DeliveryID), ReceivedAt: d.ReceivedAt, LastAt: d.LastAt, Seen: d.Seen,
		EventID: optional(d.EventID), Claims: append([]domain.Claims{}, d.Claims...), Size: d.Size,
	}
	if d.AttemptAt != 0 {
		shown.AttemptAt = &d.AttemptAt
	}
	if d.Subject != nil {
		n := named(*d.Subject)
		shown.Subject = &n
	}
	return shown
}

// trackTime is what a delivery may take to reach the disk. It ends before the server's write timeout does.
const trackTime = 25 * time.Second
