package store

import (
	"fmt"
	"strings"
	"testing"

	"giftline/domain"
)

func TestNumberInGID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"Z2lkOi8vc2VuZG9zby9TZW5kLzQ0":     "44", // no padding needed
		"Z2lkOi8vc2VuZG9zby9TZW5kLzQ=":     "4",
		"Z2lkOi8vc2VuZG9zby9TZW5kLzQ":      "4",
		"Z2lkOi8vc2VuZG9zby9TZW5kLzQ0NA==": "444",
		"gid://sendoso/Send/12":            "12",
		"Z2lkOi8vc2VuZG9zby9TZW5kL2Fi":     "", // ends in ab
		"44":                               "",
		"":                                 "",
		"\xff":                             "",
	} {
		if got := numberInGID(id); got != want {
			t.Errorf("%q holds %q, want %q", id, got, want)
		}
	}
}

func TestTermsOf(t *testing.T) {
	t.Parallel()
	row := func(metadata string) *subjectRow {
		return &subjectRow{Attributes: attributesRow{CompanyID: "c", Metadata: metadata}}
	}
	for metadata, want := range map[string][]term{
		``:                                    nil,
		`{"a":"x","b":""}`:                    {metadataTerm("a", "x"), metadataTerm("b", "")},
		`{"a":7,"b":true,"c":null,"d":["x"]}`: {metadataTerm("a", "7"), metadataTerm("b", "true")},
		`{"a":{"b":"x"}}`:                     nil,
		`not JSON`:                            nil,
		`{"company":"c"}`:                     {metadataTerm("company", "c")},
		`{"ab":"c","a":"bc"}`:                 {metadataTerm("ab", "c"), metadataTerm("a", "bc")},
		`{"a":"` + strings.Repeat("x", 9999) + `"}`: {metadataTerm("a", strings.Repeat("x", 9999))},
	} {
		got := termsOf(row(metadata), "r")
		if len(without(got, append(want, companyTerm("c"), referenceTerm("r")))) > 0 || len(got) != len(want)+2 {
			t.Errorf("%.40s gives %v, want %v beside company and reference", metadata, got, want)
		}
	}
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf(`"k%04d":"v"`, i))
	}
	if n := len(termsOf(row("{"+strings.Join(many, ",")+"}"), "")); n != maxFacts+1 {
		t.Errorf("of a thousand keys %d are terms", n)
	}
}

// Names are found whatever the size of their letters, and never grow beyond what an index takes.
func TestNameList(t *testing.T) {
	t.Parallel()
	row := &subjectRow{
		Provider: domain.Sendoso, Kind: domain.Send, SubjectID: "Z2lkOi8vc2VuZG9zby9TZW5kLzQ0",
		Attributes: attributesRow{Recipient: "Ann@Example.com " + strings.Repeat("İ", 400)},
	}
	want := []name{{"44", nameID}, {"po-1", nameReference}, {"z2lkoi8vc2vuzg9zby9tzw5klzq0", nameID}}
	list := nameList(row, "PO-1")
	if rest := without(want, list); len(rest) > 0 || len(list) != 4 {
		t.Errorf("%+v lacks %+v", list, rest)
	}
	for _, n := range list {
		if len(n.Name) > maxName || strings.ToLower(n.Name) != n.Name {
			t.Errorf("%q is %d bytes long", n.Name, len(n.Name))
		}
	}
}
