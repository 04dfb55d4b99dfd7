package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"giftline/domain"
)

// TestConform asks every operation of the document, whoever adds it, with values that fit and values that do not, and
// holds each answer to what the document says of it. GIFTLINE_TEST_FUZZ=n asks n times as often, with other values each
// time; the seed that it names goes into GIFTLINE_TEST_SEED to ask the same again.
func TestConform(t *testing.T) {
	rounds, seed := 12, uint64(1)
	if n, _ := strconv.Atoi(os.Getenv("GIFTLINE_TEST_FUZZ")); n > 0 {
		rounds, seed = rounds*n, uint64(time.Now().UnixNano())
	}
	if n, err := strconv.ParseUint(os.Getenv("GIFTLINE_TEST_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("GIFTLINE_TEST_SEED=%d", seed)
	c := newConformance(t, seed)
	for range rounds {
		for _, op := range c.operations {
			for _, mistake := range mistakesOf(op) {
				c.ask(c.request(op, mistake))
			}
		}
	}
	for status, n := range c.seen {
		t.Logf("%d answers %s", n, status)
	}
	for _, op := range c.operations {
		if !c.fulfilled[op.key] && !op.open() {
			t.Errorf("%s never succeeded: no value was found that it takes", op.key)
		}
	}
}

// conformance holds answers to the document.
type conformance struct {
	*world
	*values
	schemas    *jsonschema.Compiler
	compiled   map[string]*jsonschema.Schema
	operations []*operation
	fulfilled  map[string]bool
	seen       map[string]int
}

// operation is one of the document, as decoded JSON.
type operation struct {
	key, method, path string
	spec              map[string]any
	parameters        []map[string]any
	responses         map[string]any
}

func (o *operation) open() bool { return fmt.Sprint(o.spec["security"]) == "[map[]]" }

// body is the schema of what the operation takes, if it takes anything.
func (o *operation) body() (schema any, required, ok bool) {
	schema = at(o.spec, "requestBody.content")
	content, ok := schema.(map[string]any)
	if !ok {
		return nil, false, false
	}
	return at(content["application/json"], "schema"), at(o.spec, "requestBody.required") == true, true
}

func newConformance(t *testing.T, seed uint64) *conformance {
	w, ids := filledWorld(t)
	document := w.get("/openapi.json")
	c := &conformance{
		world: w, values: &values{Rand: rand.New(rand.NewPCG(seed, 1)), document: document, subjects: ids, found: map[string][]string{}},
		schemas: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}, fulfilled: map[string]bool{}, seen: map[string]int{},
	}
	c.schemas.DefaultDraft(jsonschema.Draft2020)
	c.schemas.AssertFormat()
	if err := c.schemas.AddResource("https://giftline.test/openapi.json", closed(document)); err != nil {
		t.Fatal(err)
	}
	for _, key := range slices.Sorted(maps.Keys(operations(document))) {
		o := &operation{key: key, spec: operations(document)[key].(map[string]any)}
		o.method, o.path, _ = strings.Cut(key, " ")
		o.responses, _ = o.spec["responses"].(map[string]any)
		list, _ := o.spec["parameters"].([]any)
		for _, p := range list {
			o.parameters = append(o.parameters, p.(map[string]any))
		}
		c.operations = append(c.operations, o)
	}
	return c
}

// closed is the document with every schema that names properties closed: answers may gain fields, but the document must
// know them.
func closed(document map[string]any) any {
	b, _ := json.Marshal(document)
	copied, _ := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	for _, s := range at(copied, "components.schemas").(map[string]any) {
		if schema := s.(map[string]any); schema["properties"] != nil {
			schema["additionalProperties"] = false
		}
	}
	return copied
}

// filledWorld holds the providers' own samples, the sample of every documented type, and deliveries that were parked.
// The ids of its subjects are told by the routes' plurals.
func filledWorld(t *testing.T) (*world, map[string][]string) {
	w, sign := signedWorld(t)
	w.clock = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	ids := map[string][]string{}
	send := func(s seed) {
		subject, _ := w.send(t, s, sign)["subject"].(string)
		if parts := strings.SplitN(subject, "/", 3); len(parts) == 3 {
			plural := strings.ReplaceAll(parts[1], "_", "-") + "s"
			ids[plural] = append(ids[plural], parts[2])
		}
	}
	for _, s := range seeds(t) {
		send(s) // as they stand: several share an id
		whole := s.body
		s.body = ownID(t, whole, strings.ReplaceAll(s.name, "/", "-"))
		send(s)
		s.body = whole[:len(whole)/2]
		send(s) // cannot be read
		s.body, s.pathType = whole, ""
		send(s) // Sendoso's do not tell their type
	}
	for _, kind := range []string{"opened", "clicked"} { // two meanings under one id
		body := email("e", kind, "2025-01-15T14:44:00Z")
		var headers []string
		for name, values := range sign[domain.Resend].Sign("msg_1", w.time(), []byte(body)) {
			headers = append(headers, name, values[0])
		}
		w.do(http.MethodPost, "/webhooks/resend", body, headers...)
	}
	w.look()
	w.pass(72 * time.Hour)
	w.look()
	w.tryAll()
	return w, ids
}

// request is one that is asked, and what is wrong with it.
type request struct {
	*operation
	mistake mistake
	target  string
	body    string
	headers []string
}

func (r *request) String() string {
	return fmt.Sprintf("%s %s %.300q %q (%s)", r.method, r.target, r.body, r.headers, r.mistake)
}

// request makes one with a mistake, or without.
func (c *conformance) request(o *operation, m mistake) *request {
	r := &request{operation: o, mistake: m, headers: []string{"X-Webhook-Token", "", "Content-Type", ""}}
	query, path := url.Values{}, o.path
	for _, p := range o.parameters {
		name, in := p["name"].(string), p["in"].(string)
		switch required := p["required"] == true; {
		case in == "path":
			path = strings.ReplaceAll(path, "{"+name+"}", c.pathValue(o, name, p))
		case in == "query" && (required || c.IntN(4) == 0):
			c.fill(query, name, p)
		case in == "header" && required:
			r.headers = append(r.headers, name, c.text(p))
		}
	}
	if schema, required, ok := o.body(); ok && (required || c.IntN(4) > 0) {
		r.body = c.json(schema)
		r.headers = append(r.headers, "Content-Type", "application/json")
	}
	c.spoil(r, query, &path)
	r.target = path
	if q := query.Encode(); q != "" {
		r.target += "?" + q
	}
	if m == extraQuery {
		r.target += map[bool]string{true: "&", false: "?"}[strings.Contains(r.target, "?")] + c.pick("%zz=1", "a;b", "x=%00", marker+"=1", "=", "%FF=%FF")
	}
	return r
}

// ask sends a request and checks the answer.
func (c *conformance) ask(r *request) {
	out := c.answer(r)
	c.seen[strconv.Itoa(out.Code)]++
	if out.Code < 300 {
		c.fulfilled[r.key] = true
	}
	for _, complaint := range append(c.conforms(r, out), expected(r, out)...) {
		c.t.Errorf("%s\n%v\n%d %.600s", complaint, r, out.Code, out.Body)
	}
	if out.Code < 300 && strings.HasPrefix(out.Header().Get("Content-Type"), "application/json") {
		c.learn(r.path, out.Body.Bytes())
	}
}

// answer sends a request; a stream is left as soon as it begins.
func (c *conformance) answer(r *request) *httptest.ResponseRecorder {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, "http://giftline.test"+r.target, strings.NewReader(r.body))
	if err != nil {
		c.t.Fatalf("%v: %v", r, err)
	}
	req.RequestURI, req.RemoteAddr = r.target, "192.0.2.1:1234"
	req.Header.Set("Authorization", "Bearer "+testKey)
	for i := 0; i < len(r.headers); i += 2 {
		if req.Header.Del(r.headers[i]); r.headers[i+1] != "" {
			req.Header.Set(r.headers[i], r.headers[i+1])
		}
	}
	out := httptest.NewRecorder()
	answer := leaving(out, &req)
	c.ServeHTTP(answer, req)
	return out
}

