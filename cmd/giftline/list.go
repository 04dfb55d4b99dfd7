package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"text/tabwriter"

	"giftline/api"
	"giftline/domain"
)

// listCmd lists subjects, from the local database or from a running server.
type listCmd struct {
	What      string   `arg:"" enum:"gifts,sends,emails,contacts,domains,products,invoices,suppressions,inbound-emails" help:"gifts, sends, emails, contacts, domains, products, invoices, suppressions or inbound-emails."`
	Provider  []string `help:"Only of this provider." placeholder:"NAME"`
	Phase     []string `help:"Only in this phase." placeholder:"PHASE"`
	Status    []string `help:"Only in this status." placeholder:"STATE"`
	Delivery  []string `help:"Only in this state of delivery." placeholder:"STATE"`
	CompanyID []string `name:"company-id" sep:"none" help:"Only of this company." placeholder:"ID"`
	Reference []string `sep:"none" help:"Only with this reference." placeholder:"REF"`
	Search    string   `help:"What the id, reference or recipient begins with." placeholder:"TEXT"`
	Stuck     bool     `help:"Only what somebody should look at."`
	Illegal   bool     `help:"Only what did not add up."`
	Limit     int      `help:"How many at most, up to 1000." default:"100"`
	JSON      bool     `help:"Print the answer of the API."`
	asked
}

// Run prints a line per subject, the last updated first.
func (c *listCmd) Run(p *program) error {
	cl, err := c.asked.open(p, "")
	if err != nil {
		return err
	}
	defer cl.close()
	raw, err := cl.get(p.ctx, "/"+c.What, c.query())
	if err != nil {
		return err
	}
	if c.JSON {
		_, err = p.out.Write(raw)
		return err
	}
	var list api.SubjectList
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("the answer is no list; is %s a giftline server? %w", cl.base, err)
	}
	return writeList(p.out, list)
}

func (c *listCmd) query() url.Values {
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	for name, values := range map[string][]string{
		"provider": c.Provider, "phase": c.Phase, "status": c.Status, "delivery": c.Delivery, "company_id": c.CompanyID,
		"reference": c.Reference, "q": given(c.Search), "stuck": truth(c.Stuck), "illegal": truth(c.Illegal),
	} {
		if len(values) > 0 {
			q[name] = values
		}
	}
	return q
}

func given(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func truth(is bool) []string {
	if !is {
		return nil
	}
	return []string{"true"}
}

func writeList(w io.Writer, list api.SubjectList) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SUBJECT\tPHASE\tSTATUS\tDELIVERY\tEVENTS\tUPDATED (UTC)\tREFERENCE\t")
	for _, s := range list.Subjects {
		delivery := "-"
		if s.State.Delivery != nil {
			delivery = s.State.Delivery.State
		}
		name := domain.Subject{Provider: s.Subject.Provider, Kind: s.Subject.Kind, ID: s.Subject.ID}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", oneLine(name.String()), shown(s.Phase), s.State.Status.State, delivery,
			s.Counts.Events, when(&s.UpdatedAt), oneLine(shown(s.Reference)), remark(s))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if list.Next != nil {
		fmt.Fprintln(w, "There are more: ask for less, or raise --limit.")
	}
	if list.UpTo != nil {
		fmt.Fprintf(w, "What arrived after %s is not listed yet.\n", when(list.UpTo))
	}
	return nil
}

func shown[T ~string](s *T) string {
	if s == nil {
		return "-"
	}
	return string(*s)
}

// remark is what somebody should look at.
func remark(s api.Listed) string {
	switch {
	case s.Stuck:
		return "stuck"
	case s.Counts.Illegal > 0:
		return "did not add up"
	}
	return ""
}
