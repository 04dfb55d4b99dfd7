package domain_test

import (
	"testing"

	"giftline/domain"
)

// The goldens in this file are the outside contract (design.md 5): order of fields, nulls and formats to the byte.

func TestSubjectViewOf(t *testing.T) {
	wantWire(t, domain.SubjectViewOf(gift, "snappy-eu", domain.Attributes{
		CompanyID: "com_1", Reference: "REF", Recipient: "a@b.c", Metadata: `{"internalReferenceId":"REF"}`,
	}), `{"provider":"snappy","kind":"gift","id":"gft_12345","source":"snappy-eu","company_id":"com_1","reference":"REF",
		"recipient":"a@b.c","metadata":{"internalReferenceId":"REF"}}`)
	wantWire(t, domain.SubjectViewOf(gift, "snappy", domain.Attributes{}),
		`{"provider":"snappy","kind":"gift","id":"gft_12345","source":"snappy","company_id":null,"reference":null,
		"recipient":null,"metadata":null}`)
}

func TestStatesOf(t *testing.T) {
	since := nine
	facts := map[domain.Region]domain.RegionFacts{domain.Status: {Since: &since, Reported: "opened"}}
	wantWire(t, domain.StatesOf(twoRegions, &domain.Current{State: domain.State{Status: "claimed", Delivery: domain.New}, Regions: facts}, nil),
		`{"status":{"state":"claimed","since":"2025-01-15T09:00:00.000000Z","final":true,"reported":"opened","due_at":null},
		"delivery":{"state":"new","since":null,"final":false,"reported":null,"due_at":null}}`)
	wantWire(t, domain.StatesOf(oneRegion, &domain.Current{State: oneRegion.Start()}, nil),
		`{"status":{"state":"new","since":null,"final":false,"reported":null,"due_at":null}}`)
}

func TestEntryOf(t *testing.T) {
	moved := story("09:00 status unopened")[0]
	moved.AtText, moved.Quality, moved.Flags = "2025-01-15 09:00", domain.TimeApproximate, domain.NewOrder
	moved.Outcome.Flags = domain.InvalidDataTime | domain.NewOrder
	moved.Received = domain.Received{At: clock("09:01"), Late: true, Seen: 2, LastAt: clock("09:05"), DeliveryIDs: []string{"wh_1", "wh_2"}}
	settled := moved
	settled.Facts = domain.SettledType
	gap, illegal, note := story("09:00 status opened")[0], story("09:00 status lost")[0], story("09:00 note")[0]

	for _, c := range []struct {
		name string
		row  domain.Recorded
		want string
	}{
		{"moved", moved, `{"id":"` + moved.ID() + `","at":"2025-01-15T09:00:00.000000Z","region":"status","event":"status",
			"from":"new","to":"unopened","verdict":"moved","inferred":[],"reason":null,"phase":"waiting","meaning":"it is unopened",
			"flags":["invalid_data_time","new_order"],"time_quality":"approximate","time_text":"2025-01-15 09:00","data":null,
			"received":{"at":"2025-01-15T09:01:00.000000Z","late":true,"seen":2,"last_at":"2025-01-15T09:05:00.000000Z",
			"delivery_ids":["wh_1","wh_2"]}}`},
		{"settled by a person", settled, `{"id":"` + moved.ID() + `","at":"2025-01-15T09:00:00.000000Z","region":"status","event":"status",
			"from":"new","to":"unopened","verdict":"moved","inferred":[],"reason":null,"phase":"waiting","meaning":"it is unopened",
			"flags":["invalid_data_time","new_order"],"time_quality":"approximate","time_text":"2025-01-15 09:00","data":null,
			"received":{"at":"2025-01-15T09:01:00.000000Z","late":true,"seen":2,"last_at":"2025-01-15T09:05:00.000000Z",
			"delivery_ids":["wh_1","wh_2"],"settled":true}}`},
		{"gap", gap, `{"id":"` + gap.ID() + `","at":"2025-01-15T09:00:00.000000Z","region":"status","event":"status",
			"from":"new","to":"opened","verdict":"gap","inferred":["unopened"],"reason":null,"phase":"waiting","meaning":"it is opened",
			"flags":[],"time_quality":"exact","time_text":null,"data":null,
			"received":{"at":"2025-01-15T09:00:00.000000Z","late":false,"seen":1,"last_at":"2025-01-15T09:00:00.000000Z","delivery_ids":["wh_1"]}}`},
		{"illegal", illegal, `{"id":"` + illegal.ID() + `","at":"2025-01-15T09:00:00.000000Z","region":"status","event":"status",
			"from":"new","to":"lost","verdict":"illegal","inferred":[],"reason":"unknown_state","phase":null,"meaning":null,
			"flags":[],"time_quality":"exact","time_text":null,"data":null,
			"received":{"at":"2025-01-15T09:00:00.000000Z","late":false,"seen":1,"last_at":"2025-01-15T09:00:00.000000Z","delivery_ids":["wh_1"]}}`},
		{"a note has no region", note, `{"id":"` + note.ID() + `","at":"2025-01-15T09:00:00.000000Z","region":null,"event":"note",
			"from":null,"to":null,"verdict":"note","inferred":[],"reason":null,"phase":null,"meaning":null,
			"flags":[],"time_quality":"exact","time_text":null,"data":null,
			"received":{"at":"2025-01-15T09:00:00.000000Z","late":false,"seen":1,"last_at":"2025-01-15T09:00:00.000000Z","delivery_ids":["wh_1"]}}`},
	} {
		t.Run(c.name, func(t *testing.T) { wantWire(t, domain.EntryOf(twoRegions, twoRegions.Start(), &c.row), c.want) })
	}
	subject := moved
	subject.Facts = domain.SettledSubject
	if e := domain.EntryOf(twoRegions, twoRegions.Start(), &subject); !e.Received.Settled {
		t.Error("a settled subject is not shown")
	}
}

