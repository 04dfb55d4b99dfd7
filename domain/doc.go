// Package domain holds Giftline's words as types, the seams its adapters implement (Machine, Store) and its use
// cases: Tracker takes one verified webhook to one recorded result, Reader answers where a subject is, how it got
// there and what did not add up. Policy tells what is or will be alarming about it, and Alerting what becomes of its
// alerts: pure functions too, to which the time of looking is handed.
//
// The one idea: a timeline is a pure function of the set of events. Nothing in this package reads a disk or a
// network, or decides by a clock that it was not handed; only Worker and Follow wait. It imports the standard library
// only.
package domain
