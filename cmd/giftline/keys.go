package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"giftline/api"
	"giftline/domain"
)

// keysCmd hands out what others may ask with.
type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make a key. It is shown once."`
	List   keysListCmd   `cmd:"" help:"Show the keys, without their secrets."`
	Revoke keysRevokeCmd `cmd:"" help:"End a key, for good."`
}

// keysCreateCmd makes a key.
type keysCreateCmd struct {
	Name      string   `help:"What to call it." required:"" placeholder:"NAME"`
	Scope     []string `help:"What it may do: read, write, admin, raw; none includes another." default:"read" enum:"read,write,admin,raw" placeholder:"SCOPE,..."`
	Source    []string `help:"Whose rows it reaches; all unless given." placeholder:"SOURCE,..."`
	Personal  bool     `help:"It sees personal fields unmasked."`
	ExpiresIn string   `help:"When it ends, such as 12h or 90d from now; never unless given." placeholder:"TIME"`
	JSON      bool     `help:"Print the answer of the API."`
	asked
}

// Run prints the key on a line of its own.
func (c *keysCreateCmd) Run(p *program) (err error) {
	cl, err := c.asked.openWriting(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cl.close()) }()
	order := api.KeyOrder{Name: c.Name, Sources: c.Source, Personal: c.Personal, ExpiresIn: c.ExpiresIn}
	for _, s := range c.Scope {
		order.Scopes = append(order.Scopes, domain.Scope(s))
	}
	raw, err := cl.send(p.ctx, http.MethodPost, "/keys", order)
	if err != nil || c.JSON {
		return printed(p.out, raw, err)
	}
	var made api.KeyMade
	if err := json.Unmarshal(raw, &made); err != nil {
		return fmt.Errorf("the answer is no key: %w", err)
	}
	fmt.Fprintf(p.out, "%s\n", made.Key)
	_, err = fmt.Fprintf(p.errs, "That is the key, shown only this once. To end it: giftline keys revoke %s\n", made.ID)
	return err
}

// keysListCmd shows who may ask.
type keysListCmd struct {
	JSON bool `help:"Print the answer of the API."`
	asked
}

// Run prints a line per key, the newest first.
func (c *keysListCmd) Run(p *program) error {
	cl, err := c.asked.open(p, "")
	if err != nil {
		return err
	}
	defer cl.close()
	return show(p, cl, "/keys", nil, c.JSON, func(list *api.KeyList) error { return writeKeys(p.out, list.Keys) })
}

func writeKeys(w io.Writer, keys []api.KeyView) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tNAME\tSTATE\tSCOPES\tSOURCES\tPERSONAL\tEXPIRES (UTC)\tLAST USED (UTC)")
	for _, k := range keys {
		scopes := make([]string, len(k.Scopes))
		for i, s := range k.Scopes {
			scopes[i] = string(s)
		}
		sources := "all"
		if k.Sources != nil {
			sources = strings.Join(k.Sources, ",")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, oneLine(k.Name), k.State, strings.Join(scopes, ","), sources,
			map[bool]string{true: "shown", false: "masked"}[k.Personal], when(k.ExpiresAt), toTheMinute(k.LastUsedAt))
	}
	return t.Flush()
}

// toTheMinute shows a time that is kept no more exactly.
func toTheMinute(at *domain.Instant) string {
	if at == nil {
		return "never"
	}
	return at.Time().Format("2006-01-02 15:04")
}

// keysRevokeCmd ends a key.
type keysRevokeCmd struct {
	ID string `arg:"" help:"Its id, as giftline keys list shows it; not the key itself."`
	asked
}

// Run ends it. A key that has ended already stays as it is.
func (c *keysRevokeCmd) Run(p *program) (err error) {
	cl, err := c.asked.openWriting(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cl.close()) }()
	raw, err := cl.send(p.ctx, http.MethodDelete, "/keys/"+url.PathEscape(c.ID), nil)
	if err != nil {
		return err
	}
	var k api.KeyView
	if err := json.Unmarshal(raw, &k); err != nil {
		return fmt.Errorf("the answer is no key: %w", err)
	}
	_, err = fmt.Fprintf(p.out, "%s (%s) opens nothing any more, on every replica within a second.\n", k.ID, oneLine(k.Name))
	return err
}
