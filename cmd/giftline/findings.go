package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-isatty"

	"giftline/domain"
	"giftline/store"
)

// findings prints what verify or rebuild finds, as soon as it is known: there may be very many.
type findings struct {
	p            *program
	json         bool
	rebuild, dry bool
	told         int64
	beyond       int64                         // damaged, and no rebuild can heal it
	aside        map[domain.Condition][]string // the first of those that are no damage
	drawn        bool                          // progress stands on the line
}

// finding is one in JSON.
type finding struct {
	About     string           `json:"about"`
	Condition domain.Condition `json:"condition"`
	Rebuild   bool             `json:"rebuild"` // a rebuild would write something
	Damage    []domain.Damage  `json:"damage"`
	More      int64            `json:"more"`
}

// mentioned is how many of the outdated are named; JSON names them all.
const mentioned = 10

func (r *findings) found(f domain.Finding) error {
	if f.Condition == domain.Damaged && !(r.dry && f.Heals()) {
		r.beyond++
	}
	if r.json {
		return r.encode(f)
	}
	if f.Condition != domain.Damaged && len(f.Damage) == 0 {
		r.mention(f)
		return nil
	}
	r.erase()
	w := r.p.out
	fmt.Fprintf(w, "%s %s:\n", oneLine(f.Name()), r.word(f))
	for _, d := range f.Damage {
		if d.Event != "" {
			fmt.Fprintf(w, "  event %s: ", d.Event)
		} else {
			fmt.Fprint(w, "  ")
		}
		fmt.Fprintln(w, oneLine(d.What))
	}
	if f.More > 0 {
		fmt.Fprintf(w, "  and %d more\n", f.More)
	}
	_, err := fmt.Fprint(w, r.advice(f))
	return err
}

func (r *findings) word(f domain.Finding) string {
	switch {
	case f.Condition == domain.Rebuilt:
		return "was rebuilt"
	case r.dry && f.Heals():
		return "would be rebuilt"
	}
	return "is " + string(f.Condition)
}

// advice says what to do about damage.
func (r *findings) advice(f domain.Finding) string {
	backup := f.Has(domain.PartEvent, domain.PartBody, domain.PartHistory, domain.PartCounts)
	switch {
	case r.rebuild && f.Condition != domain.Damaged, r.dry && !backup:
		return ""
	case backup && f.Has(domain.PartEvent):
		return "  Only a backup has this; a rebuild leaves it alone.\n"
	case backup && f.Heals() && !r.rebuild:
		return "  giftline rebuild writes the caches anew; only a backup has the rest.\n"
	case backup:
		return "  Only a backup has this.\n"
	case r.rebuild:
		return "  It was written anew and is wrong again: check the disk.\n"
	}
	return "  giftline rebuild writes this anew.\n"
}

// mention keeps the first names of each condition for the end.
func (r *findings) mention(f domain.Finding) {
	if r.aside == nil {
		r.aside = map[domain.Condition][]string{}
	}
	if names := r.aside[f.Condition]; len(names) < mentioned {
		r.aside[f.Condition] = append(names, oneLine(f.Name()))
	}
}

// encode writes an element of the object's list.
func (r *findings) encode(f domain.Finding) error {
	one := finding{About: f.Name(), Condition: f.Condition, Rebuild: f.Heals() && f.Condition != domain.Rebuilt, Damage: f.Damage, More: f.More}
	if one.Damage == nil {
		one.Damage = []domain.Damage{}
	}
	raw, err := encodeJSON(one)
	if err != nil {
		return err
	}
	begin := ","
	if r.told == 0 {
		begin = `{"findings":[`
	}
	r.told++
	_, err = fmt.Fprintf(r.p.out, "%s%s", begin, raw)
	return err
}

// end sums up.
func (r *findings) end(sum store.Verified, done string) error {
	r.erase()
	if r.json {
		return r.endJSON(sum)
	}
	w := r.p.out
	for _, about := range []struct {
		condition domain.Condition
		words     string
	}{
		{domain.Outdated, "outdated, folded by an older version; the next event folds each anew, or giftline rebuild"},
		{domain.Newer, "folded by a newer version, which this one cannot judge: upgrade it"},
		{domain.Unsteady, "changing whenever they were read, so that nothing is known of them: ask again with --subject"},
		{domain.Rebuilt, "rebuilt"},
	} {
		if n := sum.Findings[about.condition]; n > 0 {
			fmt.Fprintf(w, "%s %s%s.\n", are(n), about.words, r.names(about.condition, n))
		}
	}
	parts := []string{count(sum.Subjects, "subject", "subjects"), count(sum.Events, "event", "events"), count(sum.Bodies, "body", "bodies")}
	if sum.Parked > 0 {
		parts = append(parts, count(sum.Parked, "parked delivery", "parked deliveries"))
	}
	last := len(parts) - 1
	what := strings.Join(parts[:last], ", ") + " and " + parts[last]
	verdict := "."
	if sum.Findings[domain.Damaged] == 0 {
		verdict = "; none is damaged."
	}
	_, err := fmt.Fprintf(w, "%s were %s%s\n", what, done, verdict)
	return err
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// names lists the first of them.
func (r *findings) names(c domain.Condition, n int64) string {
	names := r.aside[c]
	if len(names) == 0 {
		return ""
	}
	list := ": " + strings.Join(names, ", ")
	if more := n - int64(len(names)); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

func (r *findings) endJSON(sum store.Verified) error {
	begin := ""
	if r.told == 0 {
		begin = `{"findings":[`
	}
	total := struct {
		Subjects int64 `json:"subjects"`
		Events   int64 `json:"events"`
		Bodies   int64 `json:"bodies"`
		Parked   int64 `json:"parked"`
		Damaged  int64 `json:"damaged"`
		Outdated int64 `json:"outdated"`
		Newer    int64 `json:"newer"`
		Unsteady int64 `json:"unsteady"`
		Rebuilt  int64 `json:"rebuilt"`
	}{
		sum.Subjects, sum.Events, sum.Bodies, sum.Parked, sum.Findings[domain.Damaged], sum.Findings[domain.Outdated],
		sum.Findings[domain.Newer], sum.Findings[domain.Unsteady], sum.Findings[domain.Rebuilt],
	}
	raw, err := encodeJSON(total)
	if err == nil {
		_, err = fmt.Fprintf(r.p.out, "%s],%s\n", begin, strings.TrimPrefix(string(raw), "{"))
	}
	return err
}

// broken keeps a run that failed from looking like one that ended.
func (r *findings) broken(err error) error {
	r.erase()
	if r.told > 0 {
		fmt.Fprintln(r.p.out)
	}
	return fmt.Errorf("not everything was looked at: %w", err)
}

// progress shows how far a run has come, where somebody is watching.
func (p *program) progress(r *findings) func(done, all int64) {
	f, ok := p.errs.(*os.File)
	if !ok || !isatty.IsTerminal(f.Fd()) {
		return nil
	}
	shown := int64(-1)
	return func(done, all int64) {
		if percent := 100 * min(done, all) / max(all, 1); percent != shown || !r.drawn {
			shown, r.drawn = percent, true
			fmt.Fprintf(f, "\r%3d%%", percent)
		}
	}
}

// erase takes the progress off the line, so that something else can stand there.
func (r *findings) erase() {
	if r.drawn {
		fmt.Fprint(r.p.errs, "\r    \r")
		r.drawn = false
	}
}
