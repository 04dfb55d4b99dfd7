package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"giftline/domain"
)

// openRoutes need no key: they tell nothing of what was received, or bring their own proof.
var openRoutes = []string{
	"GET /", "GET /healthz", "HEAD /healthz", "GET /readyz", "HEAD /readyz", "GET /openapi.json",
	"GET /docs", "GET /docs/style.css", "GET /problems", "GET /problems/:code",
	"POST /webhooks/:source", "POST /webhooks/:source/:event_type",
}

// routeOf names a route as gin writes it; braces, as huma writes parameters, are taken too.
func routeOf(method, path string) string {
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			part = ":" + strings.TrimSuffix(name, "}")
		}
		parts = append(parts, part)
	}
	return method + " " + strings.Join(parts, "/")
}

// declare says which scope a route takes. It panics, at the start, where that is none of ours: a route that anybody with
// any key may use cannot come about by forgetting something.
func (a *API) declare(scope domain.Scope, method, path string) {
	if !slices.Contains(domain.Scopes(), scope) {
		panic(fmt.Sprintf("%s %s declares no scope", method, path))
	}
	a.scopes[routeOf(method, path)] = scope
}

// guarded registers a plain handler behind a scope, for what does not pass through huma.
func (a *API) guarded(scope domain.Scope, method, path string, h gin.HandlerFunc) {
	a.declare(scope, method, path)
	a.engine.Handle(method, path, a.authenticate, a.strict, h)
}

// checkScopes panics at a route that neither declares a scope nor is open on purpose.
func (a *API) checkScopes() {
	for _, r := range a.engine.Routes() {
		route := routeOf(r.Method, r.Path)
		if _, declared := a.scopes[route]; !declared && !slices.Contains(openRoutes, route) {
			panic("a route without a scope: " + route)
		}
	}
}

// wordList lists scopes or names for people.
func wordList[T ~string](all []T) string {
	if len(all) == 0 {
		return "none"
	}
	var names []string
	for _, w := range all {
		names = append(names, string(w))
	}
	return strings.Join(names, ", ")
}

// mayReadBytes refuses what providers sent as it was: masking could not reach into it.
func mayReadBytes(key *domain.Key) *Problem {
	switch {
	case !key.Allows(domain.ScopeRaw):
		return lacking(key, domain.ScopeRaw)
	case !key.Personal:
		return newProblem(http.StatusForbidden, codeForbidden, "raw bytes hold personal fields, and this key is not granted them")
	}
	return nil
}
