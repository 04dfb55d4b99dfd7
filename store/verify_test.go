//go:build unix

package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

func gather(t testing.TB, v store.Verification, run func(context.Context, store.Verification) (store.Verified, error)) (store.Verified, found) {
	t.Helper()
	f := found{}
	if v.Parsers == nil {
		v.Parsers = webhooks.Parsers()
	}
	v.Found = func(one domain.Finding) error {
		if _, twice := f[one.Name()]; twice {
			t.Errorf("%s is heard of twice", one.Name())
		}
		f[one.Name()] = one
		return nil
	}
	sum, err := run(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	return sum, f
}

func TestVerify_cleanStory(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		wantSound(t, s) // nothing at all
		tell(t, s)
		for _, work := range []int{1, 7, 0} {
			sum, f := verify(t, s, store.InSnapshotsOf(work, store.Verification{}))
			if len(f) > 0 || sum.Subjects != 7 || sum.Events != 27 || sum.Parked == 0 {
				t.Errorf("snapshots of %d: %+v, found %+v", work, sum, f)
			}
		}
	})
}

// What is rebuilt is what it was.
func TestRebuild_sameTimeline(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		tell(t, s)
		before := heard(t, s)
		store.Spoil(t, s, "UPDATE events SET verdict = 'note', reason = '', flags = 0, status = 'opened', phase = '', region = '', rank = 5 WHERE quality = 'exact' AND region = 'status'")
		store.Spoil(t, s, "UPDATE subjects SET status = 'x', events = 1, illegal = 0, status_since = NULL, last_at = 1")
		if f := rebuild(t, s, store.Verification{}); len(f) != 7 || strings.Contains(f.names(), "damaged") {
			t.Errorf("rebuilt %s", f.names())
		}
		if after := heard(t, s); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
		wantSound(t, s)
		store.Spoil(t, s, "UPDATE subjects SET events = events") // nothing
		if f := rebuild(t, s, store.Verification{}); len(f) > 0 {
			t.Errorf("a second time %v", f)
		}
	})
}

