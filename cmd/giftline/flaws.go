package main

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// flaws gathers what is wrong in the settings file beyond its form, so that all of it is said at once, each with its
// line. They never show a value that may be a secret.
type flaws struct {
	file *settingsFile
	errs []error
}

// add says what is wrong at a place, such as policies[1].limit, and what to do.
func (f *flaws) add(place, format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf("%s: %s%s: %s", f.file.name, f.file.position(place), place, fmt.Sprintf(format, args...)))
}

// check adds an error, if there is one.
func (f *flaws) check(place string, err error) {
	if err != nil {
		f.add(place, "%s", err)
	}
}

func (f *flaws) err() error { return errors.Join(f.errs...) }

// position gives line and column of a place as "[3:5] ", or of what should hold it; empty where that cannot be told.
func (f *settingsFile) position(place string) string {
	tree, err := parser.ParseBytes(f.text, 0)
	for err == nil && place != "" {
		if at := startOf(nodeAt(tree, place)); at != nil {
			return fmt.Sprintf("[%d:%d] ", at.Line, at.Column)
		}
		place = holderOf(place)
	}
	return ""
}

func nodeAt(tree *ast.File, place string) ast.Node {
	path, err := yaml.PathString("$." + place)
	if err != nil {
		return nil
	}
	n, err := path.FilterFile(tree)
	if err != nil {
		return nil
	}
	return n
}

// startOf gives where a node begins; of a mapping in lines of its own that is its first key, not the colon behind it.
func startOf(n ast.Node) *token.Position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0]
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		n = v.Key
	}
	if n == nil || n.GetToken() == nil {
		return nil
	}
	return n.GetToken().Position
}

// holderOf cuts the last key or index off a place.
func holderOf(place string) string {
	for i := len(place) - 1; i > 0; i-- {
		if place[i] == '.' || place[i] == '[' {
			return place[:i]
		}
	}
	return ""
}
