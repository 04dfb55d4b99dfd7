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
	"time"

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
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	status, body, err := exchange(c.transport, req)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusUnauthorized:
		return nil, fmt.Errorf("%s does not know the key in GIFTLINE_API_KEY", c.base)
	case status/100 != 2:
		return nil, problem(status, body)
	}
	return body, nil
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
	var p struct{ Code, Detail string }
	if json.Unmarshal(body, &p) != nil || p.Code == "" {
		return fmt.Errorf("the server answered %d %s", status, http.StatusText(status))
	}
	return domain.Errorf(domain.Code(p.Code), "%s", p.Detail)
}

// inProcess hands requests to a handler of this process, so that a local database is read through the same routes as
// a server's and gives the same answers.
type inProcess struct{ http.Handler }

// RoundTrip answers the request here.
func (h inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	a := &inMemory{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(a, r)
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(&a.body), Request: r}, nil
}

// inMemory is an answer as it is written.
type inMemory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header, WriteHeader and Write make it an http.ResponseWriter.
func (a *inMemory) Header() http.Header         { return a.header }
func (a *inMemory) WriteHeader(status int)      { a.status = status }
func (a *inMemory) Write(b []byte) (int, error) { return a.body.Write(b) }
