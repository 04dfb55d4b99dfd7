// Package statemachines holds one transition table per machine, in the provider's lifecycle order and spelling, and
// the fold that runs a subject's events through it. looplab/fsm decides which steps are legal; gaps, ranks, finals,
// phases, diagrams and README.md are derived from the same table, and a malformed table cannot start.
//
// The fold is pure: any permutation, with any repetition, of the same events gives the same outcomes.
package statemachines

//go:generate go test -run TestGenerated -update .
