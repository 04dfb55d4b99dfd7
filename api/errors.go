package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gin-gonic/gin"

	"giftline/domain"
)

// Problem is the answer to every request that fails (RFC 9457). Code is the stable word to act on, Detail says what is
// wrong and what to do next. It never holds anything of a request's body.
type Problem struct {
	Type      string  `json:"type" doc:"Path of the page that explains the code." example:"/problems/not_found"`
	Title     string  `json:"title" doc:"The code in a few words." example:"There is no such thing"`
	Status    int     `json:"status" doc:"The HTTP status, once more." example:"404"`
	Detail    string  `json:"detail" doc:"What is wrong this time and what to do next." example:"no gift has this id: check it, or wait for its first webhook"`
	Code      string  `json:"code" doc:"A stable word to act on; GET /problems lists all." example:"not_found"`
	RequestID string  `json:"request_id,omitempty" doc:"Find it in the log." example:"req_0a1b2c3d_1"`
	Errors    []Fault `json:"errors,omitempty" doc:"Which part of the request is wrong."`

	Providers []domain.Provider `json:"providers,omitempty" doc:"With the code ambiguous: where the id is known. Ask again with ?provider= and one of them."`

	Needs domain.Scope `json:"needs,omitempty" doc:"With the code forbidden: the scope that the key lacks." example:"write"`

	headers http.Header
	cause   error // for the log only
}

// Fault points at one wrong part of a request.
type Fault struct {
	Location string `json:"location" doc:"Where: query, path, header or body, and the name behind a dot. What is in a body is not repeated." example:"query.as_of"`
	Message  string `json:"message" doc:"What was expected there." example:"expected RFC 3339 such as 2025-01-15T14:44:00Z; in a URL write + as %2B"`
}

// The codes of this package, beside domain's and the reasons of refused webhooks.
const (
	codeInternal  = "internal"
	codeNoRoute   = "no_route"
	codeNoMethod  = "method_not_allowed"
	codeKey       = "unauthorized"
	codeForbidden = "forbidden"
	codeRate      = "rate_limited"
	codeSource    = "unknown_source"
	codeTooLarge  = "too_large"
	codeEncoding  = "content_encoding"
	codeMediaType = "media_type"
	codeBroken    = "body_incomplete"
	codeTimeout   = "timeout"
	codeGone      = "client_gone"

	codeTooManyStreams = "too_many_streams"

	codeAlertOver    = "alert_over"
	codeCountChanged = "count_changed"
)

const (
	internalDetail = "internal error: look for the request id in the log"

	// RequestDetail is the detail of a problem whose errors say everything.
	RequestDetail = "the request does not fit: errors says where"
)

// statusClientGone is what nginx logs for a client that went away; nobody reads the answer.
const statusClientGone = 499

func newProblem(status int, code, detail string) *Problem {
	p := &Problem{Type: problemPath + code, Title: cmp.Or(problemPages[code].Title, http.StatusText(status)), Status: status, Code: code, Detail: detail}
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
	case errors.As(err, &known) && problemPages[string(known.Code)].Status != 0:
		return newProblem(problemPages[string(known.Code)].Status, string(known.Code), known.Message).because(err)
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
		p.Detail = RequestDetail
	}
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			p.Errors = append(p.Errors, faultOf(detail))
		}
	}
	if status >= http.StatusInternalServerError {
		p.Detail, p.Errors, p.cause = internalDetail, nil, errors.Join(errs...)
	}
	return p
}

// formatted is huma's Sprintf without the parsers' own errors, which repeat what they could not parse.
func formatted(format string, args ...any) string {
	for i, arg := range args {
		if _, is := arg.(error); is {
			args[i] = "it is not"
		}
	}
	return fmt.Sprintf(format, args...)
}

// missingProperty begins huma's message of what a body lacks.
var missingProperty, _, _ = strings.Cut(validation.MsgExpectedRequiredProperty, "%s")

// faultOf leaves out what huma repeats of a request: values in the messages of parsers, and the names that a body has.
func faultOf(d *huma.ErrorDetail) Fault {
	f := Fault{Location: clip(schemaPlace(d.Location)), Message: clip(d.Message)}
	value, _ := d.Value.(string)
	missing, lacks := strings.CutPrefix(d.Message, missingProperty)
	switch {
	case lacks: // a name of the schema's
		f.Message = "lacks " + strings.TrimSuffix(missing, " to be present") + ": put it in"
	case d.Location == "body":
		f.Message = "expected JSON that fits the schema of this operation's body: see /docs"
	case d.Location == "body.expires_in" || d.Location == "query.within":
		f.Message = "expected a time such as 12h or 90d: a number, then s, m, h or d"
	case d.Message == validation.MsgUnexpectedProperty:
		f.Location, f.Message = "body", "holds a property that the schema of this operation's body has not: see /docs"
	case d.Message == "invalid value: "+momentWanted, // even where the value is a part of these words
		d.Message == validation.MsgExpectedRFC3339DateTime && strings.HasPrefix(d.Location, "query."):
		f.Message = momentWanted
	case strings.HasPrefix(d.Message, "invalid value: ") && value != "" && strings.Contains(d.Message, value):
		f.Message = "expected another value: see the schema of this parameter in /docs"
	}
	return f
}

// schemaPlace cuts a place in a body behind its first name, the last that is sure to be the schema's and not the body's.
func schemaPlace(location string) string {
	if parts := strings.SplitN(location, ".", 3); parts[0] == "body" && len(parts) == 3 {
		return parts[0] + "." + parts[1]
	}
	return location
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
