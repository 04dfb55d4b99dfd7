package statemachines

import (
	"fmt"
	"strings"
	"testing"

	"giftline/domain"
)

// TestGenerated keeps README.md what the tables say. Rewrite it with: go generate ./statemachines
func TestGenerated(t *testing.T) {
	var b strings.Builder
	b.WriteString(preface)
	for _, m := range All().All() {
		fmt.Fprintf(&b, "- [%s](#%s): %s\n", m.Name(), strings.ReplaceAll(m.Name(), ".", ""), m.(*Machine).summary())
	}
	for _, m := range All().All() {
		m.(*Machine).document(&b)
	}
	golden(t, "README.md", b.String())
}

const preface = `# State machines

Generated from the tables in this folder by ` + "`go generate ./statemachines`" + `; a test fails when it is stale.

One table per machine, in the provider's lifecycle order and spelling. An event reports a state; what is said of it
follows from the state held:

| verdict | when |
| --- | --- |
| moved | the state held stands in *from* or *also* of the row reported |
| gap | no such step, but a path: at most one *also* step first, then *from* steps, no aside row between; the steps between are shown as inferred |
| repeat | the state held is said again |
| note | moves nothing: a notification, an update of what is known, a lower engagement; or what would be illegal, where the order is not known well enough |
| illegal | none of these; the state stays. Why, the first that fits: ` + "`unknown_state`, `guard`, `after_final`, `backward`, `contradicts`" + ` |

Events of one subject are put in order by time, then by the place of their row (in the order of the regions below), then
by fingerprint; the order of arrival decides nothing. In the tables, **bold** states are final (credits, conditions and
open questions not counted), *slanted* ones are aside: holds, failures and ends, which are never inferred. In *also*, a
question mark means that the provider does not say whether the step exists; a star that it does on a condition, given
below the table. *Limit* is how long a state is expected to last before somebody should look: written down by the provider,
or ours; it moves nothing. One *of the wait* counts over all rows with the same limit: when it has passed, the subject should
have expired. *Alarms* names the rule of the alert that a state raises as soon as it is entered. What every pair of state and report comes to is in [testdata/matrix](testdata/matrix), whole stories
are in [testdata/stories](testdata/stories).

`

// summary names the regions and counts their states.
func (m *Machine) summary() string {
	var parts []string
	for _, r := range m.Regions() {
		parts = append(parts, fmt.Sprintf("%s, %s", r, count(len(m.regions[r].rows), "state")))
	}
	return strings.Join(parts, "; ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (m *Machine) document(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\nRevision %d. The provider's page: <%s>\n", m.Name(), m.Revision(), m.table.Page)
	for _, r := range m.inRankOrder() {
		m.documentRegion(b, m.regions[r])
	}
	m.documentNotes(b)
	if rules := m.rules(); rules[0] != "none" {
		fmt.Fprintf(b, "\n### Rules of %s\n\n- %s\n", m.Name(), strings.Join(rules, "\n- "))
	}
	fmt.Fprintf(b, "\n```mermaid\n%s```\n", m.Mermaid())
}

// inRankOrder lists the regions as equal times are ordered.
func (m *Machine) inRankOrder() []domain.Region {
	if m.table.DeliveryFirst {
		return []domain.Region{domain.Delivery, domain.Status}
	}
	return m.Regions()
}

func (m *Machine) documentRegion(b *strings.Builder, r *region) {
	fmt.Fprintf(b, "\n### %s of %s\n\n", strings.ToUpper(string(r.name[:1]))+string(r.name[1:]), m.Name())
	fmt.Fprintf(b, "| state | reported by | from | also | phase | meaning | limit | alarms |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for i := range r.rows {
		row := &r.rows[i]
		from, also := row.columns()
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.styled(row), strings.Join(m.eventsOf(r.name, row.State), "<br>"),
			from, also, row.Phase, row.Meaning, row.limited(), row.Raises)
	}
}

func (r *region) styled(row *Row) string {
	name := row.State
	if row.Aside {
		name = "*" + name + "*"
	}
	if r.final[row.State] {
		name = "**" + name + "**"
	}
	return name
}

// columns are the states that lead to the row: always, and as a return, an open question or on a condition.
func (r *Row) columns() (from, also string) {
	var steps, others []string
	for _, e := range r.Edges {
		switch {
		case e.Kind == Forward:
			steps = append(steps, e.From)
		case e.Kind == Maybe:
			others = append(others, e.From+"?")
		case e.steps() && e.When != nil:
			others = append(others, e.From+"\\*")
		case e.steps():
			others = append(others, e.From)
		}
	}
	return strings.Join(steps, ", "), strings.Join(others, ", ")
}

// limited says the limit in days or hours, and whose it is.
func (r *Row) limited() string {
	if r.Limit == nil {
		return ""
	}
	length := count(int(r.Limit.For/hour), "hour")
	if r.Limit.For%day == 0 {
		length = count(int(r.Limit.For/day), "day")
	}
	if r.Limit.Expires {
		length += " of the wait"
	}
	if !r.Limit.Documented {
		return length + ", ours: " + r.Limit.Why
	}
	return length + ", " + r.Limit.Why
}

func (m *Machine) documentNotes(b *strings.Builder) {
	if len(m.table.Notes) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### Notes of %s\n\n| event | meaning |\n| --- | --- |\n", m.Name())
	for _, n := range m.table.Notes {
		warns := ""
		if n.Warns {
			warns = "; warns that it expires soon"
		}
		fmt.Fprintf(b, "| %s | %s%s |\n", n.Event, n.Meaning, warns)
	}
}