// conforms says where an answer is not what the document says of it.
func (c *conformance) conforms(r *request, out *httptest.ResponseRecorder) []string {
	if out.Code >= 500 && (out.Code != http.StatusServiceUnavailable || out.Header().Get("Retry-After") == "") {
		return []string{"a 5xx"}
	}
	status := strconv.Itoa(out.Code)
	pointer := "/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(r.path) + "/" + strings.ToLower(r.method) + "/responses/" + status
	response, ok := r.responses[status].(map[string]any)
	if !ok && out.Code >= 400 {
		response, ok = r.responses["default"].(map[string]any)
		pointer = strings.TrimSuffix(pointer, status) + "default"
	}
	if !ok {
		return []string{"the status is not documented"}
	}
	if ref, _ := response["$ref"].(string); ref != "" {
		pointer = strings.TrimPrefix(ref, "#")
		response = at(c.document, strings.ReplaceAll(pointer[1:], "/", ".")).(map[string]any)
	}
	content, _ := response["content"].(map[string]any)
	contentType, _, _ := mime.ParseMediaType(out.Header().Get("Content-Type"))
	switch {
	case out.Code >= 400 && contentType != "application/problem+json":
		return []string{"not a problem: " + contentType}
	case content == nil && out.Body.Len() > 0:
		return []string{"a body where none is documented"}
	case content == nil || out.Body.Len() == 0 && contentType == "":
		return nil
	case content[contentType] == nil:
		return []string{"the media type is not documented: " + contentType}
	case !strings.HasSuffix(contentType, "json"):
		return nil
	}
	return c.validate(pointer+"/content/"+strings.ReplaceAll(contentType, "/", "~1")+"/schema", out.Body.Bytes())
}