// heard gives the timelines, byte for byte.
func heard(t *testing.T, s *store.Store) string {
	t.Helper()
	var b strings.Builder
	r := &domain.Reader{Store: s, Machines: statemachines.All(), Data: webhooks.Data}
	for _, name := range []string{sick, well, typed, mail} {
		c, err := r.Find(t.Context(), subjectNamed(name))
		if err != nil {
			t.Fatal(err)
		}
		line, err := r.Timeline(t.Context(), c, domain.View{})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.MarshalIndent(line, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		b.Write(raw)
	}
	return b.String()
}

func subjectNamed(name string) domain.Subject {
	parts := strings.SplitN(name, "/", 3)
	return domain.Subject{Provider: domain.Provider(parts[0]), Kind: domain.Kind(parts[1]), ID: parts[2]}
}

// Other damage, each with who is named for it and a part of what is said.
func TestVerify_otherDamage(t *testing.T) {
	const giftRow = "(SELECT id FROM subjects WHERE subject_id = 'gft_sick')"
	const claim = "(SELECT fp FROM events WHERE target = 'claimed' AND subject = " + giftRow + ")"
	const claimBody = "(SELECT body FROM events WHERE target = 'claimed' AND subject = " + giftRow + ")"
	const cleared = " WHERE was = 'illegal' AND subject = " + giftRow
	flip := func(column, where string) func(*testing.T, *store.Store) {
		return func(t *testing.T, s *store.Store) { flipBit(t, s, column, where) }
	}
	do := func(statement string) func(*testing.T, *store.Store) {
		return func(t *testing.T, s *store.Store) { store.Spoil(t, s, statement) }
	}
	all := []struct {
		name  string
		spoil func(*testing.T, *store.Store)
		named string
		says  string
	}{
		{"a bit of a body", flip("bodies.body", "id = "+claimBody), sick, "not the bytes that were received"},
		{"a bit of a digest", flip("bodies.sha256", "id = "+claimBody), sick, "not the bytes that were received"},
		{"a body", do("DELETE FROM bodies WHERE id = " + claimBody), sick, "its body is missing"},
		{"an event", do("DELETE FROM events WHERE fp = " + claim), sick, "it counts 8 events, 7 are stored"},
		{"a claimed type", do("UPDATE events SET type = 'send.sant' WHERE type = 'send.sent'"), typed, "not the one that it was recorded with"},
		{"a claimed type's target", do("UPDATE events SET target = 'sant' WHERE type = 'send.sent'"), typed, "its target"},
		{"a probable duplicate", do("UPDATE events SET given_flags = 0, flags = 0 WHERE seen = 3 AND type = 'email.delivered'"), mail, "probable duplicate"},
		{"a settled subject", do("UPDATE events SET facts = facts - 32 WHERE type = 'email.bounced'"), mail, "is no event: no_subject"},
		{"an attempt's time", do("UPDATE events SET at = at + 20000000000 WHERE type = 'email.delivered'"), mail, "time"},
		{"a chain", do("UPDATE changes SET was = 'gap', region = '', was_from = '', was_to = '', was_reason = '', believed_at = 0" + cleared), "", ""},
		{"a belief's start", do("UPDATE changes SET believed_at = believed_at + 1" + cleared), sick, "since when"},
		{"a belief's reason", do("UPDATE changes SET was_reason = ''" + cleared), sick, "what was believed"},
		{"the end of a chain", do("UPDATE changes SET verdict = 'moved'" + cleared), sick, "its history ends in moved, it is note"},
		{"a change that is none", do("UPDATE changes SET verdict = 'illegal'" + cleared), sick, "a change from illegal to illegal"},
		{"a subject's row", do("DELETE FROM subjects WHERE subject_id = 'gft_sick'"), "the subject with the number", "its row is not"},
		{"a parked body", flip("parked.body", "result = 'quarantined'"), "the parked delivery prk_", "not the bytes that were received"},
		{"a counter", do("UPDATE sources SET received = received + 1 WHERE source = 'snappy'"), "source snappy", "their results add up to"},
		{"joined", do("UPDATE sources SET recorded = recorded + 9, received = received + 9 WHERE source = 'snappy'"), "the recorded deliveries", "the events tell of"},
		{"parked", do("UPDATE sources SET unresolved = unresolved + 1, received = received + 1 WHERE source = 'snappy'"), "the parked deliveries", "are kept"},
	}
	both(t, func(t *testing.T, s *store.Store) {
		tell(t, s)
		tables := []string{"subjects", "events", "bodies", "changes", "parked", "sources"}
		for _, table := range tables {
			store.Spoil(t, s, "CREATE TABLE kept_"+table+" AS SELECT * FROM "+table)
		}
		for _, c := range all {
			c.spoil(t, s)
			_, f := verify(t, s, store.Verification{})
			wantNamed(t, c.name, f, c.named, c.says)
			for _, table := range tables {
				store.Spoil(t, s, "DELETE FROM "+table)
				store.Spoil(t, s, "INSERT INTO "+table+" SELECT * FROM kept_"+table)
			}
		}
		wantSound(t, s)
	})
}

// wantNamed wants one finding, of the name that begins so; an empty name wants none. What a lost row makes of sums is
// found beside it.
func wantNamed(t *testing.T, what string, f found, named, says string) {
	t.Helper()
	if named == "" {
		if len(f) > 0 {
			t.Errorf("%s: found %v", what, f)
		}
		return
	}
	matched := 0
	for name, one := range f {
		sum := one.Has(domain.PartCounts)
		if strings.HasPrefix(name, named) && strings.Contains(fmt.Sprint(one.Damage), says) && one.Condition == domain.Damaged {
			matched++
		} else if !sum {
			t.Errorf("%s: found %s, %+v", what, name, one.Damage)
		}
	}
	if matched != 1 {
		t.Errorf("%s: found %v, want %s, %q", what, f, named, says)
	}
}

// flipBit changes one bit of bytes that are stored.
func flipBit(t *testing.T, s *store.Store, column, where string) {
	t.Helper()
	table, name, _ := strings.Cut(column, ".")
	var b []byte
	store.Scan(t, s, &b, "SELECT "+name+" FROM "+table+" WHERE "+where)
	b[len(b)/2] ^= 1
	store.Spoil(t, s, "UPDATE "+table+" SET "+name+" = ? WHERE "+where, b)
}

// A subject whose own name is damaged is named as it is stored; its digest and its bodies speak against it.
func TestVerify_anotherName(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		tell(t, s)
		for _, set := range []string{"subject_id = 'gft_sack'", "provider = 'resend', kind = 'email'", "kind = 'nothing'"} {
			store.Spoil(t, s, "UPDATE subjects SET "+set+" WHERE subject_id = 'gft_sick'")
			_, f := verify(t, s, store.Verification{})
			if len(f) != 1 || strings.Contains(f.names(), sick) {
				t.Errorf("%s: found %v", set, f)
			}
			rebuild(t, s, store.Verification{})
			store.Spoil(t, s, "UPDATE subjects SET provider = 'snappy', kind = 'gift', subject_id = 'gft_sick' WHERE subject_id = 'gft_sack' OR provider = 'resend' AND kind = 'email' OR kind = 'nothing'")
			wantSound(t, s)
		}
	})
}

