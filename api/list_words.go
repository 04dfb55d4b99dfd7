package api

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"giftline/domain"
)

// words are those that the machines of a plural know.
type words struct {
	providers, phases []string
	states            map[domain.Region][]string
}

func (w *words) add(v domain.MachineView) {
	if w.states == nil {
		w.states = map[domain.Region][]string{}
	}
	include(&w.providers, string(v.Provider))
	for _, r := range v.Regions {
		list := w.states[r.Region]
		include(&list, domain.New)
		for _, state := range r.States {
			include(&list, state.State)
			if state.Phase != nil {
				include(&w.phases, string(*state.Phase))
			}
		}
		w.states[r.Region] = list
	}
}

func include(list *[]string, word string) {
	if !slices.Contains(*list, word) {
		*list = append(*list, word)
	}
}

// document writes the words into the parameters of a list. huma checks the types only, so that a wrong word is answered
// with a hint.
func (w *words) document(op *huma.Operation) {
	op.Description = listWords
	lists := map[string][]string{
		"provider": w.providers, "phase": w.phases, "status": w.states[domain.Status], "delivery": w.states[domain.Delivery],
	}
	kept := op.Parameters[:0]
	for _, p := range op.Parameters {
		list, closed := lists[p.Name]
		if closed {
			p = documented(p, list)
		}
		if !closed || len(list) > 0 { // a kind without phases has no phase to ask for
			kept = append(kept, p)
		}
	}
	op.Parameters = kept
}

func documented(p *huma.Param, words []string) *huma.Param {
	param, schema := *p, *p.Schema
	schema.Items = &huma.Schema{Type: huma.TypeString}
	for _, w := range words {
		schema.Items.Enum = append(schema.Items.Enum, w)
	}
	schema.Examples = []any{words[:min(1, len(words))]}
	param.Schema = &schema
	return &param
}
