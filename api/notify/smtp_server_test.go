package notify

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// mailServer speaks enough SMTP for a client to be convinced, and remembers what it was told.
type mailServer struct {
	addr    string
	tls     *tls.Config
	wrapped bool              // TLS from the first byte
	says    []string          // extensions
	answers map[string]string // other answers, by a command's first word, or its whole
	hangs   string            // the command that is never answered
	endless string            // the command that is answered without end

	mu   sync.Mutex
	took []mailTaken
	auth []string
}

type mailTaken struct {
	from, body string
	to         []string
	secured    bool
}

func (s *mailServer) start(t *testing.T) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return s
}

func (s *mailServer) messages() []mailTaken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.took
}

func (s *mailServer) serve(conn net.Conn) {
	defer func() { conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute)) // no test waits for this
	secured := s.wrapped
	if s.wrapped {
		conn = tls.Server(conn, s.tls)
	}
	in := bufio.NewReader(conn)
	say := func(format string, args ...any) { fmt.Fprintf(conn, format+"\r\n", args...) }
	say("220 mail.example.com ready")
	var mail mailTaken
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return
		}
		text = strings.TrimSpace(text)
		word, _, _ := strings.Cut(strings.ToUpper(text), " ")
		answer, other := s.answers[text]
		if !other {
			answer, other = s.answers[word]
		}
		switch {
		case word == s.hangs:
			_, _ = io.Copy(io.Discard, in) // until the client gives up
			return
		case word == s.endless:
			for {
				if _, err := conn.Write([]byte("250-and another thing\r\n")); err != nil {
					return
				}
			}
		case other:
			say("%s", answer)
		case word == "EHLO":
			say("250-mail.example.com")
			for _, ext := range s.says {
				say("250-%s", ext)
			}
			say("250 HELP")
		case word == "STARTTLS":
			say("220 go on")
			conn, secured = tls.Server(conn, s.tls), true
			in = bufio.NewReader(conn)
		case word == "AUTH":
			s.login(text, in, say)
		case word == "MAIL":
			mail = mailTaken{from: text, secured: secured}
			say("250 ok")
		case word == "RCPT":
			mail.to = append(mail.to, text)
			say("250 ok")
		case word == "DATA":
			say("354 go on")
			mail.body = dotted(in)
			s.mu.Lock()
			s.took = append(s.took, mail)
			s.mu.Unlock()
			if answer, ok := s.answers["."]; ok {
				say("%s", answer)
				continue
			}
			say("250 taken")
		case word == "QUIT":
			say("221 bye")
			return
		default:
			say("500 what?")
		}
	}
}

func (s *mailServer) login(text string, in *bufio.Reader, say func(string, ...any)) {
	said := []string{}
	parts := strings.Fields(text)
	for _, question := range map[string][]string{"PLAIN": nil, "LOGIN": {"Username:", "Password:"}}[parts[1]] {
		say("334 %s", base64.StdEncoding.EncodeToString([]byte(question)))
		line, _ := in.ReadString('\n')
		parts = append(parts, strings.TrimSpace(line))
	}
	for _, part := range parts[2:] {
		plain, _ := base64.StdEncoding.DecodeString(part)
		said = append(said, string(plain))
	}
	s.mu.Lock()
	s.auth = append(s.auth, parts[1]+" "+strings.Join(said, "|"))
	s.mu.Unlock()
	say("235 welcome")
}

func dotted(in *bufio.Reader) string {
	var body strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return body.String()
		}
		body.WriteString(strings.TrimPrefix(line, "."))
	}
}

// authority signs one certificate, for a server on this machine.
func authority(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test's authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(signed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, pool
}
