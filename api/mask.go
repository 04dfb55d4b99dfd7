package api

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"

	"giftline/api/webhooks"
)

// hidden stands for a personal field.
const hidden = "***"

// address finds e-mail addresses in any text; inLink those in the path or query of a link, where / and = are none of them.
var (
	address = regexp.MustCompile(`(?i)("[^"\\]*"|[^\s"<>,;:()\[\]\\@]+)(@|%40)([^\s"<>,;:()\[\]\\@/?&=]+)`)
	inLink  = regexp.MustCompile(`(?i)([^\s"<>,;:()\[\]\\@/?&=#]+)(@|%40)([^\s"<>,;:()\[\]\\@/?&=#]+)`)
)

// hostname is the name of a domain, which is no person's.
var hostname = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$`)

// maskPersonal hides personal fields in every answer to a key that is not granted them. It works on the finished JSON, so
// that no handler can forget it. Problems pass: they hold nothing but what the request itself said.
func maskPersonal(ctx huma.Context, _ string, v any) (any, error) {
	if _, ok := v.(*Problem); ok {
		return v, nil
	}
	return masked(ctx.Context(), v)
}

// masked gives what a request's key may see of an answer: the answer itself, or its JSON with personal fields hidden.
func masked(ctx context.Context, v any) (any, error) {
	if callerOf(ctx).Personal {
		return v, nil
	}
	plain, err := encode(v)
	if err != nil {
		return nil, err
	}
	return maskJSON(plain)
}

func maskJSON(plain []byte) (json.RawMessage, error) {
	var out bytes.Buffer
	options := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	m := masker{jsontext.NewDecoder(bytes.NewReader(plain), options...), jsontext.NewEncoder(&out, options...)}
	if err := m.value(place{}); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// masker copies JSON token by token, so that order and numbers stay as they are.
type masker struct {
	in  *jsontext.Decoder
	out *jsontext.Encoder
}

// place is where a value stands.
type place struct {
	name   string // of the innermost object that it is in
	data   bool   // in what a provider or a company wrote
	hide   bool
	whole  bool // also what is beneath it
	domain bool // shown where it is a domain's name
}

func (m masker) value(p place) error {
	switch m.in.PeekKind() {
	case '{':
		return m.object(p)
	case '[':
		return m.array(p)
	case '"':
		token, err := m.in.ReadToken()
		if err != nil {
			return err
		}
		return m.out.WriteToken(jsontext.String(maskText(token.String(), p)))
	case '0':
		if p.hide {
			if _, err := m.in.ReadToken(); err != nil {
				return err
			}
			return m.out.WriteToken(jsontext.String(hidden))
		}
	}
	raw, err := m.in.ReadValue()
	if err != nil {
		return err
	}
	return m.out.WriteValue(raw)
}

func (m masker) array(p place) error {
	return m.inside(']', func() error { return m.value(p) })
}

func (m masker) object(p place) error {
	return m.inside('}', func() error {
		token, err := m.in.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		if err := m.out.WriteToken(jsontext.String(maskAddresses(name))); err != nil {
			return err
		}
		return m.value(p.at(name))
	})
}

// inside copies both brackets, and what each makes of the tokens between them.
func (m masker) inside(end jsontext.Kind, each func() error) error {
	for first := true; ; first = false {
		if first || m.in.PeekKind() == end {
			token, err := m.in.ReadToken()
			if err == nil {
				err = m.out.WriteToken(token)
			}
			if err != nil || !first {
				return err
			}
			continue
		}
		if err := each(); err != nil {
			return err
		}
	}
}

// at is the place of a member.
func (p place) at(name string) place {
	q := place{name: name, data: p.data || name == "data" || name == "metadata" || name == "labels", whole: p.whole, hide: p.whole}
	switch {
	case p.data:
		personal, whole := webhooks.Personal(p.name, name)
		q.hide, q.whole = q.hide || personal, q.whole || whole
		q.domain = strings.EqualFold(name, "name") && p.name == "data"
	case name == "recipient":
		q.hide = true
	}
	return q
}

func maskText(s string, p place) string {
	switch {
	case p.domain && hostname.MatchString(s), s == "":
		return s
	case p.hide:
		if found := address.FindString(s); found != "" {
			return maskAddresses(found)
		}
		return hidden
	}
	return maskAddresses(s)
}

// maskAddresses leaves the first letter and the domain of every e-mail address.
func maskAddresses(s string) string {
	pattern := address
	switch {
	case !strings.ContainsAny(s, "@%"):
		return s
	case strings.Contains(s, "://"):
		pattern = inLink
	}
	return pattern.ReplaceAllStringFunc(s, func(found string) string {
		parts := pattern.FindStringSubmatch(found)
		local := strings.Trim(parts[1], `"`)
		first, size := utf8.DecodeRuneInString(local)
		if size == len(local) { // nothing would be hidden
			return hidden + parts[2] + parts[3]
		}
		return string(first) + hidden + parts[2] + parts[3]
	})
}
