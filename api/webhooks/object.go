package webhooks

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// object reads the fields of one JSON object. The first field that is not what its provider sends is remembered for
// the whole body, so that readers need not check after every step.
type object struct {
	value
	fields []member
	path   string // where it stands in the body, for messages
	fault  *string
}

// decode gives the root object of a body.
func decode(body []byte) (object, error) {
	form, err := canonical(body)
	if err != nil {
		return object{}, err
	}
	root := value(form)
	if root[0] != '{' {
		return object{}, errors.New("the body is " + root.kind() + ", an object was expected")
	}
	return object{value: root, fields: root.members(), fault: new(string)}, nil
}

// get gives a field that we use. A key which differs from it only in case is a fault, beside the right one or instead
// of it: other readers would take either, and two readers of one body must not disagree about it.
func (o object) get(name string) value {
	var found value
	for i := range o.fields {
		switch f := &o.fields[i]; {
		case f.name == name:
			found = f.value
		case strings.EqualFold(f.name, name):
			o.fail(name, "is written in another case: the provider writes it just so")
		}
	}
	return found
}

// exact gives a field whose name somebody made up (metadata, tags): there, case makes another name.
func (o object) exact(name string) value {
	for i := range o.fields {
		if o.fields[i].name == name {
			return o.fields[i].value
		}
	}
	return ""
}

// reference finds people's own id of a thing in metadata or tags, under the first of the names that has one.
func (o object) reference(names ...string) string {
	for _, name := range names {
		if v := o.exact(name); v.kind() == "a string" && v != `""` {
			return v.text()
		}
	}
	return ""
}

// text gives a string field; empty if there is none.
func (o object) text(name string) string {
	v := o.get(name)
	if v.absent() {
		return ""
	}
	if v[0] != '"' {
		o.expected(name, v, "a string")
		return ""
	}
	return v.text()
}

// object gives an object field; without any fields if there is none.
func (o object) object(name string) object {
	v := o.get(name)
	if !v.absent() && v[0] != '{' {
		o.expected(name, v, "an object")
		v = ""
	}
	return o.within(v, name)
}

func (o object) within(v value, name string) object {
	return object{value: v, fields: v.members(), path: o.at(name), fault: o.fault}
}

// list gives an array field's values.
func (o object) list(name string) []value {
	v := o.get(name)
	if !v.absent() && v[0] != '[' {
		o.expected(name, v, "an array")
		return nil
	}
	return v.elements()
}

func (o object) expected(name string, v value, what string) {
	o.fail(name, "is "+v.kind()+", "+what+" was expected")
}

func (o object) fail(name, problem string) {
	if *o.fault == "" {
		*o.fault = o.at(name) + " " + problem
	}
}

// at names a field by its path; the names are ours, never the body's.
func (o object) at(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// item names an element of an array field.
func item(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }

// without writes the object without some of its fields, in canonical form; an absent one as {}.
func (o object) without(names ...string) string {
	var b strings.Builder
	b.Grow(len(o.value) + 2)
	b.WriteByte('{')
	for i := range o.fields {
		if f := &o.fields[i]; !slices.Contains(names, f.name) {
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			b.WriteByte('"')
			b.WriteString(f.name)
			b.WriteString(`":`)
			b.WriteString(string(f.value))
		}
	}
	b.WriteByte('}')
	return b.String()
}

// first gives the first that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
