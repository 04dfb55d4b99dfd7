package domain_test

import (
	"testing"

	"giftline/domain"
)

func refold(rows []domain.Recorded) domain.Current {
	return domain.Refold(twoRegions, gift, "snappy", rows)
}

func TestRefold_ofNothing(t *testing.T) {
	wantSame(t, refold(nil), domain.Current{
		Subject: gift, Source: "snappy", State: twoRegions.Start(), Regions: map[domain.Region]domain.RegionFacts{},
	})
}

// TestRefold_facts: since is when the state was entered, not when it was last said; reported is what was last said,
// even where it could not be true.
func TestRefold_facts(t *testing.T) {
	rows := story("09:00 status unopened", "10:00 status opened", "11:00 status opened", "12:00 status lost", "13:00 note", "14:00 delivery delivered", "15:00 delivery shipped")
	opened, delivered := clock("10:00"), clock("14:00")
	wantSame(t, refold(rows), domain.Current{
		Subject: gift, Source: "snappy",
		State: domain.State{Status: "opened", Delivery: "delivered", Phase: domain.Waiting},
		Regions: map[domain.Region]domain.RegionFacts{
			domain.Status: {Since: &opened, Reported: "lost"}, domain.Delivery: {Since: &delivered, Reported: "shipped"},
		},
		Events: 7, Illegal: 2,
	})
}

func TestRefold_aRegionThatNeverMoved(t *testing.T) {
	c := refold(story("09:00 delivery lost", "10:00 note"))
	wantSame(t, c.Regions, map[domain.Region]domain.RegionFacts{domain.Delivery: {Reported: "lost"}})
	wantSame(t, c.State, twoRegions.Start())
}

func TestRefold_attributesComeFromTheLastThatCarriesEach(t *testing.T) {
	rows := story("09:00 status unopened", "10:00 note", "11:00 status lost")
	rows[0].Attributes = domain.Attributes{CompanyID: "first", Reference: "first"}
	rows[1].Attributes = domain.Attributes{Recipient: "a@b.c"}
	rows[2].Attributes = domain.Attributes{CompanyID: "last", Metadata: `{}`}
	wantSame(t, refold(rows).Attributes, domain.Attributes{CompanyID: "last", Reference: "first", Recipient: "a@b.c", Metadata: `{}`})
}

// TestRefold_writesOutcomes over whatever was believed before.
func TestRefold_writesOutcomes(t *testing.T) {
	rows := story("09:00 status opened", "10:00 status unopened")
	rows[0].Outcome, rows[1].Outcome = rows[1].Outcome, rows[0].Outcome
	wantSame(t, refold(rows).Illegal, int64(1))
	wantSame(t, rows[0].Outcome.Verdict, domain.Gap)
	wantSame(t, rows[1].Outcome, domain.Outcome{Verdict: domain.Illegal, Reason: domain.Backward, After: rows[0].Outcome.After})
}
