package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"giftline/domain"
)

// Problem is the answer to every request that fails (RFC 9457). Code is the stable word to act on, Detail says what is
// wrong and what to do next. It never holds anything of a request's body.
type Problem struct {
	Type      string  `json:"type" doc:"Always about:blank: code tells problems apart."`
	Title     string  `json:"title" doc:"The status in words."`
	Status    int     `json:"status"`
	Detail    string  `json:"detail" doc:"What is wrong and what to do next."`
	Code      string  `json:"code" doc:"A stable word to act on." example:"not_found"`
	RequestID string  `json:"request_id,omitempty" doc:"Find it in the log."`
	Errors    []Fault `json:"errors,omitempty" doc:"Which part of the request is wrong."`

	Providers []domain.Provider `json:"providers,omitempty" doc:"With the code ambiguous: where the id is known. Ask again with ?provider= and one of them."`

	headers http.Header
	cause   error // for the log only
}

// Fault points at one wrong part of a request.
type Fault struct {
	Location string `json:"location" example:"query.as_of"`
	Message  string `json:"message"`
}

// The codes of this package, beside domain's and the reasons of refused webhooks.
const (
	codeInternal  = "internal"
	codeNoRoute   = "no_route"
	codeNoMethod  = "method_not_allowed"
	codeKey       = "unauthorized"
	codeSource    = "unknown_source"
	codeTooLarge  = "too_large"
	codeEncoding  = "content_encoding"
	codeMediaType = "media_type"
	codeBroken    = "body_incomplete"
	codeTimeout   = "timeout"
	codeGone      = "client_gone"
)

const internalDetail = "internal error: look for the request id in the log"

// statusClientGone is what nginx logs for a client that went away; nobody reads the answer.
const statusClientGone = 499

// statusOf is the one place where the domain's codes become HTTP.
var statusOf = map[domain.Code]int{
	domain.CodeInvalid:      http.StatusUnprocessableEntity,
	domain.CodeNotFound:     http.StatusNotFound,
	domain.CodeNotFoundAt:   http.StatusNotFound,
	domain.CodeAmbiguous:    http.StatusConflict,
	domain.CodeBusy:         http.StatusServiceUnavailable,
	domain.CodeReset:        http.StatusGone,
	domain.CodeLost:         http.StatusConflict,
	domain.CodeNewerMachine: http.StatusServiceUnavailable,
	domain.CodeNewerStore:   http.StatusServiceUnavailable,
	domain.CodeNoStore:      http.StatusServiceUnavailable,
	domain.CodeDamaged:      http.StatusInternalServerError,
}

func newProblem(status int, code, detail string) *Problem {
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
	if status == http.StatusServiceUnavailable {
		return p.with("Retry-After", "5")
	}
	return p
}

// with adds a header to the answer.
func (p *Problem) with(name, value string) *Problem {
	if p.headers == nil {
		p.headers = http.Header{}
	}
	p.headers.Set(name, value)
	return p
}

// because keeps the cause for the log.
func (p *Problem) because(err error) *Problem {
	p.cause = err
	return p
}

// problemOf turns any error into its answer. What no caller can act on is an internal error, and only the log says
// which.
func problemOf(err error) *Problem {
	var ours *Problem
	var known *domain.Error
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &known) && statusOf[known.Code] != 0:
		return newProblem(statusOf[known.Code], string(known.Code), known.Message).because(err)
	case errors.Is(err, context.Canceled):
		return newProblem(statusClientGone, codeGone, "the client went away before the answer")
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusServiceUnavailable, codeTimeout, "this took too long: try again").because(err)
	}
	return newProblem(http.StatusInternalServerError, codeInternal, internalDetail).because(err)
}

// Error gives the code and what lies beneath, for logs.
func (p *Problem) Error() string {
	if p.cause != nil {
		return p.Code + ": " + p.cause.Error()
	}
	return p.Code
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.cause }

// GetStatus makes a Problem huma's own kind of error.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are written by huma beside the problem.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType is RFC 9457's.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// fail answers a problem from a plain handler and stops the chain.
func fail(c *gin.Context, p *Problem) {
	note(c, p)
	maps.Copy(c.Writer.Header(), p.headers)
	writeJSON(c, p.Status, p.ContentType(""), p)
	c.Abort()
}

// note puts the request id on the problem and the problem on the request, where the log line finds it.
func note(c *gin.Context, p *Problem) {
	p.RequestID = c.Writer.Header().Get(requestIDHeader)
	_ = c.Error(p)
}

// noteProblems is note for what passes through huma.
func noteProblems(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*Problem); ok {
		note(humagin.Unwrap(ctx), p)
	}
	return v, nil
}

// humaError gives huma's own refusals the shape of ours, without the values that it would echo.
func humaError(status int, message string, errs ...error) huma.StatusError {
	if message == "cannot read request body" { // broken off by the sender, so not the 500 that huma makes of it
		return newProblem(http.StatusBadRequest, codeBroken, "the body broke off: send it again")
	}
	p := newProblem(status, codeFor(status), message)
	switch {
	case status == http.StatusUnsupportedMediaType:
		p.Detail = "send the body as Content-Type: application/json"
	case len(errs) > 0:
		p.Detail = "the request does not fit: errors says where"
	}
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			p.Errors = append(p.Errors, Fault{Location: clip(detail.Location), Message: clip(detail.Message)})
		}
	}
	if status >= http.StatusInternalServerError {
		p.Detail, p.Errors, p.cause = internalDetail, nil, errors.Join(errs...)
	}
	return p
}

func codeFor(status int) string {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return codeTooLarge
	case http.StatusUnsupportedMediaType:
		return codeMediaType
	case http.StatusRequestTimeout:
		return codeTimeout
	}
	if status >= http.StatusInternalServerError {
		return codeInternal
	}
	return string(domain.CodeInvalid)
}

// clip keeps what people sent us short in answers.
func clip(s string) string {
	const most = 160
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
