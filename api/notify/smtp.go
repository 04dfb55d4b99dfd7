package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"giftline/domain"
)

// How a connection to a mail server is protected.
const (
	startTLS = "starttls"
	onlyTLS  = "tls"
	noTLS    = "none"
)

const (
	mailTimeout      = 14 * time.Second // for all of it: mail servers think longer than others
	quitTimeout      = time.Second      // for the goodbye, once the message is taken
	serverSaysAtMost = 256 << 10        // bytes, its certificates included
)

// smtpClient hands messages to one server.
type smtpClient struct {
	guard
	server, host   string
	tls            string
	user, password string
	hello          string
	roots          *x509.CertPool // nil: the system's
	log            *slog.Logger
}

// stepError is an answer of the server's that was none we hoped for. Its text is left out: it may name recipients.
type stepError struct {
	server, step string
	code         int
}

func (e *stepError) Error() string {
	return fmt.Sprintf("%s answered %d to %s", e.server, e.code, e.step)
}

// session is one conversation. Each step keeps its name for the error.
type session struct {
	*smtpClient
	client *smtp.Client
}

func (c *smtpClient) send(ctx context.Context, from string, to []string, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	err := c.converse(ctx, from, to, message)
	if cause := context.Cause(ctx); cause != nil && err != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return cause // we are told to stop
	}
	return c.outcome(err)
}

func (c *smtpClient) converse(ctx context.Context, from string, to []string, message []byte) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // ends what waits
	defer stop()
	client, err := smtp.NewClient(conn, c.host)
	if err != nil {
		return c.in("the greeting", err)
	}
	s := session{c, client}
	for _, step := range []func() error{s.greet, s.protect, s.login} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := s.deliver(from, to, message); err != nil {
		return err
	}
	if stop() { // else the time is up, and the server hears no goodbye
		_ = conn.SetDeadline(time.Now().Add(quitTimeout))
		_ = client.Quit()
	}
	return nil
}

// connect dials, and with tls protects the connection at once. What the server says is limited.
func (c *smtpClient) connect(ctx context.Context) (net.Conn, error) {
	conn, err := c.dialer().DialContext(ctx, "tcp", c.server)
	if err != nil {
		return nil, err
	}
	conn = &limitedConn{conn, serverSaysAtMost}
	if c.tls == onlyTLS {
		secured := tls.Client(conn, c.config())
		if err := secured.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return secured, nil
	}
	return conn, nil
}

func (c *smtpClient) config() *tls.Config {
	return &tls.Config{ServerName: c.host, MinVersion: tls.VersionTLS12, RootCAs: c.roots}
}

func (s session) greet() error { return s.in("EHLO", s.client.Hello(s.hello)) }

// protect asks for TLS before anything is told. A server that offers none may be an eavesdropper's.
func (s session) protect() error {
	if s.tls != startTLS {
		return nil
	}
	if offered, _ := s.client.Extension("STARTTLS"); !offered {
		return errors.New(s.server + " offers no STARTTLS: set tls to tls, or to none if nobody can listen")
	}
	return s.in("STARTTLS", s.client.StartTLS(s.config()))
}

func (s session) login() error {
	if s.user == "" {
		return nil
	}
	offered, methods := s.client.Extension("AUTH")
	switch {
	case offered && contains(methods, "PLAIN"):
		return s.in("AUTH", s.client.Auth(plainAuth{s.smtpClient}))
	case offered && contains(methods, "LOGIN"):
		return s.in("AUTH", s.client.Auth(&loginAuth{smtpClient: s.smtpClient}))
	}
	return errors.New(s.server + " takes no login that we know (PLAIN or LOGIN): another port may, or remove user")
}

func contains(methods, method string) bool {
	for m := range strings.FieldsSeq(methods) {
		if strings.EqualFold(m, method) {
			return true
		}
	}
	return false
}

// deliver sends to those whom the server takes: one wrong address must not keep the others in the dark.
func (s session) deliver(from string, to []string, message []byte) error {
	if err := s.in("MAIL", s.client.Mail(from)); err != nil {
		return err
	}
	var refused []error
	for _, address := range to {
		err := s.in("RCPT", s.client.Rcpt(address))
		if step := (*stepError)(nil); err != nil && !errors.As(err, &step) {
			return err // the connection is gone
		}
		if err != nil {
			refused = append(refused, err)
		}
	}
	if len(refused) == len(to) {
		return refused[0]
	}
	if len(refused) > 0 {
		s.log.Warn("some recipients of a channel were refused", "refused", len(refused), "of", len(to), "error", refused[0])
	}
	data, err := s.client.Data()
	if err != nil {
		return s.in("DATA", err)
	}
	if _, err := data.Write(message); err != nil {
		return s.in("the message", err)
	}
	return s.in("the message", data.Close())
}

// in names the step at which the server refused.
func (c *smtpClient) in(step string, err error) error {
	if said := (*textproto.Error)(nil); errors.As(err, &said) {
		return &stepError{c.server, step, said.Code}
	}
	return err
}

// outcome says how to go on. Only a refusal of the message or of all its recipients is final: logins and servers may be
// mended, 4xx passes by itself, and 552 is what older servers say of a mailbox that is full.
func (c *smtpClient) outcome(err error) error {
	if err == nil {
		return nil
	}
	step := (*stepError)(nil)
	if errors.As(err, &step) {
		about := step.step == "RCPT" || step.step == "the message"
		return &domain.NotifyError{Err: err, Final: about && step.code >= 500 && step.code != 552}
	}
	if cause := causeOf(err); cause != unknownCause {
		err = fmt.Errorf("%s cannot be told: %s", c.server, cause)
	} else if !strings.HasPrefix(err.Error(), c.server) {
		err = fmt.Errorf("%s does not speak SMTP as we know it", c.server)
	}
	return &domain.NotifyError{Err: err}
}

// plainAuth logs in by PLAIN.
type plainAuth struct{ *smtpClient }

// Start tells user and password, where nobody can listen.
func (a plainAuth) Start(s *smtp.ServerInfo) (string, []byte, error) {
	if err := a.private(s); err != nil {
		return "", nil, err
	}
	return "PLAIN", []byte("\x00" + a.user + "\x00" + a.password), nil
}

// Next has nothing to add.
func (a plainAuth) Next(_ []byte, more bool) ([]byte, error) { return nil, a.unexpected(more) }

// loginAuth logs in by LOGIN, which older servers ask for: first the user, then the password.
type loginAuth struct {
	*smtpClient
	asked int
}

// Start begins, where nobody can listen.
func (a *loginAuth) Start(s *smtp.ServerInfo) (string, []byte, error) {
	return "LOGIN", nil, a.private(s)
}

// Next answers by the order of the questions, whose words differ.
func (a *loginAuth) Next(_ []byte, more bool) ([]byte, error) {
	a.asked++
	switch {
	case !more:
		return nil, nil
	case a.asked == 1:
		return []byte(a.user), nil
	case a.asked == 2:
		return []byte(a.password), nil
	}
	return nil, a.unexpected(more)
}

func (c *smtpClient) private(s *smtp.ServerInfo) error {
	if s.TLS || isLoopback(c.host) {
		return nil
	}
	return errors.New(c.server + ": user and password are told under TLS only")
}

func (c *smtpClient) unexpected(more bool) error {
	if more {
		return errors.New(c.server + " asks for more than user and password")
	}
	return nil
}

// limitedConn ends a server that talks without end.
type limitedConn struct {
	net.Conn
	left int
}

// Read reads what is left of the limit.
func (c *limitedConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}
