package storetest

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// Fate is what becomes of a COMMIT that passes a Proxy.
type Fate int

// The fates.
const (
	Passed   Fate = iota
	Unheard       // the server commits; the connection is cut before its answer is through
	Vanished      // the server never sees it, nor anything else of the connection, which stays open
)

// Proxy is the network between a replica and its server, and does what networks do. It reads the protocol without TLS.
type Proxy struct {
	listener net.Listener

	mu       sync.Mutex
	server   func() (net.Conn, error)
	onCommit func() Fate
	links    map[*link]bool
}

// link is one connection through the proxy.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	mu             sync.Mutex
	frozen         bool // nothing passes, and nobody is told
	unheard        bool // the next answer to a COMMIT cuts it
}

// StartProxy listens on a port of this machine for the length of a test, and connects to where server says.
func StartProxy(t testing.TB, server func() (net.Conn, error)) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, server: server, links: map[*link]bool{}}
	t.Cleanup(p.close)
	go p.accept()
	return p
}

// Port is where it listens, on 127.0.0.1.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Lead sends new connections elsewhere; those that exist stay.
func (p *Proxy) Lead(server func() (net.Conn, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = server
}

// OnCommit asks for the fate of each COMMIT, many at once; nil lets them pass.
func (p *Proxy) OnCommit(fate func() Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onCommit = fate
}

// Freeze makes the network forget the connections that exist: nothing passes, and neither side is told.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.set(&l.frozen)
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		dial := p.server
		p.mu.Unlock()
		server, err := dial()
		if err != nil {
			client.Close()
			continue
		}
		l := &link{proxy: p, client: client, server: server}
		p.mu.Lock()
		p.links[l] = true
		p.mu.Unlock()
		go l.up()
		go l.down()
	}
}

func (p *Proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.client.Close()
		l.server.Close()
	}
}

func (p *Proxy) fate() Fate {
	p.mu.Lock()
	ask := p.onCommit
	p.mu.Unlock()
	if ask == nil {
		return Passed
	}
	return ask()
}

// up carries what the replica says. The driver sends a COMMIT as a message of its own.
func (l *link) up() {
	l.carry(l.client, l.server, func(said []byte) {
		if !bytes.Contains(said, []byte("commit\x00")) {
			return
		}
		switch l.proxy.fate() {
		case Unheard:
			l.set(&l.unheard)
		case Vanished:
			l.set(&l.frozen)
		}
	})
}

// down carries what the server answers.
func (l *link) down() {
	l.carry(l.server, l.client, func(said []byte) {
		if l.is(&l.unheard) && bytes.Contains(said, []byte("COMMIT\x00")) {
			l.client.Close()
			l.server.Close()
		}
	})
}

func (l *link) carry(from, to net.Conn, look func([]byte)) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err == nil {
			look(buffer[:n])
		}
		if l.is(&l.frozen) {
			if err != nil {
				return // the other side is not told
			}
			continue
		}
		if err == nil {
			_, err = to.Write(buffer[:n])
		}
		if err != nil {
			from.Close()
			to.Close()
			return
		}
	}
}

func (l *link) set(what *bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*what = true
}

func (l *link) is(what *bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *what
}