// An event that has come to another subject is damage of both.
func TestVerify_eventsOfAnother(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		tell(t, s)
		store.Spoil(t, s, "UPDATE events SET subject = (SELECT id FROM subjects WHERE subject_id = 'gft_well') WHERE target = 'claimed' AND subject = (SELECT id FROM subjects WHERE subject_id = 'gft_sick')")
		_, f := verify(t, s, store.Verification{})
		if f.names() != "damaged "+sick+", damaged "+well {
			t.Errorf("found %v", f)
		}
	})
}

func TestVerify_someOnly(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		tell(t, s)
		store.Spoil(t, s, "UPDATE subjects SET illegal = 5 WHERE provider = 'snappy'")
		sum, f := verify(t, s, store.Verification{Subjects: []domain.Subject{subjectNamed(sick), subjectNamed(typed), subjectNamed(sick)}})
		if f.names() != "damaged "+sick || sum.Subjects != 2 || sum.Parked != 0 {
			t.Errorf("%+v, found %v", sum, f)
		}
		sum, _ = verify(t, s, store.Verification{Sample: 3})
		if sum.Subjects < 1 || sum.Subjects > 3 {
			t.Errorf("a sample of three: %+v", sum)
		}
		if f := rebuild(t, s, store.Verification{Subjects: []domain.Subject{subjectNamed(well)}}); f.names() != "rebuilt "+well {
			t.Errorf("rebuilt %v", f)
		}
		all, _ := verify(t, s, store.Verification{})
		if sum, _ = verify(t, s, store.Verification{Sample: 1_000_000}); sum.Subjects != all.Subjects {
			t.Errorf("a sample larger than all: %+v, want %d subjects", sum, all.Subjects)
		}
		_, err := s.Verify(t.Context(), store.Verification{Subjects: []domain.Subject{subjectNamed("snappy/gift/nobody")}})
		if domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("nobody: %v", err)
		}
	})
}

// Nothing is found while others record, whatever they do to the subjects in hand.
func TestVerify_whileRecording(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		var recording sync.WaitGroup
		for w := range 8 {
			recording.Go(func() { everySort(t, s, w) })
		}
		done := make(chan struct{})
		go func() { recording.Wait(); close(done) }()
		runs, unsteady := 0, 0
		for ended := false; !ended; runs++ {
			select {
			case <-done:
				ended = true // and once more when all is quiet
			default:
			}
			v := store.InSnapshotsOf(100, store.Verification{Parsers: onlyResend(), Found: func(f domain.Finding) error {
				if unsteady++; f.Condition != domain.Unsteady {
					t.Errorf("%s is %s: %+v", f.Name(), f.Condition, f.Damage)
				}
				return nil
			}})
			if _, err := s.Verify(t.Context(), v); err != nil {
				t.Error(err)
			}
		}
		t.Logf("%d runs, %d times a subject changed all the while", runs, unsteady)
		store.Audit(t, s)
	})
}

// onlyResend keeps the bodies of these tests, which are made up, from being read again; but parsers are there, so that
// counts must fit exactly.
func onlyResend() map[domain.Provider]domain.Parser {
	return map[domain.Provider]domain.Parser{domain.Resend: webhooks.Parsers()[domain.Resend]}
}

