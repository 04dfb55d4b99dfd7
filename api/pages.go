package api

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// The pages for people are made here and need no script: what a browser is told to refuse, they do not have.
const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed pages
var pageFiles embed.FS

var pages = template.Must(template.New("").ParseFS(pageFiles, "pages/*.html"))

// page fills a template. That it fails is a fault of the program, answered by edge.
func page(name string, data any) []byte {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func writePage(c *gin.Context, b []byte) {
	guardPage(c)
	c.Data(http.StatusOK, "text/html; charset=utf-8", b)
}

func guardPage(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// show answers a browser with a page and everybody else with JSON.
func show(c *gin.Context, name string, data, answer any) {
	c.Writer.Header().Set("Vary", "Accept")
	if wantsPage(c.Request.Header.Get("Accept")) {
		writePage(c, page(name, data))
		return
	}
	writeJSON(c, http.StatusOK, "application/json", answer)
}

// wantsPage reports whether HTML is asked for before JSON is. Browsers name it first; programs mostly name nothing.
func wantsPage(accept string) bool {
	before, _, html := strings.Cut(accept, "text/html")
	return html && !strings.Contains(before, "json")
}

// style serves the one style sheet.
func (a *API) style(c *gin.Context) {
	b, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		panic(err) // embedded
	}
	guardPage(c)
	c.Data(http.StatusOK, "text/css; charset=utf-8", b)
}

// docs serves the document as a page, made when it is first asked for.
func (a *API) docs() gin.HandlerFunc {
	made := sync.OnceValue(func() []byte { return page("docs.html", a.manual()) })
	return func(c *gin.Context) { writePage(c, made()) }
}
