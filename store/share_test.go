package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"giftline/domain"
)

func shares() *rapid.Generator[*domain.Share] {
	return rapid.Custom(func(t *rapid.T) *domain.Share {
		s := &domain.Share{
			Sources: rapid.SampledFrom([][]string{{"snappy"}, {"\"c", "a, b"}, {"other", "snappy", "typed"}}).Draw(t, "sources"),
			Day:     aDay * domain.Instant(rapid.IntRange(10_000, 40_000).Draw(t, "day")),
		}
		for range rapid.IntRange(0, 5).Draw(t, "states") {
			been := domain.StateShare{
				Region: rapid.SampledFrom(shareRegions).Draw(t, "region"), State: rapid.SampledFrom([]string{"opened", "", "in transit é"}).Draw(t, "state"),
			}
			for range rapid.IntRange(0, 3).Draw(t, "stays") {
				been.Stays = append(been.Stays, domain.Stays{
					Bucket: rapid.IntRange(0, len(domain.DwellBuckets)).Draw(t, "bucket"), N: rapid.Int64Range(1, 2000).Draw(t, "n"),
				})
			}
			s.Been = append(s.Been, been)
		}
		return s
	})
}

func TestShareBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		share := shares().Draw(t, "share")
		again, err := parseShare(shareBytes(share))
		if diff := cmp.Diff(share, again); err != nil || diff != "" {
			t.Fatalf("error %v %s", err, diff)
		}
	})
	if again, err := parseShare(shareBytes(nil)); err != nil || again != nil {
		t.Errorf("no share came back as %+v, error %v", again, err)
	}
}

// Bytes that were cut or changed are damage or another share, never a panic or a loop without end.
func TestParseShare_damaged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := shareBytes(shares().Draw(t, "share"))
		b[rapid.IntRange(0, len(b)-1).Draw(t, "place")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		b = b[:rapid.IntRange(1, len(b)).Draw(t, "length")]
		if s, err := parseShare(b); err != nil && (s != nil || err != errMiscounted) {
			t.Fatalf("%+v, error %v", s, err)
		}
	})
	for _, b := range [][]byte{{0}, {9, 1}, {shareVersion, 200}, {shareVersion, 1, 'x', 1, 7}, append(shareBytes(&domain.Share{Sources: []string{"a"}}), 7)} {
		if _, err := parseShare(b); err != errMiscounted {
			t.Errorf("%v: error %v", b, err)
		}
	}
}
