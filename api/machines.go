package api

import (
	"context"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"giftline/domain"
)

// MachineList names every machine.
type MachineList struct {
	Machines []MachineName `json:"machines"`
}

// MachineName is a machine without its table.
type MachineName struct {
	Name     string          `json:"name"`
	Provider domain.Provider `json:"provider"`
	Kind     domain.Kind     `json:"kind"`
	Revision int             `json:"revision"`
	Hash     string          `json:"hash"`
	Page     string          `json:"page" doc:"The provider's own page."`
}

func (a *API) machineList(context.Context, *struct{}) (*body[MachineList], error) {
	l := MachineList{Machines: []MachineName{}}
	for _, m := range a.machines.All() {
		v := m.View()
		l.Machines = append(l.Machines, MachineName{v.Name, v.Provider, v.Kind, v.Revision, v.Hash, v.Page})
	}
	return answer(l), nil
}

// MachineInput names a machine; with .mmd behind, its diagram. One route, because a router cannot tell a value from a
// value with a suffix.
type MachineInput struct {
	Name string `path:"name" doc:"Such as snappy.gift; with .mmd behind it the answer is a Mermaid diagram." example:"snappy.gift"`
}

type machineOutput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        any
}

func (a *API) machine(_ context.Context, in *MachineInput) (*machineOutput, error) {
	name, diagram := strings.CutSuffix(in.Name, ".mmd")
	for _, m := range a.machines.All() {
		switch {
		case m.Name() != name:
		case diagram:
			return &machineOutput{"text/plain; charset=utf-8", []byte(m.Mermaid())}, nil
		default:
			return &machineOutput{Body: m.View()}, nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "there is no such machine: see /machines")
}

// machineAnswers documents the two shapes of one answer.
func (a *API) machineAnswers() map[string]*huma.Response {
	return a.orText(reflect.TypeFor[domain.MachineView]())
}
