package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"giftline/api/webhooks"
	"giftline/domain"
)

// maxBody is what a webhook may weigh.
const maxBody = 1 << 20

// Answer is what a webhook is told, once it is on disk. Parked deliveries have nulls.
type Answer struct {
	Result  domain.Result   `json:"result"`
	Verdict *domain.Verdict `json:"verdict" doc:"Of today."`
	EventID *string         `json:"event_id"`
	Subject *string         `json:"subject" example:"snappy/gift/gft_12345"`
	State   *AnswerState    `json:"state"`
}

// AnswerState is where the subject stands now.
type AnswerState struct {
	_        struct{} `nullable:"true"`
	Status   string   `json:"status"`
	Delivery *string  `json:"delivery,omitempty"`
}

// webhook takes one delivery: checked from the cheapest to the dearest, verified on its raw bytes before anything is
// parsed, answered only once it is recorded.
func (a *API) webhook(c *gin.Context) {
	s, known := a.sources[c.Param("source")]
	if !known || !storable(c.Param("event_type")) {
		fail(c, newProblem(http.StatusNotFound, codeSource, "no source is configured at this path: GET /sources lists the URLs to paste"))
		return
	}
	raw, p := readBody(c)
	if p != nil {
		a.refuse(c, s, p)
		return
	}
	now := a.now()
	seen, err := s.Verify(c.Request.Header, queryToken(c.Request), c.Param("event_type"), raw, now)
	if err != nil {
		a.refuse(c, s, a.unverified(s, now, err))
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), trackTime) // the commit outlives the connection
	defer cancel()
	r, err := a.tracker.Track(ctx, domain.Inbound{
		Source: s.Name, Provider: s.Provider, DeliveryID: seen.DeliveryID, AttemptAt: seen.AttemptAt,
		ReceivedAt: domain.InstantOf(now), Claims: claims(c, seen), Body: raw,
	})
	if err != nil {
		a.putOff.Add(1)
		fail(c, notRecorded(err))
		return
	}
	writeJSON(c, http.StatusOK, "application/json", answerOf(r))
}

// readBody reads all of a body, or says why not. The bytes are the request's own: the store may hold on to them.
func readBody(c *gin.Context) ([]byte, *Problem) {
	r := c.Request
	for _, encoding := range r.Header["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return nil, newProblem(http.StatusUnsupportedMediaType, codeEncoding, "send the body as it was signed, without Content-Encoding")
		}
	}
	if r.ContentLength > maxBody {
		return nil, tooLarge()
	}
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), 64<<10)) + bytes.MinRead) // a length is only a claim
	_, err := b.ReadFrom(http.MaxBytesReader(c.Writer, r.Body, maxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, newProblem(http.StatusRequestTimeout, codeTimeout, "the body came too slowly: send it again").with("Connection", "close")
	case err != nil:
		return nil, newProblem(http.StatusBadRequest, codeBroken, "the body broke off: send it again").with("Connection", "close")
	}
	return b.Bytes(), nil
}

func tooLarge() *Problem {
	return newProblem(http.StatusRequestEntityTooLarge, codeTooLarge, "a webhook may weigh 1 MiB").with("Connection", "close")
}

func queryToken(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return r.URL.Query().Get("token")
}

// refuse counts what never became a delivery, so that /sources can say why a provider does not arrive.
func (a *API) refuse(c *gin.Context, s *source, p *Problem) {
	a.rejected.add(domain.Rejection{Source: s.Name, Reason: p.Code, At: domain.InstantOf(a.now()), Count: 1})
	fail(c, p)
}

// unverified tells the sender the reason, and nothing that would help to guess a secret. A source without a secret is
// closed; the log says, once a minute at most, which setting opens it.
func (a *API) unverified(s *source, now time.Time, err error) *Problem {
	reason, detail := webhooks.RefusedSignature, "the webhook is not verified: compare the secret here with the provider's"
	var refusal *webhooks.Refusal
	if errors.As(err, &refusal) {
		reason, detail = refusal.Reason, refusal.Message
	}
	if last := s.warned.Load(); s.closed() && now.Unix()-last >= 60 && s.warned.CompareAndSwap(last, now.Unix()) {
		a.log.LogAttrs(context.Background(), slog.LevelWarn, "webhooks are refused: the source has no secret",
			slog.String("source", s.Name), slog.String("set", s.setting()))
	}
	return newProblem(http.StatusUnauthorized, string(reason), detail)
}

// notRecorded asks the sender to come again, whatever the store's trouble is.
func notRecorded(err error) *Problem {
	p := problemOf(err)
	if p.Status != http.StatusServiceUnavailable {
		p = newProblem(http.StatusServiceUnavailable, p.Code, "nothing was recorded: send it again").because(err)
	}
	return p
}

// PutOff says how many webhooks were asked to come again since the start, whatever the reason.
func (a *API) PutOff() int64 { return a.putOff.Load() }

// claims are what the request says of its type outside the body. A header that no database could hold says nothing.
func claims(c *gin.Context, seen webhooks.Verified) domain.Claims {
	header := c.Request.Header.Get("X-Event-Type")
	if !storable(header) {
		header = ""
	}
	return domain.Claims{Bound: seen.Bound, Path: c.Param("event_type"), Header: header}
}

func answerOf(r domain.Receipt) Answer {
	a := Answer{Result: r.Result, Verdict: optional(r.Verdict), EventID: optional(r.EventID)}
	if r.Subject.ID != "" {
		subject := r.Subject.String()
		a.Subject = &subject
	}
	for _, region := range r.Regions {
		if a.State == nil {
			a.State = &AnswerState{}
		}
		if state := r.State.In(region); region == domain.Delivery {
			a.State.Delivery = &state
		} else {
			a.State.Status = state
		}
	}
	return a
}
