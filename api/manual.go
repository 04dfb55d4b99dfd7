package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// The manual is the document as people read it: operations by noun, then the schemas that they name.
type manual struct {
	Title, Intro string
	Chapters     []*chapter
	Schemas      []manualSchema
}

type chapter struct {
	Noun       string
	Operations []manualOperation
}

type manualOperation struct {
	ID, Method, Path, Summary, Description, Curl string
	Open                                         bool // needs no key
	Parameters                                   []manualField
	Body                                         *manualField
	BodyExample                                  string
	Responses                                    []manualResponse
}

type manualResponse struct {
	Status, Description, ContentType, Example string
	Type                                      manualType
}

type manualSchema struct {
	Name, Description string
	Fields            []manualField
}

// manualField is a parameter or a field.
type manualField struct {
	Name, In, Description, Example string
	Type                           manualType
	Required                       bool
	Limits                         []string
	Values                         []manualValue
}

type manualValue struct{ Value, Words string }

// manualType names a type; Schema is what it links to, if anything.
type manualType struct{ Name, Schema string }

func (a *API) manual() manual {
	document := a.huma.OpenAPI()
	m := manual{Title: document.Info.Title, Intro: document.Info.Description}
	byNoun := map[string]*chapter{}
	a.eachOperation(func(method, path string, op *huma.Operation) {
		noun := "start"
		if len(op.Tags) > 0 {
			noun = op.Tags[0]
		}
		if byNoun[noun] == nil {
			byNoun[noun] = &chapter{Noun: noun}
			m.Chapters = append(m.Chapters, byNoun[noun])
		}
		byNoun[noun].Operations = append(byNoun[noun].Operations, a.manualOperation(method, path, op))
	})
	schemas := document.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		m.Schemas = append(m.Schemas, manualSchema{Name: name, Description: schemas[name].Description, Fields: manualFields(schemas[name])})
	}
	return m
}

func (a *API) manualOperation(method, path string, op *huma.Operation) manualOperation {
	o := manualOperation{
		ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Description: op.Description,
		Open: len(op.Security) == 1 && len(op.Security[0]) == 0,
	}
	for _, p := range op.Parameters {
		f := manualFieldOf(p.Name, p.Schema, p.Required)
		f.In, f.Description = p.In, p.Description
		if p.Example != nil {
			f.Example = fmt.Sprint(p.Example)
		}
		o.Parameters = append(o.Parameters, f)
	}
	if op.RequestBody != nil {
		for contentType, media := range op.RequestBody.Content {
			f := manualFieldOf(contentType, media.Schema, op.RequestBody.Required)
			f.Description = op.RequestBody.Description
			o.Body, o.BodyExample = &f, indented(media.Example)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		if r.Ref != "" {
			r = a.huma.OpenAPI().Components.Responses[r.Ref[strings.LastIndexByte(r.Ref, '/')+1:]]
		}
		o.Responses = append(o.Responses, manualResponses(status, r)...)
	}
	o.Curl = a.curl(method, path, o)
	return o
}

func manualResponses(status string, r *huma.Response) []manualResponse {
	if len(r.Content) == 0 {
		return []manualResponse{{Status: status, Description: r.Description}}
	}
	var all []manualResponse
	for _, contentType := range slices.Sorted(maps.Keys(r.Content)) {
		media := r.Content[contentType]
		one := manualResponse{Status: status, Description: r.Description, ContentType: contentType, Type: typeOf(media.Schema)}
		if status < "300" {
			one.Example = indented(media.Example)
		}
		all = append(all, one)
	}
	return all
}

func manualFields(s *huma.Schema) []manualField {
	var all []manualField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		all = append(all, manualFieldOf(name, s.Properties[name], slices.Contains(s.Required, name)))
	}
	return all
}

func manualFieldOf(name string, s *huma.Schema, required bool) manualField {
	if s == nil {
		return manualField{Name: name, Required: required}
	}
	f := manualField{Name: name, Description: s.Description, Type: typeOf(s), Required: required}
	if len(s.Examples) > 0 {
		f.Example = strings.Trim(indented(s.Examples[0]), `"`)
	}
	list := s
	if s.Items != nil {
		list = s.Items
	}
	words, _ := list.Extensions["x-enum-descriptions"].([]string)
	for i, v := range list.Enum {
		value := manualValue{Value: "null"}
		if v != nil {
			value.Value = fmt.Sprint(v)
		}
		if i < len(words) {
			value.Words = words[i]
		}
		f.Values = append(f.Values, value)
	}
	f.Limits = boundsOf(s)
	return f
}

func boundsOf(s *huma.Schema) []string {
	var all []string
	if s.Default != nil {
		all = append(all, fmt.Sprintf("default %v", s.Default))
	}
	if s.Minimum != nil {
		all = append(all, fmt.Sprintf("at least %v", *s.Minimum))
	}
	if s.Maximum != nil {
		all = append(all, fmt.Sprintf("at most %v", *s.Maximum))
	}
	if s.MinLength != nil {
		all = append(all, fmt.Sprintf("at least %d characters", *s.MinLength))
	}
	if s.MaxLength != nil {
		all = append(all, fmt.Sprintf("at most %d characters", *s.MaxLength))
	}
	return all
}

func typeOf(s *huma.Schema) manualType {
	if s == nil {
		return manualType{}
	}
	switch {
	case s.Ref != "":
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		return manualType{name, name}
	case s.Type == huma.TypeArray:
		of := typeOf(s.Items)
		return manualType{"list of " + of.Name, of.Schema}
	case s.Type == "":
		return manualType{Name: "any JSON"}
	}
	t := manualType{Name: s.Type}
	if s.Format != "" {
		t.Name += ", " + s.Format
	}
	if s.Nullable {
		t.Name += " or null"
	}
	return t
}

// curl is a line to paste into a shell, with the examples filled in.
func (a *API) curl(method, path string, o manualOperation) string {
	if o.Open && strings.HasSuffix(path, "/{event_type}") { // signed over its bytes, which no line to paste can do
		return "giftline trigger sendoso.send.shipped"
	}
	var b strings.Builder
	b.WriteString("curl -sS")
	if method != http.MethodGet {
		b.WriteString(" -X " + method)
	}
	switch {
	case !o.Open:
		b.WriteString(` -H "Authorization: Bearer $GIFTLINE_API_KEY"`)
	case o.Body != nil:
		b.WriteString(` -H "X-Webhook-Token: $GIFTLINE_SNAPPY_SECRET"`)
	}
	if o.Body != nil {
		b.WriteString(` -H "Content-Type: ` + o.Body.Name + `" -d '` + compacted(o.BodyExample) + `'`)
	}
	query, noun := url.Values{}, strings.Split(path, "/")[1]
	for _, p := range o.Parameters {
		if p.In == "path" && p.Name == "id" && exampleIDs[noun] != "" {
			p.Example = exampleIDs[noun]
		}
		switch {
		case p.Example == "":
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(p.Example))
		case p.In == "query" && p.Required:
			query.Set(p.Name, p.Example)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if strings.ContainsAny(path, "[]{}") {
		b.WriteString(" -g") // else curl takes them for a pattern
	}
	where := a.publicURL
	if where == "" {
		where = "http://127.0.0.1:8080"
	}
	return b.String() + " '" + strings.TrimSuffix(where, "/") + path + "'"
}

func indented(v any) string {
	if text, ok := v.(string); ok && strings.Contains(text, "\n") {
		return text
	}
	if v == nil {
		return ""
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // made by us
	}
	return string(b)
}

func compacted(s string) string {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	b, _ := json.Marshal(v)
	return string(b)
}
