package store

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gorm.io/gorm"

	"giftline/domain"
)

// choose finds the subjects that are asked for, or where the list of all of them ends.
func (w *walk) choose(tx *gorm.DB) error {
	if err := tx.Raw("SELECT coalesce(max(id), 0) FROM subjects").Row().Scan(&w.last); err != nil {
		return err
	}
	var ids []int64
	var err error
	switch {
	case w.whole:
		return nil
	case len(w.v.Subjects) > 0:
		ids, err = named(tx, w.v.Subjects)
	case int64(w.v.Sample) >= w.last: // numbers begin at 1
		err = tx.Raw("SELECT id FROM subjects ORDER BY id").Scan(&ids).Error
	default:
		ids, err = sampled(tx, w.v.Sample, w.last)
	}
	for _, id := range ids {
		w.todo = append(w.todo, task{id: id})
	}
	w.last, w.listed = int64(len(ids)), true
	return err
}

func named(tx *gorm.DB, subjects []domain.Subject) (ids []int64, err error) {
	for _, s := range subjects {
		row, ok, err := findSubject(tx, s)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, domain.Errorf(domain.CodeNotFound, "%s is not known: check the id, and giftline sources for what did arrive", s)
		case !slices.Contains(ids, row.ID):
			ids = append(ids, row.ID)
		}
	}
	return ids, nil
}

// sampled draws numbers and takes the subjects that stand there, or behind them where a number was never given.
func sampled(tx *gorm.DB, n int, last int64) (ids []int64, err error) {
	drawn := map[int64]bool{}
	for tries := 0; len(drawn) < n && tries < 4*n && last > 0; tries++ {
		var id int64
		err := tx.Raw("SELECT coalesce(min(id), 0) FROM subjects WHERE id >= ?", 1+rand.Int64N(last)).Row().Scan(&id)
		if err != nil {
			return nil, err
		}
		if id > 0 && !drawn[id] {
			drawn[id] = true
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// list takes up the next subjects.
func (w *walk) list(tx *gorm.DB) error {
	var ids []int64
	if err := tx.Raw("SELECT id FROM subjects WHERE id > ? ORDER BY id LIMIT ?", w.after, verifyGroup).Scan(&ids).Error; err != nil {
		return err
	}
	if err := w.orphans(tx, ids); err != nil {
		return err
	}
	for _, id := range ids {
		w.todo = append(w.todo, task{id: id})
		w.after = id
	}
	w.listed = len(ids) == 0
	return nil
}

// orphans looks for events among these subjects, or behind the last one, whose own subject's row is gone.
func (w *walk) orphans(tx *gorm.DB, ids []int64) error {
	query, args := "SELECT DISTINCT subject FROM events WHERE subject > ?", []any{w.after}
	if len(ids) > 0 {
		query, args = query+" AND subject <= ?", append(args, ids[len(ids)-1])
	}
	var with []int64
	if err := tx.Raw(query+" ORDER BY subject LIMIT ?", append(args, 2*verifyGroup)...).Scan(&with).Error; err != nil {
		return err
	}
	for _, id := range with {
		if slices.Contains(ids, id) {
			continue
		}
		f := domain.Finding{About: fmt.Sprintf("the subject with the number %d", id), Condition: domain.Damaged}
		f.Add(domain.Damage{Part: domain.PartEvent, What: "its events are there, its row is not"})
		w.tell(f)
	}
	return nil
}

// knowSources lists the sources that anything was ever counted for: no event can come from another.
func (w *walk) knowSources(tx *gorm.DB) error {
	var names []string
	err := tx.Raw("SELECT DISTINCT source FROM sources").Scan(&names).Error
	w.sources = make(map[string]bool, len(names))
	for _, name := range names {
		w.sources[name] = true
	}
	return err
}
