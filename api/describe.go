package api

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"giftline/domain"
)

// describe puts words to everything that the document names: after the last route is registered, because words are found
// by name and not by who registers them.
func (a *API) describe() {
	schemas := a.huma.OpenAPI().Components.Schemas
	glossaries := a.glossaries()
	for name, schema := range schemas.Map() {
		glossaries[""].describeFields(schema, schemas.TypeFromRef("#/components/schemas/"+name))
	}
	recorded := recordedExamples()
	a.eachOperation(func(method, path string, op *huma.Operation) {
		if op.Description == "" {
			op.Description = operationWords[method+" "+general(path)]
		}
		for _, p := range op.Parameters {
			noun := strings.Split(path, "/")[1]
			if glossaries[noun] == nil {
				noun = ""
			}
			glossaries[noun].describeParameter(p)
		}
		a.documentRefusals(op)
		a.documentExample(op, recorded[method+" "+path], bodyExamples[method+" "+path])
	})
}

// glossaries are one for each plural, whose states are only those of its kinds, one for each list whose status is of another
// sort, and one for everything under "".
func (a *API) glossaries() map[string]glossary {
	all := map[string]glossary{"": glossaryOf(a.machines.All()), "alerts": glossaryOf(nil), "notifications": glossaryOf(nil)}
	all["alerts"]["status"], all["notifications"]["status"] = valueWords["alertstatus"], valueWords["notificationstatus"]
	for _, p := range plurals {
		all[p.name] = glossaryOf(slices.DeleteFunc(slices.Clone(a.machines.All()), func(m domain.Machine) bool {
			return !slices.Contains(p.kinds, m.View().Kind)
		}))
	}
	return all
}

// eachOperation visits the document's operations in a fixed order.
func (a *API) eachOperation(visit func(method, path string, op *huma.Operation)) {
	paths := a.huma.OpenAPI().Paths
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := paths[path]
		for _, o := range []struct {
			method string
			op     *huma.Operation
		}{{"GET", item.Get}, {"PUT", item.Put}, {"POST", item.Post}, {"DELETE", item.Delete}, {"PATCH", item.Patch}, {"HEAD", item.Head}} {
			if o.op != nil {
				visit(o.method, path, o.op)
			}
		}
	}
}

// general is a path with its first segment as the tables of words know it: what is said of one kind holds for all.
func general(path string) string {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if rest != "" {
		rest = "/" + rest
	}
	for _, p := range plurals {
		if p.name == first {
			return "/{subjects}" + rest
		}
	}
	for _, name := range []string{"unresolved", "quarantine", "conflicts"} {
		if name == first {
			return "/{parked}" + rest
		}
	}
	return path
}

// describeFields looks a field's words up by the type that declares it, so that a type embedded in another is described
// once, and else by its name alone.
func (g glossary) describeFields(schema *huma.Schema, t reflect.Type) {
	if t.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); schema.Properties[key] != nil {
			describeField(schema.Properties[key], declaring(t, f).Name(), key)
			g.describeValues(schema.Properties[key], f.Type, key)
		}
	}
	for key, s := range schema.Properties { // behind an embedded type of the field's own name
		describeField(s, t.Name(), key)
	}
}

func describeField(s *huma.Schema, typeName, key string) {
	words, ok := fieldWords[typeName+"."+key]
	if !ok {
		words = fieldWords[key]
	}
	s.Description = cmp.Or(s.Description, words.text)
	if s.Ref == "" && len(s.Examples)+len(s.Enum) == 0 && words.example != nil {
		s.Examples = []any{words.example}
	}
}

func declaring(t reflect.Type, f reflect.StructField) reflect.Type {
	for _, i := range f.Index[:len(f.Index)-1] {
		t = t.Field(i).Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
	}
	return t
}

// describeValues says what each value of a closed list means, beside the list.
func (g glossary) describeValues(s *huma.Schema, t reflect.Type, name string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if s.Items != nil {
		g.describeValues(s.Items, t, name)
	}
	if len(s.Enum) == 0 || s.Extensions["x-enum-descriptions"] != nil {
		return
	}
	known := g.of(t.Name())
	if known == nil {
		known = g.of(name)
	}
	words := make([]string, len(s.Enum))
	for i, v := range s.Enum {
		if words[i] = known[fmt.Sprint(v)]; v == nil {
			words[i] = "There is none."
		}
	}
	if s.Extensions == nil {
		s.Extensions = map[string]any{}
	}
	s.Extensions["x-enum-descriptions"] = words
}

