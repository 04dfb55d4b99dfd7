package main

import (
	"strings"

	"giftline/api"
	"giftline/domain"
)

// alerts writes what was raised beside the story, each with its life. They move nothing, so they have no lane.
func (d *drawing) alerts(all []api.TimelineAlert) {
	if len(all) == 0 {
		return
	}
	d.line("")
	d.line(d.colors.dim(pad("alerts (UTC)", len(clockLayout))))
	for _, a := range all {
		words := string(a.Rule)
		if state := stayOf(a.AlertMark); state != "-" {
			words += ": " + state
		}
		paint := d.colors.dim
		if a.Status.Live() {
			paint = d.severity(a.Severity)
		}
		d.line(d.colors.dim(a.At.Time().Format(clockLayout)), paint(words), string(a.Severity), string(a.Status))
		d.steps("  ", a.Steps)
	}
}

func (d *drawing) severity(s domain.Severity) func(string) string {
	if s == domain.Critical {
		return d.colors.red
	}
	return d.colors.yellow
}

// steps writes the life of an alert: what happened, when by our clock, by whom and why.
func (d *drawing) steps(indent string, steps []api.AlertStep) {
	for _, s := range steps {
		words := []string{indent + d.colors.dim(s.At.Time().Format(clockLayout)), string(s.Kind)}
		if s.By != nil {
			words = append(words, "by "+oneLine(*s.By))
		}
		if s.Note != nil {
			words = append(words, oneLine(*s.Note))
		}
		d.line(strings.Join(words, "  "))
	}
}
