package store

import "giftline/domain"

// count corrects what statistics are read from: every change of the lap counts, also those of subjects that are listed
// already, and the shares of the subjects that are listed anew.
func (l *lap) count() error {
	y := newTallies()
	for i := range l.changes {
		y.change(&l.changes[i])
	}
	for _, x := range l.order {
		if x.machine == nil { // a newer version's: it stays counted as it is
			continue
		}
		var was []byte
		if x.was != nil {
			was = x.was.Counted
		}
		is, err := y.subject(x.machine, x.share(), was)
		if err != nil {
			return err
		}
		if x.is != nil {
			x.is.Counted = is
		}
	}
	return y.write(l.conn)
}

// share is what a listed subject adds to the statistics; nil for one that is not to be listed.
func (x *indexed) share() *domain.Share {
	if x.is == nil {
		return nil
	}
	return domain.ShareOf(x.machine, x.words.sources(), x.past)
}
