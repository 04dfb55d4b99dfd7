package store

import (
	"encoding/json"
	"slices"
	"strconv"

	"giftline/domain"
)

// words are what lists filter by: subjects that have the same stand on one shelf.
type words struct {
	Sources  string // JSON array of all that its events came by, sorted
	Provider domain.Provider
	Kind     domain.Kind
	Status   string
	Delivery string
	Phase    domain.Phase
	Illegal  int64
	Stuck    int64
}

type shelfRow struct {
	ID       int64
	Words    words `gorm:"embedded"`
	Subjects int64
}

const shelfWords = "sources, provider, kind, status, delivery, phase, illegal, stuck"

func wordsOf(r *subjectRow, sources []string) words {
	return words{
		Sources: sourcesText(sources), Provider: r.Provider, Kind: r.Kind, Status: r.State.Status, Delivery: r.State.Delivery,
		Phase: r.State.Phase, Illegal: truth(r.Illegal > 0),
	}
}

// place is what subjects are counted by.
func (w *words) place() domain.PhaseCount {
	return domain.PhaseCount{
		Provider: w.Provider, Kind: w.Kind, Status: w.Status, Delivery: w.Delivery, Phase: w.Phase, Illegal: w.Illegal > 0, Stuck: w.Stuck > 0,
	}
}

func truth(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// key has one length, however many sources there are.
func (w *words) key() [32]byte {
	return domain.HashParts(w.Sources, string(w.Provider), string(w.Kind), w.Status, w.Delivery, string(w.Phase),
		strconv.FormatInt(w.Illegal, 10), strconv.FormatInt(w.Stuck, 10))
}

// sourcesText gives one spelling to a set of sources.
func sourcesText(sources []string) string {
	sources = slices.Clone(sources)
	slices.Sort(sources)
	text, _ := jsonList[string](slices.Compact(sources)).Value() // a list of texts cannot fail
	return text.(string)
}

func (w *words) sources() (sources []string) {
	if json.Unmarshal([]byte(w.Sources), &sources) != nil {
		return nil // in nobody's reach who has a limit
	}
	return sources
}
