package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"giftline/api"
	"giftline/domain"
)

// story is a timeline answer as it comes over the wire, which is also how the local database is read: what the
// terminal shows is what the server would say.
type story struct {
	domain.Timeline
	Entries []scene     `json:"entries"`
	Labels  *api.Labels `json:"labels"`

	Alerts []api.TimelineAlert `json:"alerts"`
}

// scene is an entry; flags travel by their names.
type scene struct {
	domain.Entry
	Flags []string `json:"flags"`
}

// marksOf are the signs of the verdicts in a lane.
var marksOf = map[domain.Verdict]string{
	domain.Moved: "●", domain.Gap: "◐", domain.Repeat: "○", domain.Illegal: "✗", domain.Note: "·",
}

const (
	clockLayout = "2006-01-02 15:04:05.000"
	passing     = "│" // a lane that something has entered before
	missing     = "┊" // a step that the events imply but nobody reported
)

// drawing is a timeline on its way to the terminal: a lane per region, oldest on top.
type drawing struct {
	w       io.Writer
	colors  colors
	lanes   []domain.Region
	width   map[domain.Region]int
	entered map[domain.Region]bool
	err     error
}

// drawStory writes head, lanes and legend.
func drawStory(w io.Writer, s story, c colors) error {
	d := &drawing{w: w, colors: c, lanes: []domain.Region{domain.Status}, width: map[domain.Region]int{}, entered: map[domain.Region]bool{}}
	if s.State.Delivery != nil {
		d.lanes = append(d.lanes, domain.Delivery)
	}
	d.measure(s)
	d.head(s)
	d.row(pad("time (UTC)", len(clockLayout)), map[domain.Region]string{domain.Status: "  status", domain.Delivery: "  delivery"}, "", c.dim)
	for _, e := range s.Entries {
		d.entry(e)
	}
	d.alerts(s.Alerts)
	return d.err
}

// measure finds how wide each lane must be.
func (d *drawing) measure(s story) {
	for _, r := range d.lanes {
		d.width[r] = len("  delivery")
	}
	for _, e := range s.Entries {
		if e.Region == nil {
			continue
		}
		for _, state := range append(e.Inferred, value(e.To)) {
			d.width[*e.Region] = max(d.width[*e.Region], 2+utf8.RuneCountInString(oneLine(state)))
		}
	}
}

func (d *drawing) head(s story) {
	subject := domain.Subject{Provider: s.Subject.Provider, Kind: s.Subject.Kind, ID: s.Subject.ID}
	d.line(d.colors.bold(oneLine(subject.String())), d.colors.bold(string(value(s.Phase))))
	for _, about := range []struct{ name, value string }{
		{"source", s.Subject.Source}, {"company", value(s.Subject.CompanyID)}, {"reference", value(s.Subject.Reference)},
		{"recipient", value(s.Subject.Recipient)}, {"metadata", string(s.Subject.Metadata)},
		{"labels", labelsLine(s.Labels)},
	} {
		if about.value != "" && about.value != "null" {
			d.line("  "+pad(about.name, 10), oneLine(about.value))
		}
	}
	d.region("status", &s.State.Status)
	d.region("delivery", s.State.Delivery)
	count := fmt.Sprintf("%d, %d illegal", s.Counts.Events, s.Counts.Illegal)
	d.line("  "+pad("events", 10), count)
	d.line("")
}

// labelsLine is what people say of the subject.
func labelsLine(l *api.Labels) string {
	if l == nil {
		return ""
	}
	var words []string
	if l.Reference != nil {
		words = append(words, "reference "+*l.Reference)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Free)) {
		words = append(words, name+"="+l.Free[name])
	}
	if l.ExpiresAt != nil {
		words = append(words, "expires "+l.ExpiresAt.Time().Format(clockLayout))
	}
	return strings.Join(words, "  ")
}

// region says where one region stands, and when the provider says otherwise.
func (d *drawing) region(name string, r *domain.RegionState) {
	if r == nil {
		return
	}
	words := []string{d.colors.bold(oneLine(r.State))}
	if r.Since != nil {
		words = append(words, "since "+r.Since.Time().Format(clockLayout))
	}
	if r.Final {
		words = append(words, "final")
	}
	if reported := value(r.Reported); reported != "" && reported != r.State {
		words = append(words, d.colors.yellow("reported "+oneLine(reported)))
	}
	if r.DueAt != nil {
		words = append(words, "due "+r.DueAt.Time().Format(clockLayout))
	}
	d.line("  "+pad(name, 10), strings.Join(words, "  "))
}

// entry draws the steps an event implies, then the event.
func (d *drawing) entry(e scene) {
	if e.Region != nil {
		d.entered[*e.Region] = d.entered[*e.Region] || e.Verdict.Moves()
		for _, step := range e.Inferred {
			d.row(pad("", len(clockLayout)), map[domain.Region]string{*e.Region: missing + " " + oneLine(step)}, "not received", d.colors.dim)
		}
	}
	cells := map[domain.Region]string{}
	if e.Region != nil {
		cells[*e.Region] = marksOf[e.Verdict] + " " + oneLine(value(e.To))
	}
	d.row(e.At.Time().Format(clockLayout), cells, d.remarks(e), d.verdictColor(e.Verdict))
}

func (d *drawing) verdictColor(v domain.Verdict) func(string) string {
	switch v {
	case domain.Moved:
		return d.colors.green
	case domain.Gap:
		return d.colors.yellow
	case domain.Illegal:
		return d.colors.red
	}
	return d.colors.dim
}

// remarks are everything about an event that is not its place: the verdict and why, flags, doubts about its time, how
// it arrived and what it means.
func (d *drawing) remarks(e scene) string {
	words := []string{string(e.Verdict)}
	if e.Reason != nil {
		words[0] += " (" + string(*e.Reason) + ")"
	}
	if e.Region == nil {
		words = append(words, oneLine(e.Event))
	}
	words = append(words, e.Flags...)
	if e.TimeQuality != domain.TimeExact {
		words = append(words, "time "+string(e.TimeQuality))
	}
	if e.Received != nil && e.Received.Late {
		words = append(words, "late")
	}
	if e.Received != nil && e.Received.Seen > 1 {
		words = append(words, fmt.Sprintf("seen %d times", e.Received.Seen))
	}
	text := strings.Join(words, " · ")
	if meaning := value(e.Meaning); meaning != "" {
		text += "  " + d.colors.dim(oneLine(meaning))
	}
	return text
}

// row writes one line: the time, a cell per lane, remarks. An empty cell of an entered lane shows the lane itself.
func (d *drawing) row(at string, cells map[domain.Region]string, remarks string, paint func(string) string) {
	parts := []string{d.colors.dim(at)}
	for _, r := range d.lanes {
		cell, ok := cells[r]
		switch {
		case ok:
			parts = append(parts, paint(pad(cell, d.width[r])))
		case d.entered[r]:
			parts = append(parts, d.colors.dim(pad(passing, d.width[r])))
		default:
			parts = append(parts, pad("", d.width[r]))
		}
	}
	d.line(append(parts, remarks)...)
}

// line writes words two blanks apart; the first error is kept.
func (d *drawing) line(words ...string) {
	if d.err == nil {
		_, d.err = fmt.Fprintln(d.w, strings.TrimRight(strings.Join(words, "  "), " "))
	}
}

// pad fills s to a width counted in characters.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// value gives what p points to, or nothing.
func value[T ~string](p *T) T {
	if p == nil {
		return ""
	}
	return *p
}