// validate holds JSON to a schema of the document.
func (c *conformance) validate(pointer string, body []byte) []string {
	if c.compiled[pointer] == nil {
		location := url.URL{Scheme: "https", Host: "giftline.test", Path: "/openapi.json", Fragment: pointer}
		schema, err := c.schemas.Compile(location.String())
		if err != nil {
			c.t.Fatal(err)
		}
		c.compiled[pointer] = schema
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = c.compiled[pointer].Validate(v)
	}
	if err != nil {
		return []string{err.Error()}
	}
	return nil
}

// expected says where an answer does not fit what was wrong with the request.
func expected(r *request, out *httptest.ResponseRecorder) []string {
	var statuses []int
	webhook := strings.HasPrefix(r.path, "/webhooks/") // refused by its signature before anything else
	switch {
	case out.Code == http.StatusServiceUnavailable || webhook || r.open() && r.mistake != noMistake:
	case r.mistake == noMistake:
		if statuses = []int{404, 409, 410, 422}; out.Code < 300 {
			return nil
		}
	case r.mistake == noKey:
		statuses = []int{401}
	case r.mistake == badBody:
		statuses = []int{400, 404, 413, 415, 422}
	case r.mistake == badQuery || r.mistake == extraQuery || r.mistake == repeatedQuery:
		statuses = []int{422}
	}
	var complaints []string
	if statuses != nil && !slices.Contains(statuses, out.Code) {
		complaints = append(complaints, fmt.Sprintf("expected one of %v", statuses))
	}
	if out.Code >= 400 && r.mistake != extraQuery && strings.Contains(out.Body.String(), marker) {
		complaints = append(complaints, "the problem repeats what was sent")
	}
	return complaints
}