func (g glossary) describeParameter(p *huma.Param) {
	said := parameterWords[p.Name]
	if p.Description == "" {
		p.Description = said.text
	}
	if p.Schema == nil {
		return
	}
	p.Schema.Description = "" // huma says the same twice
	if len(p.Schema.Examples) == 0 && p.Example == nil && len(p.Schema.Enum) == 0 {
		p.Example = said.example
	}
	g.describeValues(p.Schema, reflect.TypeFor[string](), p.Name)
}

// refusals are the problems that operations answer, by status: what they say, and the code of the usual one.
var refusals = map[string]struct{ words, code string }{
	"400": {"The body is not JSON, or broke off.", codeBroken},
	"401": {"No key, or none that is known; for a webhook, no signature that fits.", codeKey},
	"403": {"The key is known, and may not do this.", "forbidden"},
	"404": {"Nothing has this id, or not yet at the time asked for.", "not_found"},
	"408": {"The body came too slowly.", codeTimeout},
	"409": {"Something stands against it; the code says what.", "ambiguous"},
	"410": {"The position is no longer kept: read everything anew.", "reset"},
	"413": {"The body is too large.", codeTooLarge},
	"415": {"The body is sent as another media type, or compressed.", codeMediaType},
	"422": {"A parameter or the body does not fit; errors says where.", "invalid"},
	"429": {"Too many requests with this key: wait as long as Retry-After says.", "rate_limited"},
	"500": {"An internal error, or stored bytes are damaged; the log has the request id.", codeInternal},
	"503": {"Not now: ask again after the seconds in Retry-After.", "busy"},
}

// documentRefusals adds the problems that an operation can answer. Which they are follows from what it takes: a key, a
// path value, a query, a body.
func (a *API) documentRefusals(op *huma.Operation) {
	for _, status := range refusalsOf(op) {
		if op.Responses[status] == nil {
			op.Responses[status] = &huma.Response{Ref: "#/components/responses/" + a.refusal(status)}
		}
	}
	if d := op.Responses["default"]; d != nil {
		d.Description = "Any other problem."
	}
}

// refusal says once for all operations what a status means, and gives the name of that.
func (a *API) refusal(status string) string {
	code, _ := strconv.Atoi(status)
	name := strings.ReplaceAll(http.StatusText(code), " ", "")
	c := a.huma.OpenAPI().Components
	if c.Responses == nil {
		c.Responses = map[string]*huma.Response{}
	}
	if c.Responses[name] != nil {
		return name
	}
	r := refusals[status]
	p := newProblem(code, r.code, problemPages[r.code].What)
	p.RequestID = "req_0a1b2c3d_1"
	media := &huma.MediaType{Schema: c.Schemas.Schema(reflect.TypeFor[Problem](), true, ""), Example: p}
	c.Responses[name] = &huma.Response{Description: r.words, Content: map[string]*huma.MediaType{p.ContentType(""): media}}
	if len(p.headers) > 0 || status == "429" {
		c.Responses[name].Headers = map[string]*huma.Param{"Retry-After": {
			Description: "Seconds to wait.", Schema: &huma.Schema{Type: huma.TypeInteger, Examples: []any{5}},
		}}
	}
	return name
}

func refusalsOf(op *huma.Operation) []string {
	open := len(op.Security) == 1 && len(op.Security[0]) == 0
	statuses := []string{"500", "503"}
	if !open {
		statuses = append(statuses, "401", "403", "422", "429")
	}
	for _, p := range op.Parameters {
		if p.In == "path" {
			statuses = append(statuses, "404")
		}
		if !open && (p.In == "path" || p.Name == "cursor") {
			statuses = append(statuses, "409", "410")
		}
	}
	if op.RequestBody != nil {
		statuses = append(statuses, "400", "401", "408", "409", "413", "415")
	}
	slices.Sort(statuses)
	return slices.Compact(statuses)
}

// flagValues are the flags' names as a closed list.
func flagValues() []any {
	var all []any
	for _, name := range domain.Flags(^uint32(0)).Names() {
		all = append(all, name)
	}
	return all
}