func everySort(t *testing.T, s *store.Store, from int) {
	for n := from; n < 400; n += 8 {
		for _, p := range []domain.Parsed{gift(fmt.Sprint("gift-", n%5), 3000-n), blend(n), astray("")} {
			if _, err := s.Record(context.Background(), p); err != nil {
				t.Error(err)
			}
		}
	}
}

// blend is a message whose copies agree sometimes only.
func blend(n int) domain.Parsed {
	p := copyOf([]string{"shipped", "shipped", "delivered", ""}[n/7%4])
	e := &domain.Event{}
	if p.Parked == nil {
		e = &p.Events[0]
	} else {
		e = p.Parked.Event
	}
	e.Fingerprint[1] = byte(n / 29)
	e.At += domain.Instant(n/29) * hour
	if p.Parked != nil {
		p.Parked.Key = domain.EventParkKey(e.Subject, e.Fingerprint)
	}
	return p
}

// A subject with very many events is read in pages and snapshots: what is held does not grow with them.
func TestVerify_longSubject(t *testing.T) {
	s, set := longSubject(t, 20_000)
	set.old = false
	if _, f := verify(t, s, store.Verification{Parsers: onlyResend()}); f.names() != "outdated snappy/gift/gift" {
		t.Fatalf("found %v", f)
	}
	v := store.Verification{Parsers: onlyResend(), Found: func(f domain.Finding) error {
		if f.Condition != domain.Rebuilt {
			t.Errorf("%s is %s: %+v", f.Name(), f.Condition, f.Damage)
		}
		return nil
	}}
	if _, err := s.Rebuild(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	base, peak := heap(), uint64(0)
	v.Progress = func(int64, int64) {
		runtime.GC()
		peak = max(peak, heap())
	}
	sum, err := s.Verify(t.Context(), store.InSnapshotsOf(2000, v))
	if err != nil || sum.Events != 20_000 || len(sum.Findings) > 0 {
		t.Fatalf("%+v, error %v", sum, err)
	}
	if peak > base+4<<20 { // the rows alone would be 10 MiB and more
		t.Errorf("%d KiB were held", (peak-base)>>10)
	}
}

// A subject that changes between two snapshots is begun anew; one that always does is not judged.
func TestVerify_changesBetweenSnapshots(t *testing.T) {
	for changes, want := range map[int]string{1: "", 3: "", 100: "unsteady snappy/gift/gift"} {
		s := temp(t)
		for n := range 600 {
			keep(t, s, domain.ResultRecorded, gift("gift", n))
		}
		n := 0
		v := store.InSnapshotsOf(100, store.Verification{Parsers: onlyResend(), Progress: func(int64, int64) {
			if n++; n <= changes {
				keep(t, s, domain.ResultRecorded, gift("gift", 600+n))
			}
		}})
		f := found{}
		v.Found = func(one domain.Finding) error { f[one.Name()] = one; return nil }
		if _, err := s.Verify(t.Context(), v); err != nil || f.names() != want {
			t.Errorf("%d changes: found %v, error %v", changes, f, err)
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A reader verifies beside the process that has the database, and says what a rebuild would do; it cannot do it.
func TestVerify_byReader(t *testing.T) {
	beside := func(t *testing.T, db string, s *store.Store) {
		tell(t, s)
		store.Spoil(t, s, "UPDATE subjects SET phase = 'held' WHERE subject_id = 'gft_sick'")
		r, err := store.OpenReader(t.Context(), db, statemachines.All())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, f := verify(t, r, store.Verification{}); f.names() != "damaged "+sick {
			t.Errorf("found %v", f)
		}
		if f := rebuild(t, r, store.Verification{DryRun: true}); f.names() != "damaged "+sick {
			t.Errorf("would rebuild %v", f)
		}
		if _, err := r.Rebuild(t.Context(), store.Verification{}); domain.CodeOf(err) != domain.CodeNoStore {
			t.Errorf("a reader rebuilds with %v", err)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		db := filepath.Join(t.TempDir(), "giftline.db")
		beside(t, db, open(t, db, store.Options{}))
	})
	t.Run("postgres", func(t *testing.T) {
		db := ownSchema(t, storetest.Server(t))
		beside(t, db, open(t, db, store.Options{}))
	})
}
