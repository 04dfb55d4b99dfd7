package api

import (
	"context"

	"giftline/domain"
)

// Labels are what people say of a subject, apart from what its provider reports: they move nothing.
type Labels struct {
	_         struct{}          `nullable:"true"`
	Reference *string           `json:"reference" doc:"Links it with others, before the reference that its events tell." example:"REF-ABC-123"`
	Free      map[string]string `json:"labels" doc:"Anything, by name." example:"{\"owner\":\"ann\"}"`
	ExpiresAt *domain.Instant   `json:"expires_at" doc:"The last moment of the gift or offer: it is stuck when that passes and it is still open." example:"2025-03-01T00:00:00.000000Z"`
	UpdatedAt domain.Instant    `json:"updated_at" doc:"When they were set, by our clock." example:"2025-01-15T14:44:00.000000Z"`
	By        *string           `json:"by" doc:"The key that set them, by its id."`
}

func labelsView(l *domain.Labels) *Labels {
	if l == nil || l.Empty() {
		return nil
	}
	view := Labels{Reference: optional(l.Reference), Free: l.Free, ExpiresAt: l.ExpiresAt, UpdatedAt: l.UpdatedAt, By: optional(l.By)}
	if view.Free == nil {
		view.Free = map[string]string{}
	}
	return &view
}

// Labeled is a subject's name with its labels.
type Labeled struct {
	Subject Named   `json:"subject"`
	Labels  *Labels `json:"labels" doc:"null for none."`
}

// SetLabels replaces a subject's labels: what is left out, null or empty is removed.
type SetLabels struct {
	_         struct{}          `additionalProperties:"false"`
	Reference *string           `json:"reference,omitempty" maxLength:"512" doc:"Links it with others: they share one timeline under /references." example:"REF-ABC-123"`
	Free      map[string]string `json:"labels,omitempty" maxProperties:"50" doc:"Anything, by name: names of at most 64 bytes, values of at most 512." example:"{\"owner\":\"ann\"}"`
	ExpiresAt *domain.Instant   `json:"expires_at,omitempty" doc:"The last moment of the gift or offer." example:"2025-03-01T00:00:00Z"`
}

// LabelsInput says what the labels are to be.
type LabelsInput struct {
	Which
	Body SetLabels
}

// labels answers what people say of it.
func (s subjects) labels(ctx context.Context, in *Which) (*body[Labeled], error) {
	c, err := s.find(ctx, *in)
	if err != nil {
		return nil, err
	}
	l, err := s.labelsOf(ctx, c.Subject)
	if err != nil {
		return nil, err
	}
	return answer(Labeled{named(c.Subject), l}), nil
}

func (s subjects) setLabels(ctx context.Context, in *LabelsInput) (*body[Labeled], error) {
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	c, err := s.find(ctx, in.Which)
	if err != nil {
		return nil, err
	}
	l := domain.Labels{Free: in.Body.Free, ExpiresAt: in.Body.ExpiresAt, UpdatedAt: domain.InstantOf(s.now()), By: callerOf(ctx).ID}
	if in.Body.Reference != nil {
		l.Reference = *in.Body.Reference
	}
	if err := s.store.SetLabels(ctx, c.Subject, l); err != nil {
		return nil, err
	}
	return s.labels(ctx, &in.Which)
}

// labelName is how long the name of a label may be, in bytes.
const labelName = 64

// check refuses what no database could hold, or no list could show. Empty labels say nothing and are dropped.
func (l *SetLabels) check() error {
	var wrong faults
	if l.Reference != nil && !storable(*l.Reference) {
		wrong.add("body.reference", "at most %d bytes, without NUL", domain.MaxIdentifier)
	}
	for name, value := range l.Free {
		if name == "" || len(name) > labelName || !storable(name) || !storable(value) {
			wrong.add("body.labels", "names have 1 to %d bytes, values at most %d, without NUL", labelName, domain.MaxIdentifier)
			break
		}
		if value == "" {
			delete(l.Free, name)
		}
	}
	return wrong.problem()
}

func (a *API) labelsOf(ctx context.Context, s domain.Subject) (*Labels, error) {
	found, err := a.store.LabelsOf(ctx, s)
	if err != nil {
		return nil, err
	}
	l, ok := found[s]
	if !ok {
		return nil, nil
	}
	return labelsView(&l), nil
}

// knownBy leaves labels out that were not set by the time that is looked back to. They have no other history.
func (w When) knownBy(l *Labels) *Labels {
	if l != nil && w.KnownAt.at != nil && l.UpdatedAt > *w.KnownAt.at {
		return nil
	}
	return l
}
