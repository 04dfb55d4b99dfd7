package store

import (
	"fmt"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

// lane is a goroutine that writes. Deliveries about one subject go through one lane, so that it meets itself least.
type lane struct {
	s     *Store
	queue chan *job
	done  chan struct{}
	next  sequences
}

// laneOf gives the lane of a delivery: that of its first subject, or of what it would be parked under.
func (g *groupCommit) laneOf(p *domain.Parsed) *lane {
	var b byte
	switch {
	case len(g.lanes) == 1:
	case len(p.Events) > 0:
		b = p.Events[0].Subject.Digest()[0]
	case p.Parked != nil && p.Parked.Event != nil:
		b = p.Parked.Event.Subject.Digest()[0]
	case p.Parked != nil:
		b = p.Parked.Key[0]
	}
	return g.lanes[int(b)%len(g.lanes)]
}

func (l *lane) run() {
	defer close(l.done)
	for first := range l.queue {
		jobs := l.gather(first)
		if err := l.s.group.hopeless(); err != nil {
			l.s.answer(jobs, err)
		} else {
			l.commit(jobs)
		}
	}
}

// gather takes what waits.
func (l *lane) gather(first *job) []*job {
	jobs := []*job{first}
	events := len(first.parsed.Events)
	for events < maxBatch && len(jobs) < maxBatch {
		select {
		case j, open := <-l.queue:
			if !open {
				return jobs
			}
			jobs = append(jobs, j)
			events += len(j.parsed.Events)
		default:
			return jobs
		}
	}
	return jobs
}

// commit writes jobs in one transaction and answers each. When the database refuses one of them for anything but
// trouble of its own, the batch is halved down to the culprit, which is quarantined while the others commit.
func (l *lane) commit(jobs []*job) {
	s := l.s
	err := tryHard(again, func() error { return l.try(jobs) })
	s.group.note(err, s.now())
	switch {
	case err == nil:
		s.answer(jobs, nil)
	case len(jobs) > 1 && ofOne(err):
		l.commit(jobs[:len(jobs)/2])
		l.commit(jobs[len(jobs)/2:])
	case domain.CodeOf(err) != "":
		s.answer(jobs, err)
	case jobs[0].refused || jobs[0].resolve != "":
		s.log.Error("a delivery could not be kept", "source", jobs[0].parsed.Source, "error", err)
		s.answer(jobs, &domain.Error{Code: domain.CodeBusy, Message: "the delivery could not be kept", Err: err})
	default:
		s.log.Error("the database refuses a delivery: it goes to quarantine", "source", jobs[0].parsed.Source, "error", err)
		jobs[0].refuse()
		l.commit(jobs)
	}
}

// ofOne reports whether one delivery may be to blame, so that the others can do without it. Damage may be that of the
// one row it needs.
func ofOne(err error) bool {
	code := domain.CodeOf(err)
	return code == "" || code == domain.CodeDamaged || postgresCode(err) == "55P03"
}

func (j *job) refuse() {
	j.refused = true
	j.parsed = domain.Parsed{Inbound: j.parsed.Inbound, Parked: &domain.Parking{
		Result: domain.ResultQuarantined, Code: domain.ParkRefused, Detail: "the database would not take what it says",
		Key: domain.ParkKeyOf(string(domain.ParkRefused), j.parsed.Source, string(j.parsed.Body)),
	}}
}

func (s *Store) answer(jobs []*job, err error) {
	for _, j := range jobs {
		if err != nil {
			j.err = err
		}
		s.group.bytes.Add(-int64(len(j.parsed.Body)))
		close(j.done)
	}
}

// tries is how often a batch may lose to another replica.
const tries = 10

// tryHard does again, after a moment that differs between replicas, what lost to another one.
func tryHard(worth func(error) bool, do func() error) error {
	for n := 1; ; n++ {
		err := do()
		if err == nil || n == tries || !worth(err) {
			return err
		}
		time.Sleep(time.Duration(rand.Int64N(int64(n) * int64(10*time.Millisecond))))
	}
}

// try runs one transaction. Receipts are set on the jobs, and count only if it commits. No caller's context ends it: a
// cancelled commit would be neither done nor undone.
func (l *lane) try(jobs []*job) error {
	s := l.s
	b := newBatch(l, jobs)
	ctx, cancel := s.batchContext()
	defer cancel()
	err := s.transact(ctx, s.writer, func(tx *gorm.DB) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic while recording: %v", p)
			}
		}()
		return b.run(tx)
	})
	if err == nil {
		s.group.parked.add(b.parkedBy)
		s.recorded(b)
	}
	return err
}
