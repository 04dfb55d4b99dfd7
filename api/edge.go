package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/negotiation"
	"github.com/gin-gonic/gin"
)

const requestIDHeader = "X-Request-Id"

// edge surrounds every request: an id of ours, path values unescaped once, panics answered, one log line.
func (a *API) edge(c *gin.Context) {
	began := time.Now()
	c.Writer.Header()[requestIDHeader] = []string{a.requestID()}
	defer func() {
		if panicked := recover(); panicked != nil {
			a.answerPanic(c, panicked)
		}
		a.logRequest(c, time.Since(began))
	}()
	if p := unescapePath(c.Params); p != nil {
		fail(c, p)
		return
	}
	c.Next()
}

// requestID is cheap: a random start per process and a count. Ids from outside are not honoured, they could be forged.
func (a *API) requestID() string {
	return a.idPrefix + strconv.FormatUint(a.requests.Add(1), 36)
}

// unescapePath decodes each path value exactly once, as a path: gin would read + as a space. An empty value, which gin
// routes for //, names nothing.
func unescapePath(params gin.Params) *Problem {
	for i := range params {
		value, err := url.PathUnescape(params[i].Value)
		if err != nil || value == "" {
			return newProblem(http.StatusNotFound, codeNoRoute, "the path has an empty "+params[i].Key+": put one in, escaped as %XX where it holds / or %")
		}
		params[i].Value = value
	}
	return nil
}

func (a *API) answerPanic(c *gin.Context, panicked any) {
	if panicked == http.ErrAbortHandler {
		panic(panicked)
	}
	err := fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
	if c.Writer.Written() {
		_ = c.Error(problemOf(err))
		c.Abort()
		return
	}
	fail(c, problemOf(err))
}

// logRequest writes one line: no query string, no body, no path (ids may be personal), no address.
func (a *API) logRequest(c *gin.Context, took time.Duration) {
	status := c.Writer.Status()
	level := slog.LevelInfo
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case strings.HasSuffix(c.FullPath(), "z"): // /healthz, /readyz: asked every few seconds
		level = slog.LevelDebug
	}
	if !a.log.Enabled(context.Background(), level) {
		return
	}
	attrs := [8]slog.Attr{
		slog.String("request_id", c.Writer.Header().Get(requestIDHeader)),
		slog.String("method", method(c.Request.Method)),
		slog.String("route", c.FullPath()),
		slog.Int("status", status),
		slog.Float64("took_ms", float64(took.Microseconds())/1000),
	}
	n := 5
	if s, ok := a.sources[c.Param("source")]; ok {
		attrs[n] = slog.String("source", s.Name)
		n++
	}
	if last := c.Errors.Last(); last != nil {
		attrs[n] = slog.String("problem", last.Error())
		n++
	}
	a.log.LogAttrs(context.Background(), level, "request", attrs[:n]...)
}

// method keeps made-up methods, which may be long, out of the log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// strict prepares a request to the guarded routes. Every parameter counts: one that is malformed, empty or given twice
// where it has one value would otherwise be ignored, and an answer about now be taken for one about then.
func (a *API) strict(c *gin.Context) {
	h := c.Writer.Header()
	h["Cache-Control"], h["X-Content-Type-Options"] = []string{"no-store"}, []string{"nosniff"}
	accept(c.Request.Header)
	if c.Request.URL.RawQuery == "" {
		return
	}
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		fail(c, newProblem(http.StatusUnprocessableEntity, codeFor(0), "the query string is malformed: escape values as %XX"))
		return
	}
	for name, values := range query {
		wrong := ""
		switch {
		case slices.Contains(values, ""):
			wrong = "empty: give it a value, or leave it out"
		case len(values) > 1 && !a.repeatable(c, name):
			wrong = "given twice: it takes one value"
		}
		if wrong != "" {
			p := newProblem(http.StatusUnprocessableEntity, codeFor(0), RequestDetail)
			p.Errors = []Fault{{Location: "query." + clip(strings.ToValidUTF8(name, "")), Message: wrong}}
			fail(c, p)
			return
		}
	}
}

// accept leaves one word of what a client would rather have, or none for JSON: huma's own negotiation panics on "a;,b".
func accept(h http.Header) {
	if negotiation.SelectQValue(h.Get("Accept"), []string{"application/json", plainText}) == plainText {
		h.Set("Accept", plainText)
	} else {
		h.Del("Accept")
	}
}

// plainText is what some answers can be had in beside JSON.
const plainText = "text/plain"

// repeatable reports whether the route takes a parameter several times. Its document says so: a list does, and so may
// the members of an object.
func (a *API) repeatable(c *gin.Context, name string) bool {
	path := paramSyntax.ReplaceAllString(c.FullPath(), "{$1}")
	item := a.huma.OpenAPI().Paths[path]
	if item == nil || c.Request.Method != http.MethodGet || item.Get == nil {
		return false
	}
	object, _, member := strings.Cut(name, "[")
	for _, p := range item.Get.Parameters {
		if member && p.Name == object && p.Style == "deepObject" || !member && p.Name == name && p.Schema.Type == huma.TypeArray {
			return true
		}
	}
	return false
}

// paramSyntax is how gin writes what OpenAPI puts into braces.
var paramSyntax = regexp.MustCompile(`:([a-z_]+)`)

// jsonFormat writes without HTML escapes and all at once. That a client went away while it was written is not an error.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		b, err := encode(v)
		if err == nil {
			_, _ = w.Write(b)
		}
		return err
	},
	Unmarshal: json.Unmarshal,
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

func writeJSON(c *gin.Context, status int, contentType string, v any) {
	b, err := encode(v)
	if err != nil {
		panic(err) // answered by edge
	}
	c.Writer.Header()["Content-Type"] = []string{contentType}
	c.Writer.WriteHeader(status)
	_, _ = c.Writer.Write(b)
}
