package store

import (
	"database/sql"
	"log/slog"
	"slices"

	"giftline/domain"
)

func (l *lap) ids() []int64 {
	ids := make([]int64, len(l.order))
	for i, x := range l.order {
		ids[i] = x.subject
	}
	return ids
}

const listingColumns = "subject, shelf, updated, due_at, stuck, look_at, expires_at, seen, terms, names, counted"

// recall reads what is listed.
func (l *lap) recall() error {
	return l.chunked("subject", l.ids(), func(where string, args []any) error {
		return l.each(func(rows *sql.Rows) error {
			r, err := scanListing(rows)
			if err == nil {
				l.subjects[r.Subject].was = r
			}
			return err
		}, "SELECT "+listingColumns+" FROM listings WHERE "+where, args...)
	})
}

func scanListing(rows *sql.Rows) (*listingRow, error) {
	var r listingRow
	var terms []byte
	err := rows.Scan(&r.Subject, &r.Shelf, (*int64)(&r.Updated), &r.DueAt, &r.Stuck, &r.LookAt, &r.ExpiresAt, &r.Seen, &terms, &r.Names, &r.Counted)
	r.Terms = termsIn(terms)
	return &r, err
}

// readSubjects leaves out those whose row is damaged: they stay listed as they were, and are looked at again later.
func (l *lap) readSubjects() error {
	rows, err := l.subjectRows(l.s.log, l.ids())
	l.keep(func(x *indexed) bool { return rows[x.subject] != nil })
	for _, x := range l.order {
		x.row = *rows[x.subject]
		x.machine, _ = l.s.machines.For(x.row.Provider, x.row.Kind)
		x.policy = l.s.rules()
	}
	return err
}

// subjectRows reads rows by number, and logs those that cannot be read.
func (c conn) subjectRows(log *slog.Logger, ids []int64) (map[int64]*subjectRow, error) {
	found := make(map[int64]*subjectRow, len(ids))
	err := c.chunked("id", ids, func(where string, args []any) error {
		return c.each(func(rows *sql.Rows) error {
			var r subjectRow
			err := rows.Scan(r.pointers()...)
			if domain.CodeOf(err) == domain.CodeDamaged {
				log.Error("a subject cannot be listed: giftline verify tells what is wrong with it", "number", r.ID, "error", err)
				return nil
			}
			found[r.ID] = &r
			return err
		}, "SELECT "+subjectColumns+" FROM subjects WHERE "+where, args...)
	})
	return found, err
}

func (l *lap) readLabels() error {
	labels, err := l.labelsOf(l.ids())
	for subject, r := range labels {
		l.subjects[subject].labels = r
	}
	return err
}

const pastColumns = "SELECT subject, at, region, verdict, target, previous, source, type, fp, joined_at, phase FROM events WHERE "

// readPast reads events of all subjects at once, but for those that have very many.
func (l *lap) readPast() error {
	var usual []int64
	for _, x := range l.order {
		switch {
		case x.row.Events > maxPast:
			if err := l.past(pastColumns+"subject = ? ORDER BY at, rank, fp LIMIT ?", x.subject, maxPast); err != nil {
				return err
			}
		case x.row.Events > 0:
			usual = append(usual, x.subject)
		}
	}
	return l.chunked("subject", usual, func(where string, args []any) error {
		return l.past(pastColumns+where+" ORDER BY subject, at, rank, fp", args...)
	})
}

func (l *lap) past(query string, args ...any) error {
	return l.each(func(rows *sql.Rows) error {
		var subject int64
		var e domain.Judged
		var source string
		var fp []byte
		err := rows.Scan(&subject, (*int64)(&e.At), (*string)(&e.Region), (*string)(&e.Verdict), &e.Target, &e.Previous, &source, &e.Type, &fp,
			(*int64)(&e.Joined), (*string)(&e.Phase))
		if err == nil {
			copy(e.Fingerprint[:], fp) // verify tells of one that is damaged
			l.subjects[subject].happened(e, source)
		}
		return err
	}, query, args...)
}

// happened adds the next event.
func (x *indexed) happened(e domain.Judged, source string) {
	x.past = append(x.past, e)
	if !slices.Contains(x.sources, source) {
		x.sources = append(x.sources, source)
	}
}

// readSources finds all that a subject's events came by, and with it its words.
func (l *lap) readSources() error {
	for _, x := range l.order {
		if x.row.Events == 0 {
			continue
		}
		sources, err := l.sources(x)
		if err != nil {
			return err
		}
		x.words = wordsOf(&x.row, sources)
	}
	return nil
}

// sources reads all events of a subject that has very many only where these may tell of another source than before.
func (l *lap) sources(x *indexed) ([]string, error) {
	if x.row.Events <= maxPast {
		return x.sources, nil
	}
	if x.was != nil && !x.asked && !x.cut {
		before, err := l.shelf(x.was.Shelf)
		if known := before.sources(); err != nil || !slices.ContainsFunc(x.told, func(s string) bool { return !slices.Contains(known, s) }) {
			return known, err
		}
	}
	return l.sourcesOf(x.subject)
}

func (c conn) shelf(id int64) (w words, err error) {
	err = c.one([]any{&w.Sources}, "SELECT sources FROM shelves WHERE id = ?", id)
	return w, err
}

// sourcesOf lists what the events of one subject came by.
func (c conn) sourcesOf(subject int64) (sources []string, err error) {
	err = c.each(func(rows *sql.Rows) error {
		var source string
		err := rows.Scan(&source)
		sources = append(sources, source)
		return err
	}, "SELECT DISTINCT source FROM events WHERE subject = ?", subject)
	return sources, err
}

// reaches reports whether the context reaches everything that is known of a subject.
func (c conn) reaches(subject int64) (bool, error) {
	ctx := c.tx.Statement.Context
	if _, limited := domain.ReachOf(ctx); !limited {
		return true, nil
	}
	sources, err := c.sourcesOf(subject)
	return domain.InReach(ctx, sources...), err
}
