package store

import "giftline/domain"

// followerRow is how far the index follows the feed.
type followerRow struct {
	Rules    int64
	Position string
	UpTo     domain.Instant
	Keys     jsonList[string] // of metadata that holds a reference
	Policy   string           // digest of the one by which subjects are looked at
	Since    domain.Instant   // when alerting began; 0: never
	Review   *int64           // subjects behind it wait to be looked at by the policy
	Moves    string           // position up to which moves were told
}

const followerColumns = "rules, position, up_to, keys, policy, alerting_since, review, moves"

func (r *followerRow) pointers() []any {
	return []any{&r.Rules, &r.Position, (*int64)(&r.UpTo), &r.Keys, &r.Policy, (*int64)(&r.Since), &r.Review, &r.Moves}
}

// take holds the one row of the follower, so that only one replica follows.
func (l *lap) take() error {
	found := false
	rows, err := l.tx.Raw("SELECT " + followerColumns + " FROM follower" + l.d.claim).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		found = true
		if err := rows.Scan(l.state.pointers()...); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil || found {
		return err
	}
	return errElsewhere
}

// madeAnew are the tables that hold nothing but the index.
var madeAnew = []string{"postings", "members", "names", "listings", "shelves"}

// restart empties the index and begins with the first change that is kept. The next lap does, in a snapshot of its own.
// Whoever reads the index reads follower first, and so waits there, holding nothing that this transaction needs.
func (l *lap) restart() error {
	if l.d.shut != "" {
		if err := l.exec(l.d.shut); err != nil {
			return err
		}
	}
	for _, table := range madeAnew {
		if err := l.exec(l.d.empty + table); err != nil {
			return err
		}
	}
	if err := clearTallies(l.conn); err != nil {
		return err
	}
	l.state.Rules, l.state.Position, l.state.UpTo, l.state.Review = listingRules, "", 0, nil
	l.more = true
	return l.save()
}

func (l *lap) save() error {
	r := &l.state
	return l.exec("UPDATE follower SET rules = ?, position = ?, up_to = ?, alerting_since = ?, review = ?, moves = ?",
		r.Rules, r.Position, int64(r.UpTo), int64(r.Since), r.Review, r.Moves)
}
