package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"giftline/domain"
)

func newHuma(e *gin.Engine, guarded *gin.RouterGroup) huma.API {
	c := huma.DefaultConfig("Giftline", "1")
	c.Info.Description = "Where gifts, sends and e-mails are, how they got there and what did not add up."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // huma fills its copy of the first without a lock
	c.CreateHooks = nil                                   // no $schema in answers
	c.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	c.RejectUnknownQueryParameters = true
	c.AllowAdditionalPropertiesByDefault = true // answers may gain fields
	c.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[domain.Flags](), reflect.TypeFor[[]string]())
	c.Transformers = []huma.Transformer{noteProblems, maskPersonal}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer", Description: keyWords}}
	c.Security = []map[string][]string{{"key": {}}}
	return humagin.NewWithGroup(e, guarded, c)
}

const keyWords = "An API key. Each operation names the scope that it takes: read sees timelines and lists, write settles what is " +
	"parked and answers alerts, admin makes and revokes keys and tests channels, raw sees the bytes that a provider sent; none includes another. A key may be limited " +
	"to some sources: then nothing of the others exists for it. Without the grant of personal fields, an address shows as " +
	"j***@example.com and every other personal field as ***; who knows an address may still ask for it by its id."

// read registers a GET that takes the scope read, post a POST and put a PUT that take write.
func read[I, O any](a *API, path, summary string, h func(context.Context, *I) (*O, error), answers ...func() map[string]*huma.Response) {
	op := huma.Operation{Method: http.MethodGet, Path: path, Summary: summary}
	for _, f := range answers {
		op.Responses = f()
	}
	register(a, domain.ScopeRead, op, h)
}

func post[I, O any](a *API, path, summary string, h func(context.Context, *I) (*O, error)) {
	register(a, domain.ScopeWrite, huma.Operation{Method: http.MethodPost, Path: path, Summary: summary}, h)
}

func put[I, O any](a *API, path, summary string, h func(context.Context, *I) (*O, error)) {
	register(a, domain.ScopeWrite, huma.Operation{Method: http.MethodPut, Path: path, Summary: summary}, h)
}

// register adds an operation for keys with a scope.
func register[I, O any](a *API, scope domain.Scope, op huma.Operation, h func(context.Context, *I) (*O, error)) {
	a.declare(scope, op.Method, op.Path)
	noun, _, _ := strings.Cut(op.Path[1:], "/")
	op.Tags, op.OperationID, op.MaxBodyBytes = []string{noun}, operationID(op.Method, op.Path), 64<<10
	op.Security = []map[string][]string{{"key": {string(scope)}}}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, problemOf(err)
		}
		return out, nil
	})
}

func operationID(method, path string) string {
	return strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path)
}

// documentOpen describes the routes that do not pass through huma. They need no key.
func (a *API) documentOpen() {
	a.documentPlain(http.MethodGet, "/", "Where to go on", reflect.TypeFor[Landing](), huma.Operation{})
	a.documentPlain(http.MethodGet, "/healthz", "Whether the process lives", reflect.TypeFor[Health](), huma.Operation{})
	a.documentPlain(http.MethodGet, "/readyz", "Whether a webhook could be recorded now: 503 if not", reflect.TypeFor[Health](), huma.Operation{})
	a.documentPlain(http.MethodGet, "/problems", "What every problem's code means", reflect.TypeFor[ProblemList](), huma.Operation{})
	a.documentPlain(http.MethodGet, "/problems/{code}", "What one code means", reflect.TypeFor[ProblemPage](), huma.Operation{
		Parameters: []*huma.Param{textParam("path", "code", "A problem's code; its type ends in it.")},
	})
	for _, path := range []string{"/webhooks/{source}", "/webhooks/{source}/{event_type}"} {
		op := huma.Operation{RequestBody: &huma.RequestBody{
			Required: true, Description: "The bytes that the provider signed, 1 MiB at most; what they hold is the provider's own.",
			Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{}}},
		}}
		for name := range strings.SplitSeq(strings.TrimPrefix(path, "/webhooks/"), "/") {
			op.Parameters = append(op.Parameters, textParam("path", strings.Trim(name, "{}"), ""))
		}
		op.Parameters = append(op.Parameters,
			textParam("query", "token", "The secret, where the scheme is token and the sender cannot set a header."),
			textParam("header", "X-Webhook-Token", "The secret, where the scheme is token. A source may name another header."),
			textParam("header", "X-Event-Type", "The event's type, where neither the secret nor the path says it. For Sendoso."))
		a.documentPlain(http.MethodPost, path, "A provider's webhook", reflect.TypeFor[Answer](), op)
	}
}

