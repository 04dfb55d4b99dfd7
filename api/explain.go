package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"giftline/domain"
)

// ExplainInput asks why a subject stands where it stands.
type ExplainInput struct {
	Which
	When
	Accept string `header:"Accept" hidden:"true"` // as accept left it
}

type explainOutput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Vary        string `header:"Vary" hidden:"true"`
	Body        any
}

// explain answers as data, or only its text where that is what the client would rather have.
func (s subjects) explain(ctx context.Context, in *ExplainInput) (*explainOutput, error) {
	c, err := s.find(ctx, in.Which)
	if err != nil {
		return nil, err
	}
	x, err := s.reader.Explain(ctx, c, in.view(Paging{}), s.now())
	if err != nil {
		return nil, err
	}
	if in.Accept == plainText {
		return &explainOutput{"text/plain; charset=utf-8", "Accept", []byte(x.Text)}, nil
	}
	return &explainOutput{Vary: "Accept", Body: x}, nil
}

// explainAnswers documents the two shapes of one answer.
func (a *API) explainAnswers() map[string]*huma.Response {
	return a.orText(reflect.TypeFor[domain.Explanation]())
}

// orText documents an answer that may be plain text instead.
func (a *API) orText(t reflect.Type) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: http.StatusText(http.StatusOK),
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: a.huma.OpenAPI().Components.Schemas.Schema(t, true, "")},
			plainText:          {Schema: &huma.Schema{Type: huma.TypeString}},
		},
	}}
}