// Every example in the document is what it is an example of.
func TestConform_examples(t *testing.T) {
	c := newConformance(t, 1)
	check := func(where, pointer string, content any) {
		media, _ := content.(map[string]any)
		for contentType, m := range media {
			if example := at(m, "example"); example != nil && strings.HasSuffix(contentType, "json") {
				b, _ := json.Marshal(example)
				for _, complaint := range c.validate(pointer+"/content/"+strings.ReplaceAll(contentType, "/", "~1")+"/schema", b) {
					t.Errorf("%s (go test ./api -run OpenAPI -update records it anew): %s", where, complaint)
				}
			}
		}
	}
	for _, o := range c.operations {
		base := "/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(o.path) + "/" + strings.ToLower(o.method)
		check(o.key+", body", base+"/requestBody", at(o.spec, "requestBody.content"))
		for status, r := range o.responses {
			check(o.key+", "+status, base+"/responses/"+status, at(r, "content"))
		}
	}
	for name, r := range at(c.document, "components.responses").(map[string]any) {
		check(name, "/components/responses/"+name, at(r, "content"))
	}
}

// bulkRoutes look like an alert's own page to who reads them: there is no alert of that id.
var bulkRoutes = map[string]bool{"/alerts/acknowledge": true, "/alerts/snooze": true, "/alerts/resolve": true}

// A method that a path does not take is a problem too, whatever the path.
func TestConform_otherMethods(t *testing.T) {
	c := newConformance(t, 1)
	taken := map[string]bool{}
	for _, r := range c.engine.Routes() {
		taken[r.Method+" "+r.Path] = true
	}
	for _, route := range c.engine.Routes() {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
			if taken[method+" "+route.Path] || method == "GET" && bulkRoutes[route.Path] {
				continue
			}
			for _, key := range []string{"", "Bearer " + testKey} {
				out := c.do(method, strings.ReplaceAll(route.Path, ":", "x"), "", "Authorization", key)
				wantProblem(t, out, http.StatusMethodNotAllowed, codeNoMethod)
				if out.Header().Get("Allow") == "" {
					t.Errorf("%s %s: no Allow", method, route.Path)
				}
			}
		}
	}
}

// The check itself must see what it is for.
func TestConform_notices(t *testing.T) {
	c := newConformance(t, 1)
	i := slices.IndexFunc(c.operations, func(o *operation) bool { return o.key == "GET /gifts/{id}" })
	r := &request{operation: c.operations[i], mistake: noMistake}
	good := c.do(http.MethodGet, "/gifts/gft_12345", "").Body.String()
	for _, test := range []struct {
		name        string
		status      int
		contentType string
		body        string
		conforms    bool
	}{
		{"what is documented", 200, "application/json", good, true},
		{"a field that is missing", 200, "application/json", strings.Replace(good, `"phase"`, `"fase"`, 1), false},
		{"a field that is not documented", 200, "application/json", strings.Replace(good, `{`, `{"more":1,`, 1), false},
		{"a value outside its list", 200, "application/json", strings.Replace(good, `"phase":"`, `"phase":"un`, 1), false},
		{"a time that is none", 200, "application/json", strings.Replace(good, `"since":"`, `"since":"x`, 1), false},
		{"null where there must be something", 200, "application/json", strings.Replace(good, `"final":true`, `"final":null`, 1), false},
		{"not JSON", 200, "application/json", good[1:], false},
		{"another media type", 200, "text/plain", good, false},
		{"a status that is not documented", 204, "", "", false},
		{"an internal error", 500, "application/problem+json", `{}`, false},
		{"not now, without a time", 503, "application/problem+json", `{}`, false},
		{"a refusal that is no problem", 404, "text/plain", "404", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := httptest.NewRecorder()
			out.Header().Set("Content-Type", test.contentType)
			out.WriteHeader(test.status)
			_, _ = out.WriteString(test.body)
			if complaints := c.conforms(r, out); (len(complaints) == 0) != test.conforms {
				t.Errorf("complaints: %q", complaints)
			}
		})
	}
}
