package notify

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// guard decides on every address when it is dialled, after names were looked up: a name says nothing, because it can
// lead anywhere by then. Whoever may set a channel's URL must not reach what only our host reaches.
type guard struct{ allow []netip.Prefix }

// metadata are where clouds tell machines their secrets. No setting allows them.
var metadata = prefixes(
	"169.254.169.0/24", "169.254.170.0/24", // AWS and most others; AWS for containers
	"100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32", // Alibaba, Oracle, Azure
	"fd00:ec2::/32", "fd20:ce::254/128", // AWS, Google
)

// closed are not for everybody, by the registries of IANA for special purposes; what netip tells by itself is left out.
var closed = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

func in(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// deniedError says why an address is not dialled.
type deniedError struct{ addr netip.Addr }

// Error names the address, which is what an operator has to allow.
func (e *deniedError) Error() string {
	if in(metadata, e.addr) {
		return fmt.Sprintf("it leads to %s, where clouds keep their machines' secrets: that is never allowed", e.addr)
	}
	return fmt.Sprintf("it leads to %s, which is no public address: name its network under alerts.allow_networks if it is meant", e.addr)
}

// check denies what is not public, unless its network is allowed. Of an address that carries an IPv4 address, such as one
// of NAT64, both must pass.
func (g *guard) check(a netip.Addr) error {
	for _, part := range append(carried(a), a.Unmap().WithZone("")) {
		if in(metadata, part) || !in(g.allow, part) && !public(part) {
			return &deniedError{part}
		}
	}
	return nil
}

func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !in(closed, a)
}

var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
	sixTo4  = netip.MustParsePrefix("2002::/16")
	teredo  = netip.MustParsePrefix("2001::/32")
	inverse = [4]byte{0xff, 0xff, 0xff, 0xff} // Teredo hides its client's address so
)

// carried gives the IPv4 addresses to which an IPv6 address leads in the end.
func carried(a netip.Addr) []netip.Addr {
	b := a.As16()
	part := func(at int, mask [4]byte) netip.Addr {
		return netip.AddrFrom4([4]byte{b[at] ^ mask[0], b[at+1] ^ mask[1], b[at+2] ^ mask[2], b[at+3] ^ mask[3]})
	}
	switch {
	case nat64.Contains(a):
		return []netip.Addr{part(12, [4]byte{})}
	case sixTo4.Contains(a):
		return []netip.Addr{part(2, [4]byte{})}
	case teredo.Contains(a):
		return []netip.Addr{part(4, [4]byte{}), part(12, inverse)}
	}
	return nil
}

// dialer asks before each connection; a name with several addresses is tried until one passes.
func (g *guard) dialer() *net.Dialer {
	return &net.Dialer{
		Timeout: requestTimeout,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return g.check(to.Addr())
		},
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second},
	}
}
