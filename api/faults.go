package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"giftline/domain"
)

// faults gathers what is wrong with a query. Values are never shown, words of ours are.
type faults []Fault

func (f *faults) add(location, format string, args ...any) {
	*f = append(*f, Fault{Location: clip(strings.ToValidUTF8(location, "")), Message: fmt.Sprintf(format, args...)})
}

// known finds words that are not listed. others are the states by region, for the hint where a word is of another.
func (f *faults) known(plural, name string, asked, listed []string, others map[domain.Region][]string) {
	for _, word := range asked {
		if slices.Contains(listed, word) {
			continue
		}
		for region, states := range others {
			if slices.Contains(states, word) {
				f.add("query."+name, "%s is a %s state: use %s=%s", word, region, region, word)
				return
			}
		}
		if len(listed) == 0 {
			f.add("query."+name, "%s have no %s: leave it out", plural, name)
		} else {
			f.add("query."+name, "%s of %s is one of: %s", name, plural, strings.Join(listed, ", "))
		}
		return
	}
}

func (f *faults) storable(name string, values []string) { f.storableAt("query."+name, values) }

func (f *faults) storableAt(place string, values []string) {
	_, name, _ := strings.Cut(place, ".")
	for _, v := range values {
		if !storable(v) {
			f.add(place, "no %s looks like this: it has at most %d bytes, of UTF-8 and without NUL", name, domain.MaxIdentifier)
			return
		}
	}
}

const metadataKeys = 20

// metadata reads metadata[key]=value.
func (f *faults) metadata(asked url.Values) map[string][]string {
	found := map[string][]string{}
	for name, values := range members("metadata", asked) {
		if name == "" || strings.ContainsAny(name, "[]") {
			f.add("query.metadata", "write metadata[key]=value, with a key that holds no brackets; the same again for another value")
			continue
		}
		f.storable("metadata["+name+"]", append([]string{name}, values...))
		found[name] = values
	}
	if len(found) > metadataKeys {
		f.add("query.metadata", "at most %d keys", metadataKeys)
	}
	return found
}

// span reads a range of time.
func (f *faults) span(name string, asked url.Values) (s domain.Span) {
	ends := map[string]**domain.Instant{"gte": &s.From, "gt": &s.After, "lte": &s.Until, "lt": &s.Before}
	for end, values := range members(name, asked) {
		var at Moment
		switch {
		case ends[end] == nil:
			f.add("query."+name+"["+end+"]", "unknown: use %[1]s[gte], %[1]s[gt], %[1]s[lte] or %[1]s[lt]", name)
		case len(values) > 1:
			f.add("query."+name+"["+end+"]", "given twice")
		default:
			if err := at.UnmarshalText([]byte(values[0])); err != nil {
				f.add("query."+name+"["+end+"]", "%s", err)
			}
			*ends[end] = at.at
		}
	}
	return s
}

// members gives the values of name[key] by key.
func members(name string, asked url.Values) map[string][]string {
	found := map[string][]string{}
	for full, values := range asked {
		if key, ok := strings.CutPrefix(full, name+"["); ok {
			inner, closed := strings.CutSuffix(key, "]")
			if !closed {
				inner = "" // names nothing
			}
			found[inner] = append(found[inner], values...)
		}
	}
	return found
}

// problem is nil where nothing is wrong. The first fault is its detail, for who reads no further.
func (f faults) problem() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortFunc(f, func(a, b Fault) int { return strings.Compare(a.Location, b.Location) })
	p := newProblem(http.StatusUnprocessableEntity, codeFor(0), f[0].Message)
	p.Errors = f
	return p
}
