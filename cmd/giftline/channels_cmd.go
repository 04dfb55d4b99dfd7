package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"

	"giftline/api"
)

// channelsCmd shows who can be told, and tries it.
type channelsCmd struct {
	List   channelsListCmd   `cmd:"" default:"withargs" help:"Show the channels and how they do."`
	Test   channelsTestCmd   `cmd:"" help:"Have the server send a test message."`
	Enable channelsEnableCmd `cmd:"" help:"Start a channel again that its receiver stopped."`
}

// channelsListCmd says how channels do.
type channelsListCmd struct {
	JSON bool `help:"Print the answer of the API."`
	asked
}

// Run prints a line per channel.
func (c *channelsListCmd) Run(p *program) error {
	cl, err := c.asked.open(p, "")
	if err != nil {
		return err
	}
	defer cl.close()
	return show(p, cl, "/channels", nil, c.JSON, func(list *api.ChannelList) error {
		if err := writeChannels(p.out, list.Channels); err != nil || c.URL != "" {
			return err
		}
		_, err := fmt.Fprintln(p.out, "Which channels are configured is as this shell's settings say (--config); a server says its own with --url.")
		return err
	})
}

func writeChannels(w io.Writer, channels []api.ChannelView) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tKIND\tSTATUS\tSENT\tPENDING\tDEAD\tSUPPRESSED\tLAST SENT (UTC)\tWHY")
	for _, c := range channels {
		why := c.Reason
		if why == nil && c.FailingAt != nil {
			why = c.LastError
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", oneLine(c.Name), shown(c.Kind), c.Status, c.Sent, c.Pending, c.Dead, c.Suppressed,
			when(c.LastSentAt), oneLine(shown(why)))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, c := range channels {
		if c.Status == api.ChannelDisabled {
			fmt.Fprintf(w, "%[1]s is not told any more; once its receiver is back: giftline channels enable %[1]s\n", oneLine(c.Name))
		}
	}
	return nil
}

// channelsTestCmd tries a channel.
type channelsTestCmd struct {
	Name string `arg:"" help:"The channel, as the configuration calls it."`
	asked
}

// Run has the server send a test message, because the server is who will send the others.
func (c *channelsTestCmd) Run(p *program) error {
	if c.URL == "" {
		return usagef("a test message is sent by the server: give --url, and a key with the scope admin in GIFTLINE_API_KEY")
	}
	cl, err := c.asked.open(p, "")
	if err != nil {
		return err
	}
	defer cl.close()
	raw, err := cl.send(p.ctx, http.MethodPost, "/channels/"+url.PathEscape(c.Name)+"/test", nil)
	if err != nil {
		return err
	}
	var t api.ChannelTest
	if err := json.Unmarshal(raw, &t); err != nil {
		return fmt.Errorf("the answer is no test; is %s a giftline server? %w", cl.base, err)
	}
	if !t.Sent {
		return fmt.Errorf("%s did not take the test message: %s", t.Channel, shown(t.Error))
	}
	_, err = fmt.Fprintf(p.out, "%s took the test message.\n", oneLine(t.Channel))
	return err
}

// channelsEnableCmd starts a channel again.
type channelsEnableCmd struct {
	Name string `arg:"" help:"The channel, as the configuration calls it."`
	asked
}

// Run enables it.
func (c *channelsEnableCmd) Run(p *program) (err error) {
	cl, err := c.asked.openWriting(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cl.close()) }()
	raw, err := cl.send(p.ctx, http.MethodPost, "/channels/"+url.PathEscape(c.Name)+"/enable", nil)
	if err != nil {
		return err
	}
	var v api.ChannelView
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf("the answer is no channel: %w", err)
	}
	_, err = fmt.Fprintf(p.out, "%s is told again from now on.\n", oneLine(v.Name))
	return err
}
