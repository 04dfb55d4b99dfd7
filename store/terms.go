package store

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"giftline/domain"
)

// term stands for one value that lists filter by. Two values share one with a chance of 2^-63.
type term int64

// anySubject is the term of every subject.
const anySubject term = 0

const (
	maxFacts = 64  // keys of a subject's metadata that it is found by
	maxName  = 512 // bytes of a name
)

func termOf(parts ...string) term {
	sum := domain.HashParts(parts...)
	return max(term(binary.BigEndian.Uint64(sum[:])>>1), 1)
}

func companyTerm(id string) term          { return termOf("company", id) }
func referenceTerm(ref string) term       { return termOf("reference", ref) }
func metadataTerm(key, value string) term { return termOf("metadata", key, value) }

// termsOf lists the terms of a subject, sorted, each once, without the one of all.
func termsOf(r *subjectRow, reference string) terms {
	var list terms
	if r.Attributes.CompanyID != "" {
		list = append(list, companyTerm(r.Attributes.CompanyID))
	}
	if reference != "" {
		list = append(list, referenceTerm(reference))
	}
	facts := domain.Attributes{Metadata: r.Attributes.Metadata}.Facts()
	keys := slices.Sorted(maps.Keys(facts))
	for _, key := range keys[:min(len(keys), maxFacts)] {
		list = append(list, metadataTerm(key, facts[key]))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// terms are kept as 8 bytes each.
type terms []term

func (t terms) bytes() []byte {
	b := make([]byte, 0, 8*len(t))
	for _, one := range t {
		b = binary.BigEndian.AppendUint64(b, uint64(one))
	}
	return b
}

func termsIn(b []byte) terms {
	t := make(terms, 0, len(b)/8)
	for ; len(b) >= 8; b = b[8:] {
		t = append(t, term(binary.BigEndian.Uint64(b)))
	}
	return t
}

// What a name is.
const (
	nameID = iota
	nameReference
	nameRecipient
)

// name is something that a search by text finds a subject by.
type name struct {
	Name string `json:"n"`
	What int64  `json:"w"`
}

// nameList lists the names of a subject, sorted, each once.
func nameList(r *subjectRow, reference string) (list []name) {
	add := func(text string, what int64) {
		if text = folded(text); text != "" {
			list = append(list, name{text, what})
		}
	}
	add(r.SubjectID, nameID)
	if r.Provider == domain.Sendoso && r.Kind == domain.Send {
		add(numberInGID(r.SubjectID), nameID)
	}
	add(reference, nameReference)
	add(r.Attributes.Recipient, nameRecipient)
	slices.SortFunc(list, func(a, b name) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.What, b.What)) })
	return slices.Compact(list)
}

// folded makes letters small, and long names short.
func folded(text string) string {
	text = strings.ToLower(text)
	if len(text) > maxName {
		text = strings.ToValidUTF8(text[:maxName], "")
	}
	return text
}

// numberInGID gives the 44 of a send's id gid://sendoso/Send/44, which is written in base64, with padding or without.
func numberInGID(id string) string {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(id, "="))
	if err != nil {
		raw, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(id, "="))
	}
	gid := string(raw)
	if err != nil {
		gid = id
	}
	if !strings.HasPrefix(gid, "gid://") {
		return ""
	}
	number := gid[strings.LastIndexByte(gid, '/')+1:]
	if strings.Trim(number, "0123456789") != "" {
		return ""
	}
	return number
}
