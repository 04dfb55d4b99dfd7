package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// heldAnswer keeps an answer back until it is known what to do with it. Its headers are the real answer's.
type heldAnswer struct {
	gin.ResponseWriter
	status int
	body   bytes.Buffer
}

// What a gin.ResponseWriter does, but for the body and the status.
func (h *heldAnswer) WriteHeader(status int)            { h.status = status }
func (h *heldAnswer) WriteHeaderNow()                   {}
func (h *heldAnswer) Write(b []byte) (int, error)       { return h.body.Write(b) }
func (h *heldAnswer) WriteString(s string) (int, error) { return h.body.WriteString(s) }
func (h *heldAnswer) Status() int                       { return h.status }
func (h *heldAnswer) Size() int                         { return h.body.Len() }
func (h *heldAnswer) Written() bool                     { return h.body.Len() > 0 }

// hold runs what answers, and keeps its answer back. After a panic nothing of it is left.
func hold(c *gin.Context, next func()) *heldAnswer {
	h := &heldAnswer{ResponseWriter: c.Writer, status: http.StatusOK}
	defer func() { c.Writer = h.ResponseWriter }()
	c.Writer = h
	next()
	return h
}

// release sends it.
func (h *heldAnswer) release() {
	h.ResponseWriter.WriteHeader(h.status)
	_, _ = h.ResponseWriter.Write(h.body.Bytes())
}

// tag gives every answer that was read a tag, and answers 304 to who has it. The tag is a digest of the answer itself:
// reading costs the same, but whatever an answer is made of, from the labels of a subject to the clock and what the key
// may see, another content never has the same tag, and the same content has it on every replica.
func (a *API) tag(ctx huma.Context, next func(huma.Context)) {
	if ctx.Method() != http.MethodGet || endless(ctx.Operation()) {
		next(ctx)
		return
	}
	c := humagin.Unwrap(ctx)
	h := hold(c, func() { next(ctx) })
	if h.status != http.StatusOK {
		h.release()
		return
	}
	sum := sha256.Sum256(h.body.Bytes())
	tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	header := c.Writer.Header()
	header.Set("ETag", tag)
	header.Set("Cache-Control", "private, no-cache")
	header.Add("Vary", "Authorization")
	if !hasTag(c.Request.Header["If-None-Match"], tag) {
		h.release()
		return
	}
	header.Del("Content-Type")
	c.Writer.WriteHeader(http.StatusNotModified)
	c.Writer.WriteHeaderNow()
}

// endless reports whether an operation answers with a stream.
func endless(op *huma.Operation) bool { return op.Responses["200"].Content[eventStream] != nil }

// hasTag compares as RFC 9110 does for reading: weakly.
func hasTag(lists []string, tag string) bool {
	opaque := strings.TrimPrefix(tag, "W/")
	for _, list := range lists {
		for one := range strings.SplitSeq(list, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == opaque {
				return true
			}
		}
	}
	return false
}

// documentTags describes what tag does to every operation that reads.
func (a *API) documentTags() {
	tagged := map[string]*huma.Param{
		"ETag": {Description: "Changes with the content. Send it as If-None-Match to be spared what you have.", Schema: &huma.Schema{Type: huma.TypeString}},
	}
	for _, item := range a.huma.OpenAPI().Paths {
		if op := item.Get; op != nil && !keyless(op) && !endless(op) {
			op.Parameters = append(op.Parameters, textParam("header", "If-None-Match", "The ETag of the answer that you have: 304 without a body says that it still stands."))
			op.Responses["304"] = &huma.Response{Description: "What you have still stands", Headers: tagged}
			withHeaders(op.Responses["200"], tagged)
		}
	}
}

func withHeaders(r *huma.Response, more map[string]*huma.Param) {
	if r.Headers == nil {
		r.Headers = map[string]*huma.Param{}
	}
	for name, header := range more {
		r.Headers[name] = header
	}
}
