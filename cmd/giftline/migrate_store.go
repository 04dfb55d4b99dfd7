package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"giftline/store"
)

// migrateStoreCmd takes what one machine recorded to where several may go on.
type migrateStoreCmd struct {
	From  string `help:"The SQLite database. Stop the server that uses it first; nothing in it is changed." required:"" placeholder:"FILE"`
	To    string `help:"The PostgreSQL database, an empty one: postgres://user:password@host/name. The password may stand in PGPASSWORD." required:"" placeholder:"URL"`
	Batch int    `help:"Rows that share a transaction." default:"10000" placeholder:"N"`
	JSON  bool   `help:"Print the summary as JSON."`
}

// moveSummary is what --json prints.
type moveSummary struct {
	From        string             `json:"from"`
	To          string             `json:"to"`
	Tables      []store.MovedTable `json:"tables"`
	Same        bool               `json:"same"`        // every row was compared
	Different   int64              `json:"different"`   // rows
	Differences []string           `json:"differences"` // the first of them
	Seconds     float64            `json:"seconds"`
}

// Run moves, or goes on with a move that was interrupted.
func (c *migrateStoreCmd) Run(p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	begin := time.Now()
	shown := p.newProgress()
	log := slog.New(slog.NewTextHandler(p.errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	moved, err := store.Move{From: c.From, To: c.To, Batch: c.Batch, Progress: shown.tell, Log: log}.Run(p.ctx)
	switch {
	case err == nil:
		shown.sum("compared")
		return c.summary(p, moved, time.Since(begin))
	case p.ctx.Err() != nil:
		shown.clear()
		return errors.New("interrupted: run the same command again, and it goes on where it was")
	case moved.Different > 0:
		shown.sum("compared")
		return errors.Join(err, c.summary(p, moved, time.Since(begin)))
	}
	shown.clear()
	return err
}

func (c *migrateStoreCmd) check() error {
	switch {
	case store.IsPostgres(c.From) || isURL(c.From):
		return usagef("--from is the file of an SQLite database")
	case !store.IsPostgres(c.To):
		return usagef("--to is an address that begins with postgres://")
	case c.Batch < 1:
		return usagef("--batch is at least 1")
	}
	return nil
}

func (c *migrateStoreCmd) summary(p *program, moved store.Moved, took time.Duration) error {
	if c.JSON {
		raw, err := encodeJSON(moveSummary{
			From: c.From, To: store.Name(c.To), Tables: moved.Tables, Same: moved.Different == 0, Different: moved.Different,
			Differences: append([]string{}, moved.Differences...), Seconds: took.Seconds(),
		})
		if err == nil {
			_, err = fmt.Fprintf(p.out, "%s\n", raw)
		}
		return err
	}
	if err := writeMoved(p.out, moved.Tables); err != nil || moved.Different > 0 {
		return err
	}
	_, err := fmt.Fprintf(p.out, "\nEvery row was compared: both sides are the same. Start giftline serve with GIFTLINE_DB=%s,\n"+
		"and keep %s until you are content with it.\n", store.Name(c.To), c.From)
	return err
}

func writeMoved(w io.Writer, tables []store.MovedTable) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TABLE\tROWS\tCOPIED NOW")
	for _, m := range tables {
		fmt.Fprintf(t, "%s\t%d\t%d\n", m.Name, m.Rows, m.Copied)
	}
	return t.Flush()
}
