package notify

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestGuard_Check(t *testing.T) {
	t.Parallel()
	home := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd12::/16")}
	all := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	for _, tt := range []struct {
		addr         string
		open         bool // to everybody
		home, others bool // allowed where the network at home is, or all networks are
	}{
		{"93.184.216.34", true, true, true},
		{"2606:2800:220:1:248:1893:25c8:1946", true, true, true},
		{"64:ff9b::5db8:d822", true, true, true},                     // NAT64 of a public address
		{"2002:5db8:d822::1", true, true, true},                      // 6to4 of one
		{"2001:0:4136:e378:8000:63bf:3fff:fdd2", false, false, true}, // Teredo, whose client is 192.0.2.45
		{"10.1.2.3", false, true, true},
		{"::ffff:10.1.2.3", false, true, true},
		{"10.2.0.1", false, false, true},
		{"172.16.0.1", false, false, true},
		{"192.168.0.1", false, false, true},
		{"127.0.0.1", false, false, true},
		{"::ffff:127.0.0.1", false, false, true},
		{"::1", false, false, true},
		{"0.0.0.0", false, false, true},
		{"::", false, false, true},
		{"::7f00:1", false, false, true}, // an IPv4 address in the oldest way
		{"100.64.0.1", false, false, true},
		{"169.254.1.1", false, false, true},
		{"fe80::1%eth0", false, false, true},
		{"fc00::1", false, false, true},
		{"fd12::5", false, true, true},
		{"fec0::1", false, false, true},
		{"224.0.0.1", false, false, true},
		{"ff02::1", false, false, true},
		{"255.255.255.255", false, false, true},
		{"240.0.0.1", false, false, true},
		{"198.18.0.1", false, false, true},
		{"192.0.2.1", false, false, true},
		{"2001:db8::1", false, false, true},
		{"64:ff9b::a01:203", false, true, true},  // NAT64 of 10.1.2.3
		{"64:ff9b::7f00:1", false, false, true},  // of 127.0.0.1
		{"64:ff9b:1::a02:1", false, false, true}, // somebody's own NAT64
		{"2002:7f00:1::1", false, false, true},   // 6to4 of 127.0.0.1
		{"2002:c0a8:1::1", false, false, true},   // 6to4 of 192.168.0.1
		{"169.254.169.254", false, false, false}, // metadata, from here on
		{"::ffff:169.254.169.254", false, false, false},
		{"64:ff9b::a9fe:a9fe", false, false, false},
		{"2002:a9fe:a9fe::", false, false, false},
		{"169.254.170.2", false, false, false},
		{"100.100.100.200", false, false, false},
		{"168.63.129.16", false, false, false},
		{"192.0.0.192", false, false, false},
		{"fd00:ec2::254", false, false, false},
		{"fd20:ce::254", false, false, false},
	} {
		a := netip.MustParseAddr(tt.addr)
		for who, want := range map[*guard]bool{{}: tt.open, {allow: home}: tt.home, {allow: all}: tt.others} {
			if err := who.check(a); (err == nil) != want {
				t.Errorf("%s, allowing %v: %v", tt.addr, who.allow, err)
			}
		}
	}
}

// However an IPv4 address is wrapped, it is as closed as it is bare.
func TestGuard_WrappingOpensNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v4 := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")))
		b := v4.As4()
		mapped := netip.AddrFrom16(v4.As16())
		inNAT64 := netip.AddrFrom16([16]byte{0, 0x64, 0xff, 0x9b, 12: b[0], b[1], b[2], b[3]})
		in6to4 := netip.AddrFrom16([16]byte{0x20, 0x02, b[0], b[1], b[2], b[3], 15: 1})
		inTeredo := netip.AddrFrom16([16]byte{0x20, 0x01, 4: 8, 8, 8, 8, 12: ^b[0], ^b[1], ^b[2], ^b[3]})
		var g guard
		bare := g.check(v4)
		for _, wrapped := range []netip.Addr{mapped, inNAT64, in6to4, inTeredo} {
			if err := g.check(wrapped); bare != nil && err == nil {
				t.Fatalf("%s is open as %s", v4, wrapped)
			}
		}
	})
}

// The name says nothing: what it leads to when it is dialled counts.
func TestGuard_PrivateAddressByName(t *testing.T) {
	t.Parallel()
	s, count := receiver(t, func(http.ResponseWriter, *http.Request) {})
	named := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	for _, kind := range posting {
		o := options()
		o.Allow = nil
		for _, url := range []string{s.URL, named} {
			n, err := Open(channelOf(kind, url), o)
			if err != nil {
				t.Fatal(err)
			}
			err = n.Notify(t.Context(), someNews())
			if denied := (*deniedError)(nil); err == nil || errors.As(err, &denied) || !strings.Contains(err.Error(), "is no public address") {
				t.Errorf("%s to %s: %v", kind, url, err)
			}
		}
	}
	if count.Load() != 0 {
		t.Errorf("%d requests arrived", count.Load())
	}
}
