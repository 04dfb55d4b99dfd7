package store

import "giftline/domain"

func (r *subjectRow) subject() domain.Subject {
	return domain.Subject{Provider: r.Provider, Kind: r.Kind, ID: r.SubjectID}
}

// toCurrent lists the facts of those regions that have any, as domain.Refold does.
func (r *subjectRow) toCurrent() domain.Current {
	c := domain.Current{
		Subject: r.subject(), Source: r.Source, Attributes: domain.Attributes(r.Attributes), State: domain.State(r.State),
		Regions: map[domain.Region]domain.RegionFacts{}, Events: r.Events, Illegal: r.Illegal,
	}
	status := domain.RegionFacts{Since: r.StatusSince, Reported: r.StatusReported}
	delivery := domain.RegionFacts{Since: r.DeliverySince, Reported: r.DeliveryReported}
	if status != (domain.RegionFacts{}) {
		c.Regions[domain.Status] = status
	}
	if r.State.Delivery != "" && delivery != (domain.RegionFacts{}) {
		c.Regions[domain.Delivery] = delivery
	}
	return c
}

// subjectRowOf is the inverse of toCurrent. ID, LastAt, JoinedAt, Places and the machine's revision and hash are the
// caller's.
func subjectRowOf(c domain.Current) subjectRow {
	status, delivery := c.Regions[domain.Status], c.Regions[domain.Delivery]
	return subjectRow{
		Digest: digest(c.Subject.Digest()), Provider: c.Subject.Provider, Kind: c.Subject.Kind, SubjectID: c.Subject.ID,
		Source: c.Source, State: stateRow(c.State), Attributes: attributesRow(c.Attributes),
		StatusSince: status.Since, StatusReported: status.Reported,
		DeliverySince: delivery.Since, DeliveryReported: delivery.Reported,
		Events: c.Events, Illegal: c.Illegal,
	}
}

func (r *eventRow) place() domain.Place {
	return domain.Place{At: r.At, Rank: r.Rank, Fingerprint: domain.Fingerprint(r.FP)}
}

func (r *eventRow) outcome() domain.Outcome {
	return domain.Outcome{Verdict: r.Verdict, Reason: r.Reason, Flags: r.Flags, After: domain.State(r.State)}
}

// toEvent gives back what the fold reads; the row knows its subject by number only.
func (r *eventRow) toEvent(s domain.Subject) domain.Event {
	return domain.Event{
		Subject: s, Fingerprint: domain.Fingerprint(r.FP), Type: r.Type, Region: r.Region, Target: r.Target,
		Previous: r.Previous, At: r.At, AtText: r.AtText, Quality: r.Quality, Rank: r.Rank, Facts: r.Facts,
		Flags: r.GivenFlags, Attributes: domain.Attributes(r.Attributes), Meaning: domain.Meaning(r.Meaning),
	}
}

func (r *eventRow) toRecorded(s domain.Subject) domain.Recorded {
	return domain.Recorded{
		Event: r.toEvent(s), Outcome: r.outcome(), Joined: r.JoinedAt, Source: r.Source, Body: r.Body,
		Received: domain.Received{
			At: r.ReceivedAt, Late: r.Late, Seen: r.Seen, LastAt: r.LastAt, DeliveryIDs: r.DeliveryIDs,
		},
	}
}

// eventRowOf is the inverse of toRecorded, for the subject whose number is given.
func eventRowOf(subject int64, r *domain.Recorded) eventRow {
	return eventRow{
		Subject: subject, At: r.At, Rank: r.Rank, FP: fingerprint(r.Fingerprint), Type: r.Type, Region: r.Region,
		Target: r.Target, Previous: r.Previous, AtText: r.AtText, Quality: r.Quality, Facts: r.Facts,
		GivenFlags: r.Flags, Attributes: attributesRow(r.Attributes), Meaning: meaning(r.Meaning),
		Verdict: r.Outcome.Verdict, Reason: r.Outcome.Reason, Flags: r.Outcome.Flags, State: stateRow(r.Outcome.After),
		JoinedAt: r.Joined, Source: r.Source, ReceivedAt: r.Received.At, LastAt: r.Received.LastAt,
		Late: r.Received.Late, Seen: r.Received.Seen, DeliveryIDs: r.Received.DeliveryIDs, Body: r.Body,
	}
}

// toParked leaves the body out.
func (r *parkedRow) toParked() domain.Parked {
	p := domain.Parked{
		ID: r.ID, Result: r.Result, Code: r.Code, Detail: r.Detail, Source: r.Source, Provider: r.Provider,
		DeliveryID: r.DeliveryID, AttemptAt: r.AttemptAt, ReceivedAt: r.ReceivedAt, LastAt: r.LastAt, Seen: r.Seen,
		Claims: r.Claims, Size: len(r.Body),
	}
	if r.Kind != "" && r.SubjectID != "" {
		p.Subject = &domain.Subject{Provider: r.Provider, Kind: r.Kind, ID: r.SubjectID}
		if len(r.FP) == fingerprintSize {
			p.EventID = domain.EventID(p.Subject.Digest(), domain.Fingerprint(r.FP))
		}
	}
	return p
}

func (r *sourceRow) toCount() domain.SourceCount {
	return domain.SourceCount{
		Source: r.Source, Received: r.Received, LastReceived: r.LastReceived,
		Rejected: r.Rejected, LastRejection: r.LastRejection, LastReason: r.LastReason,
		Counts: map[domain.Result]int64{
			domain.ResultRecorded: r.Recorded, domain.ResultDuplicate: r.Duplicate, domain.ResultConflict: r.Conflict,
			domain.ResultUnresolved: r.Unresolved, domain.ResultQuarantined: r.Quarantined,
		},
	}
}
