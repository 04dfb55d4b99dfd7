package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"giftline/domain"
	"giftline/statemachines"
)

// machinesCmd lists the machines, or shows one.
type machinesCmd struct {
	Name    string `arg:"" optional:"" help:"Machine to show, such as snappy.gift."`
	Mermaid bool   `help:"Print a Mermaid diagram." xor:"form"`
	JSON    bool   `help:"Print JSON." xor:"form"`
}

// Run prints what was asked for.
func (c *machinesCmd) Run(p *program) error {
	if c.Name == "" {
		return c.list(p)
	}
	m, err := machineNamed(c.Name)
	if err != nil {
		return err
	}
	switch {
	case c.Mermaid:
		_, err = fmt.Fprintln(p.out, strings.TrimRight(m.Mermaid(), "\n"))
	case c.JSON:
		err = writeJSON(p.out, m.View())
	default:
		err = writeMachine(p.out, m.View())
	}
	return err
}

func (c *machinesCmd) list(p *program) error {
	views := []domain.MachineView{}
	for _, m := range statemachines.All().All() {
		views = append(views, m.View())
	}
	if c.Mermaid {
		return usagef("--mermaid draws one machine: name it")
	}
	if c.JSON {
		return writeJSON(p.out, views)
	}
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "MACHINE\tSTATES\tDELIVERY\tNOTES\tREVISION\tPAGE")
	for _, v := range views {
		states := map[domain.Region]int{}
		for _, r := range v.Regions {
			states[r.Region] = len(r.States)
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\n", v.Name, states[domain.Status], states[domain.Delivery], len(v.Notes), v.Revision, v.Page)
	}
	return t.Flush()
}

func machineNamed(name string) (domain.Machine, error) {
	var names []string
	for _, m := range statemachines.All().All() {
		if m.Name() == name {
			return m, nil
		}
		names = append(names, m.Name())
	}
	return nil, domain.Errorf(domain.CodeNotFound, "no machine is named %q; there are %s", name, strings.Join(names, ", "))
}

// writeMachine prints the table as it stands in the source: lifecycle order, both regions.
func writeMachine(w io.Writer, v domain.MachineView) error {
	fmt.Fprintf(w, "%s  revision %d  %s\n", v.Name, v.Revision, v.Page)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range v.Regions {
		fmt.Fprintf(t, "\n%s\tFROM\tPHASE\tMEANING\n", strings.ToUpper(string(r.Region)))
		for _, s := range r.States {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.State, origins(s), phaseOf(s), s.Meaning+marks(s))
		}
	}
	writeLimits(t, v)
	if len(v.Notes) > 0 {
		fmt.Fprint(t, "\nNOTE\tMEANING\n")
	}
	for _, n := range v.Notes {
		fmt.Fprintf(t, "%s\t%s\n", n.Event, n.Meaning)
	}
	for _, g := range v.Guards {
		fmt.Fprintf(t, "\nGUARD on %s %s: %s: %s\n", g.Region, strings.Join(g.States, ", "), g.When, g.Then)
	}
	return t.Flush()
}

// writeLimits says how long states are expected to last at most, where the configuration says nothing else.
func writeLimits(w io.Writer, v domain.MachineView) {
	head := "\nLIMIT OF\tIS\tBY\tWHY\n"
	for _, r := range v.Regions {
		for _, s := range r.States {
			if s.Limit == nil {
				continue
			}
			by := "giftline"
			if s.Limit.Documented {
				by = string(v.Provider)
			}
			fmt.Fprintf(w, "%s%s\t%s\t%s\t%s\n", head, s.State, daysOf(s.Limit.Seconds), by, s.Limit.Why+expires(s.Limit))
			head = ""
		}
	}
}

// daysOf writes seconds as the configuration takes them.
func daysOf(seconds int64) string {
	const hour, day = 3600, 24 * 3600
	switch {
	case seconds%day == 0:
		return fmt.Sprintf("%dd", seconds/day)
	case seconds%hour == 0:
		return fmt.Sprintf("%dh", seconds/hour)
	}
	return fmt.Sprintf("%ds", seconds)
}

func expires(l *domain.LimitView) string {
	if l.Expires {
		return " [expires]"
	}
	return ""
}

// origins lists the states that lead to s, those it may return from in brackets.
func origins(s domain.StateView) string {
	from := append([]string{}, s.From...)
	for _, also := range s.Also {
		from = append(from, "("+also.From+")")
	}
	return strings.Join(from, " ")
}

func phaseOf(s domain.StateView) string {
	if s.Phase == nil {
		return ""
	}
	return string(*s.Phase)
}

func marks(s domain.StateView) string {
	var m string
	if s.Final {
		m += " [final]"
	}
	if s.Aside {
		m += " [aside]"
	}
	return m
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
