package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"giftline/domain"
)

const (
	eventStream   = "text/event-stream"
	fromBeginning = "beginning"
)

// StreamInput chooses what is told. A verdict fits when it is the one now or the one before.
type StreamInput struct {
	Choosing
	SubjectID   []string `query:"subject_id,explode" maxItems:"100" doc:"Only about the subject with this id; several times for any of several." example:"gft_12345"`
	After       string   `query:"after" doc:"A position to go on from: an id or position of this stream, or next of an ascending page of /events. beginning tells everything that is kept. Without it the stream begins now." example:"beginning"`
	LastEventID string   `header:"Last-Event-ID" doc:"The id of the last event that was read, which browsers send when they come again. It goes before after=."`
}

// wants reports whether a change is to be told, if its verdict is.
func (in *StreamInput) wants(ctx context.Context, c *domain.Change) bool {
	return fits(in.Provider, string(c.Subject.Provider)) && fits(in.Kind, string(c.Subject.Kind)) && fits(in.SubjectID, c.Subject.ID) &&
		fits(in.Source, c.Source) && fits(in.Type, c.Type) && domain.InReach(ctx, c.Source)
}

// wantsVerdict reports whether the verdict is to be told. Who asks for what is illegal also hears when it no longer is.
func (in *StreamInput) wantsVerdict(c *domain.Change) bool {
	return fits(in.Verdict, string(c.Verdict)) || slices.Contains(in.Verdict, string(c.Was))
}

func fits(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }

// StreamEvent is what a recorded event or a changed verdict is told as.
type StreamEvent struct {
	Subject    Named           `json:"subject"`
	EventID    string          `json:"event_id" doc:"/events/{id} has all of it." example:"evt_pfx2wh63doawn4ud7tgxpfajxbdxkcz2uim3wnaqaup4q"`
	Type       string          `json:"type" doc:"The provider's full type." example:"gift-status-changed"`
	Source     string          `json:"source" doc:"That the event came by." example:"snappy"`
	Was        *domain.Verdict `json:"was" doc:"The verdict before; null for an event that was just recorded."`
	Verdict    *domain.Verdict `json:"verdict" doc:"The verdict now; null for an event that was taken off its timeline."`
	Cause      *string         `json:"cause" doc:"The event that changed the verdict, or machine for an upgrade; null for an event that was just recorded."`
	ChangedAt  domain.Instant  `json:"changed_at" doc:"When it was recorded, or its verdict changed, by our clock."`
	RecordedAt domain.Instant  `json:"recorded_at" doc:"When the event joined its timeline, by our clock."`
	Position   string          `json:"position" doc:"The same as id: after= goes on behind it."`
}

// streamEventOf gives what a change is called on the stream, and what is told of it.
func streamEventOf(c *domain.Change) (string, StreamEvent) {
	name := "recorded"
	if c.Was != "" {
		name = "verdict"
	}
	return name, StreamEvent{
		Subject: named(c.Subject), EventID: c.EventID, Type: c.Type, Source: c.Source, Was: optional(c.Was), Verdict: optional(c.Verdict),
		Cause: optional(c.Cause), ChangedAt: c.JoinedAt, RecordedAt: c.Recorded, Position: c.Position,
	}
}

// stream tells what is recorded and which verdicts change, as it happens, until the client goes away, its key ends or
// the server stops.
func (a *API) stream(ctx context.Context, in *StreamInput) (*huma.StreamResponse, error) {
	from, lost, err := a.streamStart(ctx, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		c := humagin.Unwrap(hc)
		caller := callerHash(c)
		if !a.streams.enter(caller) {
			fail(c, newProblem(http.StatusTooManyRequests, codeTooManyStreams, fmt.Sprintf(
				"at most %d streams run for a key and %d in all: close one, or choose with one what several tell", streamsPerKey, streamsInAll)).with("Retry-After", "15"))
			return
		}
		defer a.streams.leave(caller)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(a.streams.ending, cancel)()
		t := newTeller(a, c, in, from)
		t.open()
		if lost {
			t.reset(ctx)
		}
		t.run(ctx)
	}}, nil
}

// streamStart finds where to begin. Who comes with a position that is lost begins now, and is told so.
func (a *API) streamStart(ctx context.Context, in *StreamInput) (from string, lost bool, err error) {
	from = in.LastEventID
	if from == "" {
		from = in.After
	}
	switch from {
	case fromBeginning:
		return "", false, nil
	case "":
		from, err = a.store.Latest(ctx)
		return from, false, err
	}
	if _, _, err = a.store.Changes(ctx, from, 1); domain.CodeOf(err) == domain.CodeReset {
		return from, true, nil
	}
	return from, false, err
}

// How many streams may run: each holds a connection, and whoever needs more follows with one what several would.
const (
	streamsPerKey = 10
	streamsInAll  = 200
)

// streams counts those that run.
type streams struct {
	ending context.Context // ends them all
	end    context.CancelFunc
	pace   pace

	mu    sync.Mutex
	all   int
	byKey map[[32]byte]int
}

func newStreams() *streams {
	s := &streams{pace: usualPace, byKey: map[[32]byte]int{}}
	s.ending, s.end = context.WithCancel(context.Background())
	return s
}

func (s *streams) enter(caller [32]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= streamsInAll || s.byKey[caller] >= streamsPerKey {
		return false
	}
	s.all++
	s.byKey[caller]++
	return true
}

func (s *streams) leave(caller [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.byKey[caller]--; s.byKey[caller] == 0 {
		delete(s.byKey, caller)
	}
}

// EndStreams ends the live streams, for good: clients come again, and find the next server. Server has it done at a
// shutdown, which would wait for them.
func (a *API) EndStreams() { a.streams.end() }

// streamAnswers documents an answer that does not end.
func (a *API) streamAnswers() map[string]*huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[StreamEvent](), true, "")
	return map[string]*huma.Response{"200": {Description: streamWords, Content: map[string]*huma.MediaType{eventStream: {Schema: schema}}}}
}

const streamWords = "Server-sent events without end; the schema is that of their data. event is recorded for an event that was just recorded, verdict " +
	"for one whose verdict changed, and reset where the position to go on from is not known any more, after a restored backup for " +
	"instance: then read anew what you keep; the stream goes on from the moment of the reset. id is a position: who comes again with the last one in " +
	"Last-Event-ID, to any replica, misses nothing and gets nothing twice. An id also comes alone, where what lies between was not asked for. " +
	"After 15 seconds of silence comes a comment. Who reads too slowly is cut off, and goes on by coming again."
