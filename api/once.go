package api

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"giftline/domain"
)

const (
	onceHeader   = "Idempotency-Key"
	replayHeader = "Idempotency-Replayed"
	onceLife     = 24 * time.Hour
	onceLease    = 30 * time.Second // longer than what changes something may take
	onceBody     = 64 << 10         // what an operation takes as a body
)

// once does what comes with an idempotency key once: who sends it again gets the first answer, whichever replica it
// reaches. Only answers that settle the matter are kept: after one that says to try again, trying again does it.
func (a *API) once(ctx huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(ctx)
	keys := c.Request.Header[onceHeader]
	if ctx.Method() == http.MethodGet || len(keys) == 0 {
		next(ctx)
		return
	}
	if len(keys) > 1 || !printableKey(keys[0]) {
		p := newProblem(http.StatusUnprocessableEntity, codeFor(0), "send one Idempotency-Key of 1 to 255 printable ASCII characters, such as a UUID")
		p.Errors = []Fault{{Location: "header." + onceHeader, Message: "not a usable key"}}
		fail(c, p)
		return
	}
	request, whole, err := digestRequest(c)
	switch {
	case err != nil:
		fail(c, newProblem(http.StatusBadRequest, codeBroken, "the body broke off: send it again").with("Connection", "close"))
	case !whole: // is refused for its size
		next(ctx)
	default:
		a.doOnce(c, newSeal(c, keys[0]), request, func() { next(ctx) })
	}
}

func printableKey(s string) bool {
	return len(s) > 0 && len(s) <= 255 && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// digestRequest sums up what is asked, and leaves the body to be read again; false where it is longer than any may be.
func digestRequest(c *gin.Context) (sum [32]byte, whole bool, err error) {
	r := c.Request
	read, err := io.ReadAll(io.LimitReader(r.Body, onceBody+1))
	if err != nil {
		return sum, false, err
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(read), r.Body), r.Body}
	return domain.HashParts("request/1", r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(read)), len(read) <= onceBody, nil
}

func (a *API) doOnce(c *gin.Context, s seal, request [32]byte, do func()) {
	attempt, err := a.store.Begin(c.Request.Context(), s.id, request, onceLease)
	switch {
	case domain.CodeOf(err) == domain.CodeInProgress:
		fail(c, problemOf(err).with("Retry-After", "1"))
	case err != nil:
		fail(c, problemOf(err))
	case len(attempt.Answer) > 0:
		a.replay(c, s, attempt.Answer)
	default:
		a.doFirst(c, s, attempt, do)
	}
}

// doFirst does it and keeps the answer before it is sent.
func (a *API) doFirst(c *gin.Context, s seal, attempt domain.Attempt, do func()) {
	var h *heldAnswer
	defer func() {
		ctx := context.WithoutCancel(c.Request.Context()) // what was done is done, whether somebody waits or not
		var err error
		if h == nil || h.status >= 500 || slices.Contains(unsettled, h.status) {
			err = a.store.Forget(ctx, attempt)
		} else {
			err = a.store.Keep(ctx, attempt, s.close(keptAnswer{h.status, h.Header().Get("Content-Type"), h.body.Bytes()}), onceLife)
		}
		if err != nil {
			a.log.LogAttrs(ctx, slog.LevelWarn, "an answer is not kept for its idempotency key", slog.Any("err", err))
		}
		if h != nil {
			h.release()
		}
	}()
	h = hold(c, do)
}

// unsettled are answers after which the same request may come to something else.
var unsettled = []int{
	http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, statusClientGone,
}

func (a *API) replay(c *gin.Context, s seal, sealed []byte) {
	kept, err := s.open(sealed)
	if err != nil {
		fail(c, problemOf(err))
		return
	}
	c.Writer.Header().Set(replayHeader, "true")
	c.Writer.Header().Set("Content-Type", kept.Type)
	c.Writer.WriteHeader(kept.Status)
	_, _ = c.Writer.Write(kept.Body)
	c.Abort()
}

// keptAnswer is what a request is answered again.
type keptAnswer struct {
	Status int
	Type   string
	Body   []byte
}

// seal closes answers so that only the API key and the idempotency key together open them: an answer may hold a new key,
// which is stored nowhere else. The database knows neither of the two.
type seal struct {
	id   [32]byte // what the database calls it
	aead cipher.AEAD
}

func newSeal(c *gin.Context, key string) seal {
	caller := bearer(c.Request.Header.Get("Authorization"))
	secret := domain.HashParts("idempotency seal/1", caller, key)
	block, _ := aes.NewCipher(secret[:]) // fails for keys of other lengths only
	aead, _ := cipher.NewGCMWithRandomNonce(block)
	who := callerHash(c)
	return seal{domain.HashParts("idempotency key/1", string(who[:]), key), aead}
}

func (s seal) close(k keptAnswer) []byte {
	b, _ := json.Marshal(k) // numbers and bytes
	return s.aead.Seal(nil, nil, b, s.id[:])
}

func (s seal) open(sealed []byte) (k keptAnswer, err error) {
	b, err := s.aead.Open(nil, nil, sealed, s.id[:])
	if err == nil {
		err = json.Unmarshal(b, &k)
	}
	if err != nil {
		err = &domain.Error{Code: domain.CodeDamaged, Message: "the answer that was kept for this Idempotency-Key is damaged: look whether the request was done before it is sent with another key", Err: err}
	}
	return k, err
}

// callerHash tells those who hold API keys apart.
func callerHash(c *gin.Context) [32]byte {
	return sha256.Sum256([]byte(bearer(c.Request.Header.Get("Authorization"))))
}

// keyless reports whether an operation takes no key: a webhook, or what tells nothing of what was received.
func keyless(op *huma.Operation) bool { return len(op.Security) == 1 && len(op.Security[0]) == 0 }

// documentOnce describes what once does to every operation that changes something.
func (a *API) documentOnce() {
	for _, item := range a.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || keyless(op) {
				continue
			}
			p := textParam("header", onceHeader, onceWords)
			least, most := 1, 255
			p.Schema.MinLength, p.Schema.MaxLength = &least, &most
			p.Example = "5f0c6c1e-6a0e-4a57-9f0b-2f8d0e1f6a11"
			op.Parameters = append(op.Parameters, p)
			for status, r := range op.Responses {
				if strings.HasPrefix(status, "2") {
					withHeaders(r, map[string]*huma.Param{replayHeader: {Description: "true where this is the answer to an earlier request with the same Idempotency-Key.", Schema: &huma.Schema{Type: huma.TypeString}}})
				}
			}
		}
	}
}

const onceWords = "Makes it safe to send the request again: for 24 hours the same key with the same request gets the first answer, and nothing is done " +
	"twice. The same key with another request is 422 idempotency_key_reused; while the first one runs it is 409 in_progress. " +
	"Answers from 500 up, 400, 404, 408, 409 and 429 are not kept: the request may then be sent again under its key. Only the same API key gets an answer again."
