package store

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"

	"gorm.io/gorm"

	"giftline/domain"
)

// pass is one subject while it is read.
type pass struct {
	task
	subject domain.Subject
	about   string // where not even its name can be trusted
	row     subjectRow
	check   *domain.Check
	after   *domain.Place // the last event read
	instant []eventRow    // those of an instant of which more may come
	tries   int
	events  int64
	bodies  int64
	seen    int64
}

// begin takes up the next subject.
func (w *walk) begin(tx *gorm.DB) error {
	t := w.todo[0]
	w.todo = w.todo[1:]
	w.pass = &pass{task: t}
	w.left -= workSubject
	err := w.start(tx)
	if domain.CodeOf(err) == domain.CodeDamaged {
		w.pass.name(tx)
	}
	return err
}

// start reads the subject's row and begins with its first event.
func (w *walk) start(tx *gorm.DB) error {
	p := w.pass
	row, err := subjectByID(tx, p.id)
	if errors.Is(err, sql.ErrNoRows) {
		w.pass = nil // rows are never deleted; but what is not there cannot be wrong
		return nil
	}
	if err != nil {
		return err
	}
	*p = pass{task: p.task, subject: row.subject(), row: row, tries: p.tries + 1, check: w.verifier.Begin(row.toSubjectRow())}
	return nil
}

// name finds how a subject is called whose row cannot be read as a whole.
func (p *pass) name(tx *gorm.DB) {
	s := &p.subject
	err := tx.Raw("SELECT provider, kind, subject_id FROM subjects WHERE id = ?", p.id).Row().
		Scan((*string)(&s.Provider), (*string)(&s.Kind), &s.ID)
	if err != nil {
		p.about = fmt.Sprintf("the subject with the number %d", p.id)
	}
}

func subjectByID(tx *gorm.DB, id int64) (row subjectRow, err error) {
	err = tx.Raw("SELECT "+subjectColumns+" FROM subjects WHERE id = ?", id).Row().Scan(row.pointers()...)
	return row, err
}

// resume goes on with a subject in a further snapshot, or begins anew where it has changed in between.
func (w *walk) resume(tx *gorm.DB) error {
	row, err := subjectByID(tx, w.pass.id)
	if err != nil || reflect.DeepEqual(row, w.pass.row) {
		return err
	}
	if w.pass.tries < restarts {
		return w.start(tx)
	}
	p := w.pass
	w.pass, w.unread = nil, true
	w.tell(domain.Finding{Subject: p.subject, Condition: domain.Unsteady})
	return nil
}

// advance reads the next page of the subject in hand.
func (w *walk) advance(tx *gorm.DB) error {
	p := w.pass
	rows, err := findEvents(tx, p.row.ID, domain.Range{After: p.after, Limit: verifyPage})
	if err != nil {
		return err
	}
	w.left -= len(rows)
	if err := w.bodies(tx, rows); err != nil {
		return err
	}
	for i := range rows {
		if n := len(p.instant); n > 0 && p.instant[n-1].At != rows[i].At {
			p.check.Instant(recorded(p.subject, p.instant))
			p.instant = p.instant[:0]
		}
		p.instant = append(p.instant, rows[i])
		p.seen += rows[i].Seen
	}
	p.events += int64(len(rows))
	if len(rows) > verifyPage { // it was read one beyond the limit
		place := rows[len(rows)-1].place()
		p.after = &place
		return nil
	}
	return w.end(tx)
}

// end folds the last instant and compares the rest.
func (w *walk) end(tx *gorm.DB) error {
	p := w.pass
	if len(p.instant) > 0 {
		p.check.Instant(recorded(p.subject, p.instant))
	}
	if err := w.history(tx); err != nil {
		return err
	}
	if p.check.Doubtful() {
		if err := p.contested(tx); err != nil {
			return err
		}
	}
	if !p.second && p.healed == nil {
		w.sum.Subjects++
		w.sum.Events += p.events
		w.sum.Bodies += p.bodies
		w.seen += p.seen
	}
	w.many = w.many || p.check.Several()
	w.pass = nil
	w.conclude(p.task, p.check.End(), &p.row)
	return nil
}

// contested looks for events that were taken off in the commit that brought them, which no history tells of.
func (p *pass) contested(tx *gorm.DB) error {
	var n int
	err := tx.Raw("SELECT count(*) FROM parked WHERE code = ? AND provider = ? AND kind = ? AND subject_id = ?",
		string(domain.ParkContradiction), string(p.subject.Provider), string(p.subject.Kind), p.subject.ID).Row().Scan(&n)
	if err == nil && n > 0 {
		p.check.TakenOff()
	}
	return err
}

// toSubjectRow gives all that is stored of a subject, however wrong.
func (r *subjectRow) toSubjectRow() domain.SubjectRow {
	row := domain.SubjectRow{
		Current: r.toCurrent(), Digest: domain.Digest(r.Digest), LastAt: r.LastAt, JoinedAt: r.JoinedAt,
		Revision: r.MachineRevision, Hash: r.MachineHash,
	}
	row.Regions = map[domain.Region]domain.RegionFacts{
		domain.Status:   {Since: r.StatusSince, Reported: r.StatusReported},
		domain.Delivery: {Since: r.DeliverySince, Reported: r.DeliveryReported},
	}
	if p, err := parsePlaces(r.Places); err == nil {
		row.Places = &domain.Places{
			Last: p[lastEvent], CompanyID: p[companyID], Reference: p[reference], Recipient: p[recipient], Metadata: p[metadata],
			StatusReported: p[statusReported], DeliveryReported: p[deliveryReported],
		}
	}
	return row
}
