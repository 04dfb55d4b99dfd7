package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"giftline/domain"
)

const (
	requestTimeout = 10 * time.Second // for all of it, from the look-up of the name to the end of the answer
	answerAtMost   = 64 << 10         // bytes of an answer that are read, its header apart
	afterAtMost    = time.Hour        // that a receiver may put us off: it does not decide when people hear of trouble
)

// poster posts to the URL of one channel.
type poster struct {
	client *http.Client
	url    string
	host   string // what errors may name of the URL
	agent  string
	now    func() time.Time
	final  []int    // answers after which trying again is of no use
	words  []string // of the answer that errors may repeat
}

func newPoster(u *url.URL, o Options, final ...int) poster {
	g := guard{allow: o.Allow}
	return poster{
		url: u.String(), host: u.Host, agent: "Giftline/" + o.Version, now: o.Now, final: final,
		client: &http.Client{
			Timeout: requestTimeout,
			// The body goes nowhere but to the configured host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{ // without a proxy: the guard would check the proxy's address
				DialContext:            g.dialer().DialContext,
				TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
				DisableCompression:     true, // a small answer could unpack to a large one
				MaxResponseHeaderBytes: answerAtMost,
				MaxIdleConns:           2,
				IdleConnTimeout:        90 * time.Second,
			},
		},
	}
}

// post sends a JSON body with further headers, and says how to go on.
func (p *poster) post(ctx context.Context, body []byte, header http.Header) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("its url cannot be posted to") // the cause repeats it
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", p.agent)
	res, err := p.client.Do(req)
	if err != nil {
		return p.failed(ctx, err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, answerAtMost)) // its status says it all, however it ends
	return p.read(res, answer)
}

// read says how to go on after an answer. What a wrong setting explains is tried again: it may be mended.
func (p *poster) read(res *http.Response, answer []byte) error {
	code := res.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	err := &domain.NotifyError{Err: fmt.Errorf("%s answered %d%s", p.host, code, p.because(code, answer))}
	switch {
	case code == http.StatusGone:
		err.Disable = true
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		err.After = retryAfter(res.Header.Get("Retry-After"), p.now())
	case slices.Contains(p.final, code):
		err.Final = true
	}
	return err
}

// because explains an answer where we know more than its number. Of the answer itself only known words are repeated: it
// may hold anything, even the request's secrets.
func (p *poster) because(code int, answer []byte) string {
	switch word := strings.TrimSpace(string(answer)); {
	case slices.Contains(p.words, word):
		return " (" + word + ")"
	case code >= 300 && code < 400:
		return ": redirects are not followed, so its url should be where this one leads"
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return ": look at its url and secrets"
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		return ": look at its url"
	}
	return ""
}

// retryAfter reads seconds or a date; what is neither says nothing.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, afterAtMost)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), afterAtMost)
}

func (p *poster) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err() // we are told to stop
	}
	return &domain.NotifyError{Err: fmt.Errorf("%s cannot be told: %s", p.host, causeOf(err))}
}

const unknownCause = "its answer makes no sense"

// causeOf describes why a connection failed. Only what is known to repeat nothing of the request is repeated.
func causeOf(err error) string {
	var (
		denied      *deniedError
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
		op          *net.OpError
		network     net.Error
	)
	switch {
	case errors.As(err, &denied):
		return denied.Error()
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "it did not answer in time"
	case errors.As(err, &dns):
		return "its name was not found: " + dns.Err
	case errors.As(err, &certificate):
		return certificate.Error()
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS"
	case errors.As(err, &alert):
		return alert.Error()
	case errors.As(err, &op):
		return op.Err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it hung up"
	}
	return unknownCause
}
