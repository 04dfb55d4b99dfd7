package notify

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"giftline/domain"
)

// email sends one plain text to all its readers.
type email struct {
	writer
	smtpClient
	from *mail.Address
	to   []*mail.Address
	now  func() time.Time
}

func openEmail(c Channel, o Options, p *problems) domain.Notifier {
	p.only(c, "server", "tls", "user", "password", "from", "to")
	e := &email{writer: newWriter(o), now: o.Now, from: p.checkAddress("from", c.From)}
	for _, to := range c.To {
		e.to = append(e.to, p.checkAddress("to", to))
	}
	if len(c.To) == 0 {
		p.add("nobody to write to: add an address to to")
	}
	e.smtpClient = openSMTP(c, o, p)
	return e
}

func (p *problems) checkAddress(setting, raw string) *mail.Address {
	a, err := mail.ParseAddress(raw)
	if err != nil || strings.ContainsAny(a.Address, "\r\n") {
		p.add("%s: %q is no address like ops@example.com or Ops <ops@example.com>", setting, raw)
		return &mail.Address{}
	}
	return a
}

func openSMTP(c Channel, o Options, p *problems) smtpClient {
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil || host == "" || port == "" {
		p.add("server: %q is none: write host:port, such as smtp.example.com:587", c.Server)
	}
	if c.TLS == "" {
		c.TLS = startTLS
	}
	switch {
	case c.TLS != startTLS && c.TLS != onlyTLS && c.TLS != noTLS:
		p.add("unknown tls %q: use starttls (most servers, port 587), tls (port 465) or none", c.TLS)
	case c.TLS == noTLS && c.User != "" && !isLoopback(host):
		p.add("user and password would cross the network readable with tls: none: use starttls or tls")
	case c.User != "" && c.Password == "":
		p.add("a user without password: give it in password or password_file, or remove the user")
	case c.User == "" && c.Password != "":
		p.add("a password without user: add user, or remove the password")
	}
	return smtpClient{guard: guard{allow: o.Allow}, server: c.Server, host: host, tls: c.TLS, user: c.User, password: c.Password,
		hello: helloName(o.PublicURL), log: o.Log.With("channel", c.Name)}
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

// helloName is how we introduce ourselves to the server.
func helloName(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Hostname(), ": ") {
		return "localhost"
	}
	return u.Hostname()
}

// Notify sends the message. It is the same message for those who keep it, however often it is sent.
func (e *email) Notify(ctx context.Context, n domain.Notification) error {
	to := make([]string, len(e.to))
	for i, a := range e.to {
		to[i] = a.Address
	}
	return e.send(ctx, e.from.Address, to, e.compose(n))
}

// compose writes the message. No header can be smuggled in: addresses were parsed, the rest is encoded or ours.
func (e *email) compose(n domain.Notification) []byte {
	m := e.message(n)
	to := make([]string, len(e.to))
	for i, a := range e.to {
		to[i] = a.String()
	}
	_, domainOf, _ := strings.Cut(e.from.Address, "@")
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", e.from.String()},
		{"To", strings.Join(to, ",\r\n ")},
		{"Subject", mime.QEncoding.Encode("utf-8", subjectSign(m.Severity)+m.Title)},
		{"Date", e.now().UTC().Format(time.RFC1123Z)},
		{"Message-ID", "<" + n.ID + "@" + domainOf + ">"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	_, _ = body.Write([]byte(m.plain(n.ID))) // into memory
	_ = body.Close()
	return b.Bytes()
}

func subjectSign(s domain.Severity) string {
	if s == domain.Critical {
		return "[critical] "
	}
	return ""
}
