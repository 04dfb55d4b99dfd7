package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"giftline/api"
	"giftline/domain"
)

// asked is whom reading commands ask: the database on this machine, or a running server.
type asked struct {
	DB  string `name:"db" help:"Database file." env:"GIFTLINE_DB" default:"giftline.db" placeholder:"FILE"`
	URL string `name:"url" help:"Ask the server there, with the key in GIFTLINE_API_KEY, not the database." placeholder:"URL"`
}

// open gives the client; publicURL is for a local answer, a server has its own.
func (a asked) open(p *program, publicURL string) (*client, error) {
	if a.URL != "" {
		return p.newClient(a.URL)
	}
	if err := checkDB(a.DB); err != nil {
		return nil, err
	}
	return p.openLocal(a.DB, publicURL)
}

// openWriting is open for commands that change something. A file is one process's at a time, so beside a running server
// they go through it; a PostgreSQL database takes them anyway.
func (a asked) openWriting(p *program) (*client, error) {
	if a.URL != "" {
		return p.newClient(a.URL)
	}
	if err := checkDB(a.DB); err != nil {
		return nil, err
	}
	return p.openLocalWriting(a.DB)
}

// client asks the API, over the network or in this process.
type client struct {
	base      string // without a slash at the end
	key       string
	transport http.RoundTripper
	close     func() error
}

// newClient is one for a server; the key comes from the settings.
func (p *program) newClient(base string) (*client, error) {
	base, err := baseURL(base)
	if err != nil {
		return nil, usagef("--url %v", err)
	}
	key, err := p.apiKey()
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, usagef("asking a server takes a key: put the one that serve showed into GIFTLINE_API_KEY")
	}
	return &client{base, key, http.DefaultTransport, func() error { return nil }}, nil
}

// baseURL checks the address of a server and cuts the slash at its end.
func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		if strings.Contains(s, "@") { // in front of it may be a password
			return "", errors.New("is not an address like https://hooks.example.com: it holds an @")
		}
		return "", fmt.Errorf("%q is not an address like https://hooks.example.com", s)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// get gives the body of a 2xx answer; a problem comes back as a domain.Error with the server's code.
func (c *client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.send(ctx, http.MethodGet, path, nil)
}

// send is get for any method, with a body in JSON unless it is nil.
func (c *client) send(ctx context.Context, method, path string, body any) ([]byte, error) {
	var text io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		text = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, text)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	status, answer, err := exchange(c.transport, req)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusUnauthorized:
		return nil, fmt.Errorf("%s does not know the key in GIFTLINE_API_KEY", c.base)
	case status/100 != 2:
		return nil, problem(status, answer)
	}
	return answer, nil
}

// exchange sends a request and reads the whole answer. Redirects are not followed: keys and signatures are for this
// server only.
func exchange(t http.RoundTripper, req *http.Request) (int, []byte, error) {
	h := &http.Client{
		Transport: t, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := h.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("no answer; is the server running there? %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("reading the answer: %w", err)
	}
	return res.StatusCode, body, nil
}

// problem turns an RFC 9457 answer into an error.
func problem(status int, body []byte) error {
	var p struct {
		Code, Detail string
		Errors       []struct{ Location, Message string }
	}
	if json.Unmarshal(body, &p) != nil || p.Code == "" {
		return fmt.Errorf("the server answered %d %s", status, http.StatusText(status))
	}
	words := []string{p.Detail}
	for _, e := range p.Errors {
		if said := e.Location + ": " + e.Message; p.Detail == api.RequestDetail || strings.HasSuffix(said, p.Detail) {
			words[0] = "" // says less than the errors do
		}
		words = append(words, e.Location+": "+e.Message)
	}
	return domain.Errorf(domain.Code(p.Code), "%s", strings.TrimPrefix(strings.Join(words, "; "), "; "))
}

// inProcess hands requests to a handler of this process, so that a local database is read through the same routes as
// a server's and gives the same answers.
type inProcess struct{ http.Handler }

// RoundTrip answers the request here. The answer can be read while it is written: some do not end.
func (h inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	body, writer := io.Pipe()
	a := &inFlight{header: http.Header{}, body: writer, begun: make(chan *http.Response, 1), status: http.StatusOK}
	go func() {
		h.ServeHTTP(a, r)
		a.begin()
		_ = writer.Close()
	}()
	res := <-a.begun
	res.Body, res.Request = body, r
	return res, nil
}

// inFlight is an answer as it is written.
type inFlight struct {
	header http.Header
	status int
	body   *io.PipeWriter
	once   sync.Once
	begun  chan *http.Response
}

func (a *inFlight) begin() {
	a.once.Do(func() { a.begun <- &http.Response{StatusCode: a.status, Header: a.header.Clone()} })
}

// Header, WriteHeader, Write and Flush make it an http.ResponseWriter that does not wait for the end.
func (a *inFlight) Header() http.Header    { return a.header }
func (a *inFlight) WriteHeader(status int) { a.status = status; a.begin() }
func (a *inFlight) Flush()                 { a.begin() }
func (a *inFlight) Write(b []byte) (int, error) {
	a.begin()
	return a.body.Write(b)
}