// documentPlain adds an operation that answers an answer, or a problem.
func (a *API) documentPlain(method, path, summary string, answer reflect.Type, op huma.Operation) {
	schemas := a.huma.OpenAPI().Components.Schemas
	said := func(words, contentType string, t reflect.Type) *huma.Response {
		return &huma.Response{Description: words, Content: map[string]*huma.MediaType{contentType: {Schema: schemas.Schema(t, true, "")}}}
	}
	op.Method, op.Path, op.Summary, op.OperationID = method, path, summary, operationID(method, path)
	if noun, _, _ := strings.Cut(path[1:], "/"); noun != "" {
		op.Tags = []string{noun}
	}
	op.Security = []map[string][]string{{}} // a webhook's signature is its key; the others tell nothing
	op.Responses = map[string]*huma.Response{
		"200":     said(http.StatusText(http.StatusOK), "application/json", answer),
		"default": said("Refused, or to be asked again", "application/problem+json", reflect.TypeFor[Problem]()),
	}
	if strings.HasPrefix(path, "/problems") {
		op.Responses["200"].Content["text/html"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}, Example: "<!doctype html>…"}
	}
	a.huma.OpenAPI().AddOperation(&op)
}

func textParam(in, name, words string) *huma.Param {
	return &huma.Param{Name: name, In: in, Required: in == "path", Description: words, Schema: &huma.Schema{Type: huma.TypeString}}
}

