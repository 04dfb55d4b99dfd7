package store

import (
	"testing"
	"time"

	"giftline/domain"
)

// Deliveries about one subject share a lane, and many subjects use them all.
func TestLaneOf(t *testing.T) {
	g := &groupCommit{lanes: []*lane{{}, {}, {}}}
	used := map[*lane]bool{}
	for n := range 50 {
		subject := gift(string(rune('a' + n)))
		p := domain.Parsed{Events: []domain.Event{{Subject: subject}}}
		l := g.laneOf(&p)
		if used[l] = true; l != g.laneOf(&p) {
			t.Fatalf("%s is written in two lanes", subject)
		}
		untyped := domain.Parsed{Parked: &domain.Parking{Event: &domain.Event{Subject: subject}, Key: domain.ParkKey{byte(n)}}}
		if g.laneOf(&untyped) != l {
			t.Fatalf("an untyped copy about %s goes through another lane", subject)
		}
	}
	if len(used) != 3 {
		t.Errorf("%d of 3 lanes are used", len(used))
	}
	if p := (domain.Parsed{}); g.laneOf(&p) != g.lanes[0] {
		t.Error("what says nothing goes through another lane than the first")
	}
}

func TestLanesFor(t *testing.T) {
	for distance, want := range map[time.Duration]int{50 * time.Microsecond: 1, time.Millisecond: 4, time.Hour: 4} {
		if got := lanesFor(distance); got != want {
			t.Errorf("%d lanes to a server %s away, want %d", got, distance, want)
		}
	}
}

// A store that is told to close while its database is gone does not wait for every batch in turn.
func TestLane_closesBehindAFailure(t *testing.T) {
	s := openTest(t)
	close := func(closed bool) {
		s.group.gate.Lock()
		defer s.group.gate.Unlock()
		s.group.closed = closed
	}
	broken := domain.Errorf(domain.CodeBusy, "the connection broke")
	for _, c := range []struct {
		closed bool
		failed *failure
		want   error
	}{{true, &failure{err: broken}, broken}, {true, nil, nil}, {false, &failure{err: broken}, nil}} {
		close(c.closed)
		s.group.failed.Store(c.failed)
		j := &job{parsed: undecodable("x"), done: make(chan struct{})}
		s.group.bytes.Add(int64(len(j.parsed.Body)))
		s.group.lanes[0].queue <- j
		<-j.done
		if close(false); j.err != c.want {
			t.Errorf("closing %v after %v: %v, want %v", c.closed, c.failed, j.err, c.want)
		}
	}
}

func undecodable(body string) domain.Parsed {
	return domain.Parsed{
		Inbound: domain.Inbound{Source: "snappy", Provider: domain.Snappy, Body: []byte(body)},
		Parked:  &domain.Parking{Result: domain.ResultQuarantined, Code: domain.ParkUndecodable, Key: domain.ParkKeyOf(body)},
	}
}
