package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Landing names the paths to go on with.
type Landing struct {
	Service string `json:"service" doc:"What this is." example:"giftline"`
	Sources string `json:"sources" doc:"Which webhooks arrive, and the URLs to paste at the providers." example:"/sources"`
	OpenAPI string `json:"openapi" doc:"The OpenAPI document." example:"/openapi.json"`
	Docs    string `json:"docs" doc:"The same for people." example:"/docs"`
	Health  string `json:"health" doc:"Whether a webhook could be recorded now." example:"/readyz"`
}

// Health is the answer to a probe.
type Health struct {
	Status string `json:"status" doc:"Always ok; anything else is a problem." example:"ok"`
}

// landing tells a person, or a script, where to go on.
func (a *API) landing(c *gin.Context) {
	writeJSON(c, http.StatusOK, "application/json", Landing{"giftline", "/sources", "/openapi.json", "/docs", "/readyz"})
}

// healthy says that the process lives, and nothing of the database: a restart would not help it.
func (a *API) healthy(c *gin.Context) { ok(c) }

// probeTime is less than those who probe usually wait.
const probeTime = 4 * time.Second

// ready says whether a webhook could be recorded now.
func (a *API) ready(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), probeTime)
	defer cancel()
	if err := a.store.Ready(ctx); err != nil {
		p := problemOf(err)
		if p.Status != http.StatusServiceUnavailable {
			p = newProblem(http.StatusServiceUnavailable, p.Code, "the database cannot take writes now: look at the log").because(err)
		}
		fail(c, p)
		return
	}
	ok(c)
}

func ok(c *gin.Context) {
	writeJSON(c, http.StatusOK, "application/json", Health{"ok"})
}

func noRoute(c *gin.Context) {
	fail(c, newProblem(http.StatusNotFound, codeNoRoute, "there is nothing at this path: see /docs; a / at the end counts"))
}

func noMethod(c *gin.Context) {
	fail(c, newProblem(http.StatusMethodNotAllowed, codeNoMethod, "this path takes other methods: see the Allow header"))
}
