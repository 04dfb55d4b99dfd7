package statemachines

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// TestExplain plays every file under testdata/explain: a story, a line of dashes, the text that people read; the same as
// data stands beside it. Three more lines are known:
//
//	now TIME                        when it is asked; the last event's time unless said
//	expires TIME                    what people say of the gift's end
//	stays REGION STATE SECONDS …    finished stays of other subjects
func TestExplain(t *testing.T) {
	files, err := filepath.Glob("testdata/explain/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d scenarios, at least 30 are promised: %v", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s, a := parseAccount(t, string(text))
			x := domain.Explain(s.machine, *a)
			golden(t, path, s.head+x.Text)
			assertExplained(t, s.machine, a, &x)
			x.Text = ""
			golden(t, strings.TrimSuffix(path, ".txt")+".json", indented(t, x))
		})
	}
}

// parseAccount takes out the lines that only explanations know, and plays the rest.
func parseAccount(t *testing.T, text string) (*story, *domain.Account) {
	t.Helper()
	head, _, _ := strings.Cut(text, dashes)
	a := &domain.Account{}
	var plain strings.Builder
	for line := range strings.Lines(head) {
		if words := strings.Fields(line); len(words) == 0 || !takes(t, a, words) {
			plain.WriteString(line)
		}
	}
	s := parseStory(t, plain.String()+dashes)
	s.head = head + dashes
	told := s.arrive()
	a.Current = told.current
	a.Page = domain.Page{Current: told.current, Before: s.machine.Start(), Rows: told.rows}
	if a.Now == 0 {
		a.Now = told.rows[len(told.rows)-1].At
	}
	return s, a
}

func takes(t *testing.T, a *domain.Account, words []string) bool {
	t.Helper()
	stamp := func() domain.Instant {
		at, err := parseStamp(words[1])
		if err != nil {
			t.Fatalf("%s: %v", words, err)
		}
		return at
	}
	switch words[0] {
	case "now":
		a.Now = stamp()
	case "expires":
		at := stamp()
		a.Labels = &domain.Labels{ExpiresAt: &at}
	case "stays":
		a.Dwells = append(a.Dwells, dwellOf(t, domain.Region(words[1]), words[2], words[3:]))
	default:
		return false
	}
	return true
}

func dwellOf(t *testing.T, r domain.Region, state string, stays []string) domain.Dwell {
	t.Helper()
	d := domain.Dwell{Region: r, State: state, Buckets: make([]int64, len(domain.DwellBuckets)+1)}
	for _, stay := range stays {
		seconds, err := strconv.Atoi(stay)
		if err != nil {
			t.Fatal(err)
		}
		d.Count++
		d.Buckets[domain.BucketOf(time.Duration(seconds)*time.Second)]++
	}
	return d
}

var eventID = regexp.MustCompile(`evt_[a-z2-7]+`)

// assertExplained: every event that moved nothing is explained once, in order, and whatever is named is on the timeline.
func assertExplained(t interface{ Errorf(string, ...any) }, m *Machine, a *domain.Account, x *domain.Explanation) {
	var unmoved []string
	known := map[string]bool{}
	for _, r := range a.Page.Rows {
		known[r.ID()] = true
		if !r.Outcome.Verdict.Moves() {
			unmoved = append(unmoved, r.ID())
		}
	}
	var told []string
	for _, u := range x.Unmoved {
		told = append(told, u.ID)
		named := distinct(eventID.FindAllString(u.Why, -1))
		if strings.TrimSpace(u.Why) == "" || !slices.Equal(named, u.RefersTo) && len(named)+len(u.RefersTo) > 0 {
			t.Errorf("%s: %q names %q, as data %q", u.ID, u.Why, named, u.RefersTo)
		}
		if slices.Contains(named, u.ID) {
			t.Errorf("%s is its own reason: %s", u.ID, u.Why)
		}
	}
	if want := unmoved[max(0, len(unmoved)-domain.ExplainList):]; !slices.Equal(told, want) {
		t.Errorf("explained are %q, what moved nothing is %q", told, want)
	}
	b, err := json.Marshal(x)
	if err != nil {
		t.Errorf("%v", err)
	}
	for _, id := range eventID.FindAllString(string(b), -1) {
		if !known[id] {
			t.Errorf("%s is named, but not on the timeline", id)
		}
	}
	assertStanding(t, m, a, x)
}

func distinct(ids []string) (once []string) {
	for _, id := range ids {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

// assertStanding: each region's state is the one stored, and its event is the last that moved it.
func assertStanding(t interface{ Errorf(string, ...any) }, m *Machine, a *domain.Account, x *domain.Explanation) {
	for i, r := range m.Regions() {
		s := x.Regions[i]
		if s.Region != r || s.State != a.Current.State.In(r) || (s.DecidedBy == nil) != (s.State == New) {
			t.Errorf("%s stands as %+v", r, s)
		}
		if d := s.DecidedBy; d != nil && (s.Since == nil || *s.Since != d.At || s.Meaning == nil) {
			t.Errorf("%s is since %v, decided %+v", r, s.Since, d)
		}
		if differs := s.Reported != nil && *s.Reported != s.State; differs != (s.Differs != nil) {
			t.Errorf("%s reported %v, explained by %+v", s.State, s.Reported, s.Differs)
		}
	}
}

func indented(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestExplain_AnyStory: whatever happens, all that moved nothing is explained, in any part of a story too.
func TestExplain_AnyStory(t *testing.T) {
	property(t, func(t *rapid.T, w *walks) {
		a := accountOf(w.machine, w.draw(t, 20))
		x := domain.Explain(w.machine, a)
		assertExplained(t, w.machine, &a, &x)
		if strings.Contains(x.Text, "%!") || strings.Contains(x.Text, "..\n") || !strings.HasSuffix(x.Text, ".\n") {
			t.Errorf("odd words: %s", x.Text)
		}
	})
}

func accountOf(m *Machine, events []domain.Event) domain.Account {
	rows := canonical(m, events)
	c := domain.Refold(m, rows[0].Subject, "", rows)
	return domain.Account{Current: c, Page: domain.Page{Current: c, Before: m.Start(), Rows: rows}, Now: rows[len(rows)-1].At}
}

// TestExplain_LongStories: the newest are kept and the rest is counted.
func TestExplain_LongStories(t *testing.T) {
	t.Parallel()
	m := machineNamed(t, "resend.email")
	events := []domain.Event{at(m, 0, "email.sent", "sent"), at(m, 1, "email.delivered", "delivered")}
	for i := range 300 {
		events = append(events, at(m, 2+i, "email.opened", "opened"))
	}
	a := accountOf(m, events)
	x := domain.Explain(m, a)
	if len(x.Unmoved) != domain.ExplainList || x.Counts.Unmoved != 299 || x.Unmoved[domain.ExplainList-1].ID != a.Page.Rows[301].ID() {
		t.Errorf("%d are listed of %d", len(x.Unmoved), x.Counts.Unmoved)
	}
	if want := "299 events moved nothing; the last 200 are listed:"; !strings.Contains(x.Text, want) {
		t.Errorf("%q is not in the text", want)
	}
	assertExplained(t, m, &a, &x)
}
