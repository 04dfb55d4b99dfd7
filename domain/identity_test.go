package domain_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"giftline/domain"
)

// The bytes below were computed by other means. They are in databases and in links that people keep: a change of any
// of them is a migration.
const giftEventID = "evt_pfx2wh63doawn4ud7tgxpfajxdjgc57vdryerdyunlgyo"

func TestIdentity_isTheSameForEver(t *testing.T) {
	f := domain.FingerprintOf("example/1", gift, "wh_1")
	d := gift.Digest()
	k, parts, none := domain.EventParkKey(gift, f), domain.HashParts("a", "bc"), domain.HashParts()
	for _, c := range []struct {
		name, want string
		got        []byte
	}{
		{"digest", "796fab1fdb1b8166f283fccd779409b8", d[:]},
		{"fingerprint", "d26177f51c70488f146acd87", f[:]},
		{"park key", "3ba4decfb5b70d093e585e9dc11e64d1", k[:]},
		{"parts", "b534ce16ac9c8b36823f39a395ce8e0e3c7ad9605b82b5444f18cadacd217a5d", parts[:]},
		{"no parts", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", none[:]},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s is %s, want %s", c.name, got, c.want)
		}
	}
	e := domain.Event{Subject: gift, Fingerprint: f}
	wantSame(t, e.ID(), giftEventID)
	wantSame(t, gift.String(), "snappy/gift/gft_12345")
}

func TestSubject_Digest(t *testing.T) {
	for want, s := range map[string]domain.Subject{
		"6e548f7fe9ee7e9bb2eb63c4d40a00bf": {Provider: domain.Sendoso, Kind: domain.Send},
		"4fb8d743f92c98203b81d9e1b010f0d4": {Provider: domain.Resend, Kind: domain.Email, ID: "ü/ +=\x00"},
	} {
		if got := fmt.Sprintf("%x", s.Digest()); got != want {
			t.Errorf("%q has the digest %s, want %s", s, got, want)
		}
	}
}

func TestFingerprintOf_everyPartCounts(t *testing.T) {
	other := gift
	other.ID = "gft_1234"
	seen := map[domain.Fingerprint]string{}
	for name, f := range map[string]domain.Fingerprint{
		"as it is":        domain.FingerprintOf("snappy/1", gift, "a", "b"),
		"another rule":    domain.FingerprintOf("snappy/2", gift, "a", "b"),
		"another subject": domain.FingerprintOf("snappy/1", other, "a", "b"),
		"moved border":    domain.FingerprintOf("snappy/1", other, "5a", "b"),
		"another order":   domain.FingerprintOf("snappy/1", gift, "b", "a"),
		"joined":          domain.FingerprintOf("snappy/1", gift, "ab"),
		"one more":        domain.FingerprintOf("snappy/1", gift, "a", "b", ""),
	} {
		if twin, ok := seen[f]; ok {
			t.Errorf("%s and %s share a fingerprint", name, twin)
		}
		seen[f] = name
	}
}

// TestHashParts_notConfusable: lists that read the same when joined are still different lists.
func TestHashParts_notConfusable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching(`[ab\x00]{0,3}`), 0, 4)
		x, y := parts.Draw(t, "x"), parts.Draw(t, "y")
		if same := slices.Equal(x, y); same != (domain.HashParts(x...) == domain.HashParts(y...)) {
			t.Fatalf("%q and %q: same is %v", x, y, same)
		}
	})
}

func TestParkKeys_doNotMeet(t *testing.T) {
	f := domain.FingerprintOf("example/1", gift, "wh_1")
	d := gift.Digest()
	if domain.EventParkKey(gift, f) != domain.ParkKeyOf("event", string(d[:]), string(f[:])) {
		t.Error("an event's park key is not made of its digest and fingerprint")
	}
	if domain.EventParkKey(gift, f) == domain.EventParkKey(gift, domain.Fingerprint{}) || domain.ParkKeyOf("a", "b") == domain.ParkKeyOf("ab") {
		t.Error("different deliveries share a park key")
	}
}