// TestEntriesOf_eachFromTheStateBefore: from is what was held when the event's turn came, region by region.
func TestEntriesOf_eachFromTheStateBefore(t *testing.T) {
	rows := story("09:00 status opened", "10:00 delivery shipped", "11:00 status unopened", "12:00 note", "13:00 status claimed")
	wantSame(t, told(domain.EntriesOf(twoRegions, twoRegions.Start(), rows)), []string{
		"status gap new -> opened", "delivery moved new -> shipped", "status illegal opened -> unopened", "note note", "status moved opened -> claimed",
	})
	wantSame(t, told(domain.EntriesOf(twoRegions, rows[0].Outcome.After, rows[1:3])), []string{
		"delivery moved new -> shipped", "status illegal opened -> unopened",
	})
	wantWire(t, domain.EntriesOf(twoRegions, twoRegions.Start(), nil), `[]`)
}

func TestTimeline_wire(t *testing.T) {
	phase, next := domain.Claimed, "next"
	status := domain.RegionState{State: domain.New}
	wantWire(t, domain.Timeline{
		Subject: domain.SubjectViewOf(gift, "snappy", domain.Attributes{}), Phase: &phase,
		State: domain.States{Status: status}, Entries: []domain.Entry{{Received: nil, Inferred: []string{}}},
		Counts: domain.Counts{Events: 1}, Next: &next,
	}, `{"subject":{"provider":"snappy","kind":"gift","id":"gft_12345","source":"snappy","company_id":null,"reference":null,"recipient":null,"metadata":null},
		"phase":"claimed","state":{"status":{"state":"new","since":null,"final":false,"reported":null,"due_at":null}},
		"entries":[{"id":"","at":"1970-01-01T00:00:00.000000Z","region":null,"event":"","from":null,"to":null,"verdict":"","inferred":[],
		"reason":null,"phase":null,"meaning":null,"flags":[],"time_quality":"","time_text":null,"data":null}],
		"counts":{"events":1,"illegal":0},"next":"next"}`)
}
