// Package webhooks is the inbound edge: it verifies that a webhook is the provider's and reads what it reports.
//
// A Source says how one endpoint's deliveries are signed; Source.Verify checks the raw bytes before anything is parsed.
// Parsers turn a verified delivery into events, or park it with the reason. Each provider has one file, its own page
// linked above its reader; section numbers in comments are those of providers.md.
//
// Nothing here reads a clock, a disk or a network, and no body, however hostile, makes it panic.
package webhooks
