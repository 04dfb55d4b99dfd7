package domain

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Share is what one subject adds to the statistics of its machine: a pure function of its first events, so that a
// late one corrects it.
type Share struct {
	Sources []string     // that all of its events came by: sorted, each once
	Day     Instant      // when the day of its first event began, UTC, by the provider's clock
	Been    []StateShare // every state that it ever was in, by region and name
}

// StateShare is a state that a subject was in, with its finished stays there.
type StateShare struct {
	Region Region
	State  string
	Stays  []Stays // by bucket; none where it still is there, or where the state was only inferred
}

// Stays are finished stays of about one length.
type Stays struct {
	Bucket int // of DwellBuckets
	N      int64
}

// Judged is what a share needs of an event on a timeline.
type Judged struct {
	At       Instant
	Region   Region
	Verdict  Verdict
	Target   string
	Previous string
	// What alerts need beside:
	Type        string
	Fingerprint Fingerprint
	Joined      Instant
	Phase       Phase // of the subject after it
}

// ShareOf gives the share of a subject from its first events, in canonical order; nil where there are none. A state is
// entered by one move of its region and left by the next, of the same instant or a later one. Steps that a gap implies
// must have happened, but nobody knows when: they were states it was in, without a stay.
func ShareOf(m Machine, sources []string, first []Judged) *Share {
	if len(first) == 0 {
		return nil
	}
	s := &Share{Sources: slices.Clone(sources), Day: first[0].At.Day()}
	slices.Sort(s.Sources)
	held, entered := m.Start(), map[Region]Instant{}
	for i := range first {
		e := &first[i]
		if !e.Verdict.Moves() {
			continue
		}
		if since, ok := entered[e.Region]; ok {
			s.stayed(e.Region, held.In(e.Region), time.Duration(e.At-since)*time.Microsecond)
		}
		if e.Verdict == Gap {
			for _, step := range m.Inferred(held, &Event{Region: e.Region, Target: e.Target, Previous: e.Previous}) {
				s.been(e.Region, step)
			}
		}
		s.been(e.Region, e.Target)
		held, entered[e.Region] = held.With(e.Region, e.Target), e.At
	}
	return s
}

// been gives what is known of a state, which the subject was in.
func (s *Share) been(r Region, state string) *StateShare {
	i, known := slices.BinarySearchFunc(s.Been, StateShare{Region: r, State: state}, func(a, b StateShare) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), strings.Compare(a.State, b.State))
	})
	if !known {
		s.Been = slices.Insert(s.Been, i, StateShare{Region: r, State: state})
	}
	return &s.Been[i]
}

func (s *Share) stayed(r Region, state string, took time.Duration) {
	in, bucket := s.been(r, state), BucketOf(took)
	i, known := slices.BinarySearchFunc(in.Stays, bucket, func(n Stays, bucket int) int { return n.Bucket - bucket })
	if !known {
		in.Stays = slices.Insert(in.Stays, i, Stays{Bucket: bucket})
	}
	in.Stays[i].N++
}
