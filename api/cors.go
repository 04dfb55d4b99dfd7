package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// What pages of other origins may send and read. Credentials are never allowed: a key is sent by who has it, not by a
// browser on its own.
const (
	corsMethods = "GET, POST, PUT, DELETE"
	corsSent    = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID"
	corsRead    = "ETag, Idempotency-Replayed, Link, Retry-After, X-Request-Id"
	corsMaxAge  = "600"
)

// cors lets browsers show our answers to pages of the configured origins, and answers what they ask beforehand, which
// comes without a key.
func (a *API) cors(c *gin.Context) {
	if len(a.origins) == 0 || strings.HasPrefix(c.Request.URL.Path, "/webhooks/") {
		return
	}
	h, origin := c.Writer.Header(), c.Request.Header.Get("Origin")
	allowed := "*"
	if !slices.Contains(a.origins, "*") {
		h.Add("Vary", "Origin")
		allowed = origin
		if !slices.Contains(a.origins, origin) {
			return
		}
	}
	if origin == "" {
		return
	}
	h.Set("Access-Control-Allow-Origin", allowed)
	h.Set("Access-Control-Expose-Headers", corsRead)
	if c.Request.Method == http.MethodOptions && c.Request.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", corsMethods)
		h.Set("Access-Control-Allow-Headers", corsSent)
		h.Set("Access-Control-Max-Age", corsMaxAge)
		c.AbortWithStatus(http.StatusNoContent)
	}
}
