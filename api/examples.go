package api

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed examples.json
var recordedJSON []byte

// recordedExamples are answers of a Giftline that holds a small story, by operation. A test writes them, and another
// holds them to their schemas.
func recordedExamples() map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(recordedJSON, &all); err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	return all
}

// exampleIDs fill in the path values of recorded examples and of lines to paste: an id by the first segment of the
// path, else by the value's name. An operation whose value is not found here has no recorded example.
var exampleIDs = map[string]string{
	"gifts": "gft_12345", "sends": "Z2lkOi8vc2VuZG9zby9TZW5kLzQ0", "emails": "56761188-7520-42d8-8898-ff6fc54ce618",
	"contacts": "c_1", "domains": "d_1", "products": "p_1", "invoices": "i_1", "suppressions": "blocked@example.com", "inbound-emails": "in_1",
	"source": "snappy", "event_type": "send.shipped", "name": "sendoso.send", "code": "not_found",
	"reference": "REF-ABC-123", "events": "evt_pfx2wh63doawn4ud7tgxpfajxbdxkcz2uim3wnaqaup4q",
}

// documentExample shows what the operation answers: a recorded answer where there is one, else one made of the
// examples of its schema; and what is sent with it in the same way.
func (a *API) documentExample(op *huma.Operation, recorded json.RawMessage, sent any) {
	for status, r := range op.Responses {
		code, _ := strconv.Atoi(status)
		for contentType, media := range r.Content {
			if media.Example != nil || code < 200 || code > 299 {
				continue
			}
			switch {
			case recorded != nil && contentType == "application/json":
				media.Example = recorded
			case media.Schema != nil:
				media.Example = a.exampleOf(media.Schema, nil)
			}
		}
	}
	if op.RequestBody == nil {
		return
	}
	for _, media := range op.RequestBody.Content {
		if sent != nil {
			media.Example = sent
		}
		if media.Example == nil && media.Schema != nil && media.Schema.Ref != "" {
			media.Example = a.exampleOf(media.Schema, nil)
		}
	}
}

// exampleOf builds a value from what a schema says of its parts. outer breaks circles.
func (a *API) exampleOf(s *huma.Schema, outer []string) any {
	if s.Ref != "" {
		if slices.Contains(outer, s.Ref) {
			return nil
		}
		return a.exampleOf(a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref), append(outer, s.Ref))
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case huma.TypeObject:
		object := map[string]any{}
		for name, property := range s.Properties {
			object[name] = a.exampleOf(property, outer)
		}
		return object
	case huma.TypeArray:
		return []any{a.exampleOf(s.Items, outer)}
	case huma.TypeBoolean:
		return false
	case huma.TypeInteger, huma.TypeNumber:
		return 1
	case huma.TypeString:
		if s.Format == "date-time" {
			return "2025-01-15T14:44:00.138000Z"
		}
		return "text"
	}
	return map[string]any{}
}
