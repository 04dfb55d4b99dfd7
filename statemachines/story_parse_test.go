package statemachines

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// A story is a text that a stranger can read:
//
//	# What happens, and what is to be learnt from it.
//	machine snappy.gift
//
//	09:00  unopened
//	10:00  claimed       quality=approximate    # a remark
//	----
//	(the timeline, written by go test -update and then reviewed)
//
// A line is a time (of 2025-01-15 unless it has a date), then a state or an event type, then options:
//
//	type=T      the event type, where the state alone does not tell it
//	previous=S  the state that the provider says was left
//	quality=Q   how far the time can be trusted; exact unless said
//	permanent   the bounce is for good
//	many        the e-mail has several recipients
//	flag=F      a remark of the parser's, such as suppressed
//	id=N        the same as an earlier line with this id: another copy of the same event
type story struct {
	head    string // the file up to and with the dashes
	machine *Machine
	events  []domain.Event // as they arrive
}

const (
	dashes   = "----\n"
	storyDay = "2025-01-15"
)

func parseStory(t *testing.T, text string) *story {
	t.Helper()
	head, _, found := strings.Cut(text, dashes)
	if !found || !strings.HasPrefix(head, "# ") {
		t.Fatalf("a story begins with a comment and has a line of dashes")
	}
	s := &story{head: head + dashes}
	for n, line := range strings.Split(head, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "machine":
			s.machine = machineNamed(t, words[1])
		default:
			s.add(t, fmt.Sprintf("line %d", n+1), words)
		}
	}
	return s
}

func (s *story) add(t *testing.T, id string, words []string) {
	t.Helper()
	at, err := parseStamp(words[0])
	if err != nil || len(words) < 2 {
		t.Fatalf("%s: a time and a state or event type are needed: %v", id, err)
	}
	e := domain.Event{Subject: subjectOf(s.machine), At: at, Quality: domain.TimeExact}
	s.name(&e, words[1])
	for _, option := range words[2:] {
		key, value, _ := strings.Cut(option, "=")
		if key == "id" {
			id = value
		} else if !set(&e, key, value) {
			t.Fatalf("%s: unknown option %s", id, option)
		}
	}
	e.Fingerprint = domain.FingerprintOf("story/1", e.Subject, id)
	s.events = append(s.events, e)
}

// name reads the word as a state of the machine, else as an event type.
func (s *story) name(e *domain.Event, word string) {
	for _, r := range s.machine.Regions() {
		if contains(s.machine.regions[r].states()[1:], word) {
			e.Type, e.Target = eventOf(s.machine, r, word), word
			return
		}
	}
	e.Type = word
}

func set(e *domain.Event, key, value string) bool {
	switch key {
	case "type":
		if e.Target == "" {
			e.Target = e.Type // a word that is no state of the machine
		}
		e.Type = value
	case "previous":
		e.Previous = value
	case "quality":
		e.Quality = domain.TimeQuality(value)
	case "permanent":
		e.Facts |= domain.Permanent
	case "many":
		e.Facts |= domain.ManyRecipients
	case "flag":
		e.Flags |= flagNamed(value)
		return flagNamed(value) != 0
	default:
		return false
	}
	return true
}

// flagNamed is 0 for a name that no flag has.
func flagNamed(name string) domain.Flags {
	for f := domain.Flags(1); len(f.Names()) > 0; f <<= 1 {
		if f.Names()[0] == name {
			return f
		}
	}
	return 0
}

// parseStamp reads 09:00, 09:00:07, 09:00:07.123 or the same behind a date and a T.
func parseStamp(word string) (domain.Instant, error) {
	if !strings.Contains(word, "T") {
		word = storyDay + "T" + word
	}
	at, err := time.Parse("2006-01-02T15:04", word)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05.999999999", word)
	}
	return domain.InstantOf(at), err
}
