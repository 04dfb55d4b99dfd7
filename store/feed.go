package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"giftline/domain"
)

// feedQueries are how a database tells its changes in an order to which nothing is added behind a reader's back.
type feedQueries struct {
	page   string // after (stamp, seq), limit
	latest string
	at     string // the row at (stamp, seq)

	up, down string // rows of changes alone, from (stamp, seq) on, limit
	end      string // a stamp behind all others
}

const (
	feedRows = "SELECT c.seq, c.joined_at, c.subject, c.fp, c.was, c.verdict, c.cause, c.type, c.source, c.recorded_at, s.provider, s.kind, s.subject_id, %s AS stamp_text " +
		"FROM changes c JOIN subjects s ON s.id = c.subject "
	changeRows = "SELECT c.seq, %s AS stamp_text, c.joined_at, c.subject, c.fp, c.was, c.type, c.source, c.recorded_at FROM changes c "
	// Whoever still writes, or is going to, does so under a later stamp.
	settled = "c.stamp < pg_snapshot_xmin(pg_current_snapshot())"
)

// One connection writes a file, so its rows are numbered in the order of commits. The first of a pair of places is there
// for PostgreSQL.
var feedOfFile = feedQueries{
	page:   fmt.Sprintf(feedRows, "'0'") + "WHERE ? = '0' AND c.seq > ? ORDER BY c.seq LIMIT ?",
	latest: fmt.Sprintf(feedRows, "'0'") + "ORDER BY c.seq DESC LIMIT 1",
	at:     fmt.Sprintf(feedRows, "'0'") + "WHERE ? = '0' AND c.seq = ?",

	up:   fmt.Sprintf(changeRows, "'0'") + "WHERE ? = '0' AND c.seq > ? ORDER BY c.seq LIMIT ?",
	down: fmt.Sprintf(changeRows, "'0'") + "WHERE ? = '0' AND c.seq < ? ORDER BY c.seq DESC LIMIT ?",
	end:  "0",
}

// The stamp is selected under another name: ordered by it, its text would be.
var feedShared = feedQueries{
	page: fmt.Sprintf(feedRows, "c.stamp::text") + "WHERE (c.stamp, c.seq) > (?::text::xid8, ?::bigint) AND " + settled +
		" ORDER BY c.stamp, c.seq LIMIT ?",
	latest: fmt.Sprintf(feedRows, "c.stamp::text") + "WHERE " + settled + " ORDER BY c.stamp DESC, c.seq DESC LIMIT 1",
	at:     fmt.Sprintf(feedRows, "c.stamp::text") + "WHERE (c.stamp, c.seq) = (?::text::xid8, ?::bigint)",

	up: fmt.Sprintf(changeRows, "c.stamp::text") + "WHERE (c.stamp, c.seq) > (?::text::xid8, ?::bigint) AND " + settled +
		" ORDER BY c.stamp, c.seq LIMIT ?",
	down: fmt.Sprintf(changeRows, "c.stamp::text") + "WHERE (c.stamp, c.seq) < (?::text::xid8, ?::bigint) AND " + settled +
		" ORDER BY c.stamp DESC, c.seq DESC LIMIT ?",
	end: strconv.FormatUint(math.MaxUint64, 10),
}

type feedRow struct {
	Change    changeRow `gorm:"embedded"`
	Provider  domain.Provider
	Kind      domain.Kind
	SubjectID string
	Stamp     string `gorm:"column:stamp_text"`
}

// position is a place in the feed. Epoch and event tell it from the same place in another history of the database: a
// restored backup, or a standby that had not received the last transactions.
type position struct {
	epoch, stamp string
	seq          int64
	event        string // the beginning of the fingerprint
}

const positionEvent = 8 // hexadecimal digits

func (r *feedRow) position(epoch string) position {
	return position{epoch, r.Stamp, r.Change.Seq, hex.EncodeToString(r.Change.FP[:])[:positionEvent]}
}

// String is opaque to those who pass it back.
func (p position) String() string {
	return strings.Join([]string{p.epoch, p.stamp, strconv.FormatInt(p.seq, 10), p.event}, ".")
}

// parsePosition is the inverse of String. Errors: CodeInvalid.
func parsePosition(text string) (p position, err error) {
	parts := strings.Split(text, ".")
	if len(parts) == 4 {
		p = position{epoch: parts[0], stamp: parts[1], event: parts[3]}
		_, bad := strconv.ParseUint(p.stamp, 10, 64)
		p.seq, err = strconv.ParseInt(parts[2], 10, 64)
		if err == nil && bad == nil {
			return p, nil
		}
	}
	return p, domain.Errorf(domain.CodeInvalid, "that is no position that the feed gave: begin without one")
}

// Changes reads the feed; see domain.Feed.
func (s *Store) Changes(ctx context.Context, after string, limit int) (changes []domain.Change, next string, err error) {
	from := position{stamp: "0"}
	if after != "" {
		if from, err = parsePosition(after); err != nil {
			return nil, "", err
		}
	}
	next = after
	err = s.read(ctx, func(tx *gorm.DB) error {
		epoch, err := s.resume(tx, from, after != "")
		if err != nil {
			return err
		}
		var rows []feedRow
		err = tx.Raw(s.dialect.feed.page, from.stamp, from.seq, pageOf(limit)).Scan(&rows).Error
		for i := range rows {
			c := rows[i].toChange(epoch)
			if next = c.Position; domain.InReach(ctx, c.Source) {
				changes = append(changes, c)
			}
		}
		return err
	})
	return changes, next, err
}

// resume gives the feed's epoch, and an error where the place to go on from is not part of the feed any more.
func (s *Store) resume(tx *gorm.DB, from position, given bool) (epoch string, err error) {
	if err := tx.Raw("SELECT epoch FROM feed").Row().Scan(&epoch); err != nil || !given {
		return epoch, err
	}
	var rows []feedRow
	if from.epoch == epoch && from.seq > 0 {
		if err := tx.Raw(s.dialect.feed.at, from.stamp, from.seq).Scan(&rows).Error; err != nil {
			return "", err
		}
	}
	if from.epoch != epoch || from.seq > 0 && (len(rows) == 0 || rows[0].position(epoch) != from) {
		return "", domain.Errorf(domain.CodeReset, "that position is not kept any more, or of another history of the database: "+
			"read everything anew, then follow the feed from its latest position")
	}
	return epoch, nil
}

// Latest gives the position behind the last change that Changes would give; see domain.Feed.
func (s *Store) Latest(ctx context.Context) (latest string, err error) {
	err = s.read(ctx, func(tx *gorm.DB) error {
		epoch, err := s.resume(tx, position{}, false)
		if err != nil {
			return err
		}
		var rows []feedRow
		err = tx.Raw(s.dialect.feed.latest).Scan(&rows).Error
		p := position{epoch: epoch, stamp: "0"}
		if len(rows) > 0 {
			p = rows[0].position(epoch)
		}
		latest = p.String()
		return err
	})
	return latest, err
}

func (r *feedRow) toChange(epoch string) domain.Change {
	subject := domain.Subject{Provider: r.Provider, Kind: r.Kind, ID: r.SubjectID}
	c := &r.Change
	return domain.Change{
		Position: r.position(epoch).String(), Subject: subject, JoinedAt: c.JoinedAt, Was: c.Was, Verdict: c.Verdict,
		EventID: domain.EventID(subject.Digest(), domain.Fingerprint(c.FP)), Cause: c.causeOf(subject), Type: c.Type, Source: c.Source, Recorded: c.RecordedAt,
	}
}
