package api

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"giftline/domain"
)

// pace is how a stream keeps time.
type pace struct {
	beat  time.Duration // of silence, after which it says that it lives
	write time.Duration // how long a client may take to read what was written
	look  time.Duration // how often it looks whether its key still opens it
}

var usualPace = pace{beat: 15 * time.Second, write: 10 * time.Second, look: time.Second}

const (
	streamRetry = 2 * time.Second // how long browsers wait before they come again
	streamAhead = 64              // changes that wait to be written
	streamPiece = 32 << 10        // bytes that may wait for more to come
)

// teller writes one stream. Nobody else writes to it.
type teller struct {
	*API
	c       *gin.Context
	control *http.ResponseController
	in      *StreamInput
	passed  string // the position behind everything that was told or left out
	shown   string // the last one that the client was given
	wrote   time.Time
	waiting bytes.Buffer
}

func newTeller(a *API, c *gin.Context, in *StreamInput, from string) *teller {
	return &teller{API: a, c: c, control: http.NewResponseController(c.Writer), in: in, passed: from}
}

// open begins the answer, with a position for who is cut off before anything happens.
func (t *teller) open() {
	h := t.c.Writer.Header()
	h.Set("Content-Type", eventStream)
	h.Set("X-Accel-Buffering", "no") // nginx would collect it
	_ = t.control.SetReadDeadline(time.Time{})
	fmt.Fprintf(&t.waiting, "retry: %d\n", streamRetry.Milliseconds())
	t.mark()
	t.waiting.WriteString("\n")
}

// mark writes the position, unless the client has it.
func (t *teller) mark() {
	if t.passed != "" && t.passed != t.shown {
		t.waiting.WriteString("id: " + t.passed + "\n")
		t.shown = t.passed
	}
}

// run tells until the context ends, the client does not read or its key is not valid any more.
func (t *teller) run(ctx context.Context) {
	look := time.NewTicker(t.streams.pace.look)
	defer look.Stop()
	changes, ended := t.follow(ctx)
	for t.flush(len(changes)) {
		select {
		case c := <-changes:
			t.tell(ctx, &c)
		case err := <-ended:
			if ctx.Err() != nil || domain.CodeOf(err) != domain.CodeReset {
				return
			}
			t.reset(ctx)
			changes, ended = t.follow(ctx)
		case <-look.C:
			if !t.opens(ctx) {
				return
			}
			t.beat()
		case <-ctx.Done():
			return
		}
	}
}

// follow hands over what the feed tells behind the place that was passed.
func (t *teller) follow(ctx context.Context) (<-chan domain.Change, <-chan error) {
	changes, ended := make(chan domain.Change, streamAhead), make(chan error, 1)
	go func(after string) {
		err := t.tap.Follow(ctx, after, func(c domain.Change) error {
			select {
			case changes <- c:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if err != nil && ctx.Err() == nil {
			t.log.LogAttrs(ctx, slog.LevelWarn, "a live stream ends", slog.Any("err", err))
		}
		ended <- err
	}(t.passed)
	return changes, ended
}

func (t *teller) tell(ctx context.Context, c *domain.Change) {
	t.passed = c.Position
	if !t.in.wants(ctx, c) {
		return
	}
	if own := t.own(ctx, c); own != nil && t.in.wantsVerdict(own) {
		name, e := streamEventOf(own)
		t.event(ctx, name, e)
	}
}

// own gives a change as the context's own sources tell it; nil for one that only others know the reason of. Where nothing
// is limited, that is the change itself. What the feed tells is the whole story: of a subject that others told of too, a
// recorded event comes with its own verdict of now, and a verdict that changed in the own story alone is not told.
func (t *teller) own(ctx context.Context, c *domain.Change) *domain.Change {
	if _, limited := domain.ReachOf(ctx); !limited || c.Verdict == "" {
		return c
	}
	e, err := t.eventOf(ctx, c.EventID)
	switch {
	case err != nil:
		return nil // it is not there any more, or cannot be found out: a later change, or a reader, tells
	case c.Was == "":
		own := *c
		own.Verdict = e.Outcome.Verdict
		return &own
	case e.Outcome.Verdict != c.Verdict:
		return nil
	case c.Cause != domain.ByMachine:
		if _, err := t.eventOf(ctx, c.Cause); err != nil {
			return nil
		}
	}
	return c
}

func (t *teller) eventOf(ctx context.Context, id string) (domain.Recorded, error) {
	d, fp, err := domain.ParseEventID(id)
	if err != nil {
		return domain.Recorded{}, err
	}
	return t.store.Event(ctx, d, fp)
}

func (t *teller) event(ctx context.Context, name string, data any) {
	shown, err := masked(ctx, data)
	if err != nil {
		panic(err) // our own types
	}
	b, err := encode(shown)
	if err != nil {
		panic(err)
	}
	t.waiting.WriteString("event: " + name + "\n")
	t.mark()
	fmt.Fprintf(&t.waiting, "data: %s\n", b) // encode ends a line
}

// StreamReset is the data of a reset.
type StreamReset struct {
	Code   domain.Code `json:"code"`
	Detail string      `json:"detail"`
}

// reset goes on from now, and says that what lay before may be missing.
func (t *teller) reset(ctx context.Context) {
	latest, err := t.store.Latest(ctx)
	if err != nil {
		return // the position stays lost, and whoever follows it is told again
	}
	t.passed = latest
	t.event(ctx, "reset", StreamReset{domain.CodeReset, "the position to go on from is not known any more: read anew what you keep, this stream goes on from now"})
}

// beat says that the stream lives, and how far it has come with what was not asked for.
func (t *teller) beat() {
	if time.Since(t.wrote) >= t.streams.pace.beat {
		t.waiting.WriteString(": still here\n")
		t.mark()
		t.waiting.WriteString("\n")
	}
}

// flush sends what waits, unless more is to come at once; false when the client does not take it.
func (t *teller) flush(coming int) bool {
	if t.waiting.Len() == 0 || coming > 0 && t.waiting.Len() < streamPiece {
		return true
	}
	_ = t.control.SetWriteDeadline(time.Now().Add(t.streams.pace.write)) // not every writer can
	_, err := t.c.Writer.Write(t.waiting.Bytes())
	t.waiting.Reset()
	t.wrote = time.Now()
	if err == nil {
		t.c.Writer.Flush()
	}
	return err == nil
}

// opens reports whether the key that opened the stream still would. When that cannot be found out, it does.
func (t *teller) opens(ctx context.Context) bool {
	key, err := t.keys.find(ctx, bearer(t.c.Request.Header.Get("Authorization")))
	return err == nil && key.Valid(domain.InstantOf(t.now())) || err != nil && domain.CodeOf(err) != domain.CodeNotFound
}