// closedLists are the words that answers choose from.
var closedLists = map[reflect.Type][]any{
	reflect.TypeFor[domain.Region]():      {domain.Status, domain.Delivery},
	reflect.TypeFor[domain.Scope]():       {domain.ScopeRead, domain.ScopeWrite, domain.ScopeAdmin, domain.ScopeRaw},
	reflect.TypeFor[domain.EventGroup]():  {domain.ByProvider, domain.BySource, domain.ByType, domain.ByVerdict},
	reflect.TypeFor[KeyState]():           {KeyActive, KeyExpired, KeyRevoked},
	reflect.TypeFor[domain.Rule]():        alertRules(),
	reflect.TypeFor[domain.Severity]():    {domain.Info, domain.Warning, domain.Critical},
	reflect.TypeFor[domain.AlertStatus](): {domain.AlertOpen, domain.AlertAcknowledged, domain.AlertSnoozed, domain.AlertResolved, domain.AlertWithdrawn},
	reflect.TypeFor[AlertWord]():          {liveAlerts, domain.AlertOpen, domain.AlertAcknowledged, domain.AlertSnoozed, domain.AlertResolved, domain.AlertWithdrawn},
	reflect.TypeFor[domain.StepKind](): {
		domain.StepOpened, domain.StepAcknowledged, domain.StepSnoozed, domain.StepWoke, domain.StepResolved, domain.StepWithdrawn, domain.StepReopened,
	},
	reflect.TypeFor[domain.NotificationKind]():   {domain.KindAlerts, domain.KindRepeat, domain.KindMove, domain.KindTest},
	reflect.TypeFor[domain.NotificationStatus](): {domain.NotificationPending, domain.NotificationSent, domain.NotificationDead, domain.NotificationSuppressed},
	reflect.TypeFor[domain.SuppressReason](): {
		domain.SuppressSnoozed, domain.SuppressAcknowledged, domain.SuppressOver, domain.SuppressOld, domain.SuppressDisabled,
	},
	reflect.TypeFor[ChannelStatus]():  {ChannelFine, ChannelFailing, ChannelDisabled, ChannelUnattached},
	reflect.TypeFor[domain.Verdict](): {domain.Moved, domain.Gap, domain.Repeat, domain.Illegal, domain.Note},
	reflect.TypeFor[domain.Reason]():  {domain.UnknownState, domain.Guarded, domain.AfterFinal, domain.Backward, domain.Contradicts},
	reflect.TypeFor[domain.Phase](): {
		domain.Preparing, domain.Held, domain.Waiting, domain.Claimed, domain.Fulfilling, domain.Shipping, domain.Completed,
		domain.Failed, domain.Expired, domain.Canceled,
	},
	reflect.TypeFor[domain.Result](): {
		domain.ResultRecorded, domain.ResultDuplicate, domain.ResultConflict, domain.ResultUnresolved, domain.ResultQuarantined,
	},
	reflect.TypeFor[domain.ParkCode](): {
		domain.ParkNoType, domain.ParkUnknownKind, domain.ParkNoSubject, domain.ParkContradiction, domain.ParkMeaning,
		domain.ParkUndecodable, domain.ParkIdentifier, domain.ParkRefused,
	},
	reflect.TypeFor[domain.TimeQuality](): {
		domain.TimeExact, domain.TimeApproximate, domain.TimeMissing, domain.TimeInvalid, domain.TimeFuture,
	},
}

// alertRules are those that alerts are raised by. A move is told of, and is no alert.
func alertRules() (all []any) {
	for _, f := range domain.Rules {
		if f.Rule != domain.RuleTransition {
			all = append(all, f.Rule)
		}
	}
	return all
}

// refineSchemas writes down what huma cannot see in domain's types, which know nothing of it: closed lists, times and
// which objects may be null.
// huma's type aliases would forget which fields may be null. Words come last, when everything has its name.
func (a *API) refineSchemas() {
	schemas := a.huma.OpenAPI().Components.Schemas
	for name, schema := range schemas.Map() {
		for _, f := range reflect.VisibleFields(schemas.TypeFromRef("#/components/schemas/" + name)) {
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			s := schema.Properties[key]
			if s == nil {
				continue
			}
			refine(s, f.Type)
			if f.Type.Kind() == reflect.Pointer && s.Ref != "" && !strings.Contains(f.Tag.Get("json"), ",omit") {
				schemas.SchemaFromRef(s.Ref).Nullable = true
			}
		}
	}
	a.describe()
}

func refine(s *huma.Schema, t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[domain.Instant]() {
		s.Format = "date-time"
	}
	if t == reflect.TypeFor[domain.Flags]() {
		s.Items.Enum = flagValues()
	}
	if t.Kind() == reflect.Slice && s.Items != nil {
		refine(s.Items, t.Elem())
	}
	if list, ok := closedLists[t]; ok {
		s.Enum = nil
		for _, v := range list {
			s.Enum = append(s.Enum, fmt.Sprint(v)) // as a string: huma compares a body's values with them
		}
		if s.Nullable {
			s.Enum = append(s.Enum, nil)
		}
		s.PrecomputeMessages()
	}
}

// openAPI serves the document, made when it is first asked for.
func (a *API) openAPI() gin.HandlerFunc {
	document := sync.OnceValue(func() []byte {
		b, err := json.Marshal(a.huma.OpenAPI())
		if err != nil {
			panic(err) // answered by edge
		}
		return b
	})
	return func(c *gin.Context) { c.Data(http.StatusOK, "application/openapi+json", document()) }
}
