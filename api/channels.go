package api

import (
	"context"
	"maps"
	"slices"

	"giftline/domain"
)

// Channel is one that people are told by, as it is configured: its kind is log, webhook, slack and so on. Where it leads
// is not known here, for that is often a secret.
type Channel struct{ Name, Kind string }

// ChannelStatus says how a channel does.
type ChannelStatus string

// The statuses of a channel.
const (
	ChannelFine       ChannelStatus = "fine"
	ChannelFailing    ChannelStatus = "failing"
	ChannelDisabled   ChannelStatus = "disabled"
	ChannelUnattached ChannelStatus = "not_configured"
)

// ChannelView is a channel and what came of it.
type ChannelView struct {
	Name       string          `json:"name" doc:"As the configuration calls it." example:"ops"`
	Kind       *string         `json:"kind" doc:"What it is; null where it is not configured any more." example:"slack"`
	Status     ChannelStatus   `json:"status" doc:"How it does." example:"fine"`
	Reason     *string         `json:"reason" doc:"Why it is disabled; null where it is not." example:"the receiver answered 410"`
	DisabledAt *domain.Instant `json:"disabled_at" doc:"When it was disabled; null where it is not." example:"2025-03-16T14:44:31.202000Z"`
	FailingAt  *domain.Instant `json:"failing_at" doc:"Since when every attempt has failed; null where the last one did not." example:"2025-03-16T14:44:31.202000Z"`
	LastError  *string         `json:"last_error" doc:"Why an attempt failed last; null where none has." example:"the receiver answered 503"`
	LastSentAt *domain.Instant `json:"last_sent_at" doc:"When it took a notification last; null before the first." example:"2025-03-16T14:44:31.202000Z"`
	Sent       int64           `json:"sent" doc:"Notifications that it took." example:"120"`
	Pending    int64           `json:"pending" doc:"Notifications that wait for an attempt." example:"0"`
	Dead       int64           `json:"dead" doc:"Notifications that were given up; they can be sent again." example:"0"`
	Suppressed int64           `json:"suppressed" doc:"Notifications that were never sent, and are listed with the reason." example:"3"`
}

// ChannelList holds all channels, those of the configuration first.
type ChannelList struct {
	Channels []ChannelView `json:"channels" doc:"Those of the configuration in its order, then others that were once told something."`
}

func (a *API) channelList(ctx context.Context, _ *struct{}) (*body[ChannelList], error) {
	views, err := a.channelViews(ctx)
	return answer(ChannelList{Channels: views}), err
}

// channelViews gives all. Channels tell of every source, so who is limited to some sees none of them.
func (a *API) channelViews(ctx context.Context) ([]ChannelView, error) {
	views := []ChannelView{}
	if _, limited := domain.ReachOf(ctx); limited {
		return views, nil
	}
	known, err := a.store.Channels(ctx)
	if err != nil {
		return views, err
	}
	for _, c := range a.channels {
		state := known[c.Name]
		views = append(views, channelView(c, &state))
		delete(known, c.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		state := known[name]
		views = append(views, channelView(Channel{Name: name}, &state))
	}
	return views, nil
}

func channelView(c Channel, s *domain.ChannelState) ChannelView {
	v := ChannelView{
		Name: c.Name, Kind: optional(c.Kind), Status: ChannelFine, Reason: optional(s.Reason), DisabledAt: s.DisabledAt, FailingAt: s.FailingAt,
		LastError: optional(s.LastError), LastSentAt: s.LastSentAt, Sent: s.Sent, Pending: s.Pending, Dead: s.Dead, Suppressed: s.Suppressed,
	}
	switch {
	case c.Kind == "":
		v.Status = ChannelUnattached
	case s.DisabledAt != nil:
		v.Status = ChannelDisabled
	case s.FailingAt != nil:
		v.Status = ChannelFailing
	}
	return v
}

// ChannelInput names a channel.
type ChannelInput struct {
	Name string `path:"name" doc:"The channel's name." example:"ops"`
}

func (a *API) oneChannel(ctx context.Context, name string) (ChannelView, error) {
	all, err := a.channelViews(ctx)
	if err != nil {
		return ChannelView{}, err
	}
	if i := slices.IndexFunc(all, func(v ChannelView) bool { return v.Name == name && v.Kind != nil }); i >= 0 {
		return all[i], nil
	}
	return ChannelView{}, domain.Errorf(domain.CodeNotFound, "no channel of the configuration has this name: see /channels")
}

// ChannelTest is what came of a test message.
type ChannelTest struct {
	Channel string  `json:"channel" doc:"The channel's name." example:"ops"`
	Sent    bool    `json:"sent" doc:"Whether the channel took it." example:"true"`
	Error   *string `json:"error" doc:"Why not; null where it did." example:"the receiver answered 503"`
}

// testChannel tells a channel a test message, past everything that waits. That the channel does not take it is an answer,
// and no failure of ours.
func (a *API) testChannel(ctx context.Context, in *ChannelInput) (*body[ChannelTest], error) {
	c, err := a.oneChannel(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	t := ChannelTest{Channel: c.Name, Sent: true}
	ctx, cancel := context.WithTimeout(ctx, trackTime)
	defer cancel()
	if a.tellTest == nil {
		err = domain.Errorf(domain.CodeInvalid, "this process tells nobody: ask a server")
	} else {
		err = a.tellTest(ctx, c.Name)
	}
	if err != nil {
		said := err.Error()
		t.Sent, t.Error = false, &said
	}
	return answer(t), nil
}

// enableChannel starts a channel again that was disabled.
func (a *API) enableChannel(ctx context.Context, in *ChannelInput) (*body[ChannelView], error) {
	c, err := a.oneChannel(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if err := a.store.Enable(ctx, c.Name); err != nil {
		return nil, err
	}
	c, err = a.oneChannel(ctx, in.Name)
	return answer(c), err
}