func TestParseEventID_isTheInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d domain.Digest
		var f domain.Fingerprint
		copy(d[:], drawBytes(t, len(d)))
		copy(f[:], drawBytes(t, len(f)))
		id := domain.EventID(d, f)
		gotD, gotF, err := domain.ParseEventID(id)
		if err != nil || gotD != d || gotF != f {
			t.Fatalf("%s is read as %x %x, %v", id, gotD, gotF, err)
		}
	})
}

// TestParseEventID_oneSpelling: whatever is taken for an id is written as it was read, so that no event has two.
func TestParseEventID_oneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := []byte(giftEventID)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			id[rapid.IntRange(0, len(id)-1).Draw(t, "at")] = rapid.SampledFrom([]byte("ap27_A=\n\x00")).Draw(t, "to")
		}
		if d, f, err := domain.ParseEventID(string(id)); err == nil && domain.EventID(d, f) != string(id) {
			t.Fatalf("%q is read, but written %q", id, domain.EventID(d, f))
		}
	})
}

func TestParseEventID_refuses(t *testing.T) {
	for name, id := range map[string]string{
		"nothing":         "",
		"the prefix only": "evt_",
		"no prefix":       strings.TrimPrefix(giftEventID, "evt_"),
		"another prefix":  "prk_" + strings.TrimPrefix(giftEventID, "evt_"),
		"too short":       giftEventID[:len(giftEventID)-1],
		"too long":        giftEventID + "a",
		"upper case":      "evt_" + strings.ToUpper(strings.TrimPrefix(giftEventID, "evt_")),
		"padding":         giftEventID + "===",
		"other letters":   strings.Replace(giftEventID, "p", "1", 1),
		"a spare bit set": giftEventID[:len(giftEventID)-1] + "p",
		"a line break":    giftEventID + "\n",
		"endless":         "evt_" + strings.Repeat("a", 1<<16),
	} {
		t.Run(name, func(t *testing.T) {
			d, f, err := domain.ParseEventID(id)
			wantCode(t, err, domain.CodeInvalid)
			if d != (domain.Digest{}) || f != (domain.Fingerprint{}) {
				t.Errorf("an id is given beside the error: %x %x", d, f)
			}
			if err != nil && len(err.Error()) > 200 {
				t.Errorf("the message repeats all of it: %d bytes", len(err.Error()))
			}
		})
	}
}

func drawPlace(t *rapid.T, name string) domain.Place {
	p := domain.Place{At: domain.Instant(rapid.Int64Range(-2, 2).Draw(t, name+" at")), Rank: rapid.IntRange(0, 2).Draw(t, name+" rank")}
	p.Fingerprint[11] = rapid.SampledFrom([]byte{0, 1, 255}).Draw(t, name+" fingerprint")
	return p
}

func drawBytes(t *rapid.T, n int) []byte {
	return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "bytes")
}

func TestPlace_Compare(t *testing.T) {
	ascending := []domain.Place{
		{At: -1, Rank: 9}, {At: 0, Rank: 9}, {At: 1, Rank: 0, Fingerprint: domain.Fingerprint{255}},
		{At: 1, Rank: 1}, {At: 1, Rank: 1, Fingerprint: domain.Fingerprint{11: 1}}, {At: 1, Rank: 1, Fingerprint: domain.Fingerprint{128}},
	}
	for i, p := range ascending {
		for j, q := range ascending {
			if got, want := p.Compare(q), min(max(i-j, -1), 1); got != want {
				t.Errorf("%v against %v: %d, want %d", p, q, got, want)
			}
		}
	}
}

// TestPlace_isATotalOrder: without that a timeline would depend on arrival.
func TestPlace_isATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawPlace(t, "a"), drawPlace(t, "b"), drawPlace(t, "c")
		if a.Compare(b) != -b.Compare(a) {
			t.Fatal("the order depends on who is asked")
		}
		if (a.Compare(b) == 0) != (a == b) {
			t.Fatal("only equal places are equal")
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Fatal("a before b before c, but c before a")
		}
	})
}
