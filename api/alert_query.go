package api

import (
	"slices"

	"giftline/domain"
)

// AlertWord is a status of alerts, or live for all that have not ended.
type AlertWord string

const liveAlerts AlertWord = "live"

// AlertFilter chooses alerts, by a query or by a body. A filter with several values fits any of them.
type AlertFilter struct {
	Rule      []domain.Rule     `query:"rule,explode" json:"rule,omitempty" maxItems:"100" enum:"stuck,expiring,expired,overdue_unconfirmed,failed,bounced,undeliverable,out_of_stock,complained,illegal_transition,quiet,downtime,signature_failures,quarantine_growth,queue_full,disk_low" doc:"Only by this rule; several times for any of several." example:"stuck"`
	Severity  []domain.Severity `query:"severity,explode" json:"severity,omitempty" maxItems:"100" enum:"info,warning,critical" doc:"Only of this severity; several times for any of several." example:"critical"`
	Status    []AlertWord       `query:"status,explode" json:"status,omitempty" maxItems:"100" enum:"live,open,acknowledged,snoozed,resolved,withdrawn" doc:"Only in this status, or live; several times for any of several." example:"live"`
	Provider  []domain.Provider `query:"provider,explode" json:"provider,omitempty" maxItems:"100" enum:"sendoso,snappy,resend,opensend" doc:"Only about subjects of this provider; several times for any of several." example:"snappy"`
	Kind      []domain.Kind     `query:"kind,explode" json:"kind,omitempty" maxItems:"100" enum:"send,gift,email,contact,domain,product,invoice,suppression,inbound_email" doc:"Only about this kind of thing; several times for any of several." example:"gift"`
	Source    []string          `query:"source,explode" json:"source,omitempty" maxItems:"100" doc:"Only about this source, or what it first told of; several times for any of several." example:"snappy"`
	CompanyID []string          `query:"company_id,explode" json:"company_id,omitempty" maxItems:"100" doc:"Only about subjects of this company; several times for any of several." example:"com_12345"`
	SubjectID string            `query:"subject_id" json:"subject_id,omitempty" doc:"Only about the subject with this id; give its provider and kind too." example:"gft_12345"`
}

// AlertsInput asks for alerts.
type AlertsInput struct {
	AlertFilter
	AtSpan
	UpdatedFrom   Moment `query:"updated[gte]" doc:"Only those whose last step was made at this time or later, by our clock."`
	UpdatedAfter  Moment `query:"updated[gt]" doc:"Only those whose last step was made later than this."`
	UpdatedUntil  Moment `query:"updated[lte]" doc:"Only those whose last step was made at this time or earlier."`
	UpdatedBefore Moment `query:"updated[lt]" doc:"Only those whose last step was made earlier than this."`
	List
}

func (in *AlertsInput) query() (domain.AlertQuery, error) {
	var wrong faults
	q := in.AlertFilter.query(&wrong, "query.")
	q.At = domain.Span{From: in.AtFrom.at, After: in.AtAfter.at, Until: in.AtUntil.at, Before: in.AtBefore.at}
	q.Updated = domain.Span{From: in.UpdatedFrom.at, After: in.UpdatedAfter.at, Until: in.UpdatedUntil.at, Before: in.UpdatedBefore.at}
	q.Cursor, q.Limit = in.Cursor, in.Limit
	return q, wrong.problem()
}

// query checks a filter; place is query. or body.
func (f *AlertFilter) query(wrong *faults, place string) domain.AlertQuery {
	q := domain.AlertQuery{
		Rules: f.Rule, Severities: f.Severity, Statuses: f.statuses(), Providers: f.Provider, Kinds: f.Kind,
		Sources: f.Source, CompanyIDs: f.CompanyID,
	}
	for name, values := range map[string][]string{"source": f.Source, "company_id": f.CompanyID, "subject_id": {f.SubjectID}} {
		wrong.storableAt(place+name, values)
	}
	if f.SubjectID == "" {
		return q
	}
	if len(f.Provider) != 1 || len(f.Kind) != 1 {
		wrong.add(place+"subject_id", "goes with one provider and one kind: an id alone may be known at several")
		return q
	}
	q.Subject = &domain.Subject{Provider: f.Provider[0], Kind: f.Kind[0], ID: f.SubjectID}
	return q
}

// statuses are those that the words mean; none for any.
func (f *AlertFilter) statuses() (all []domain.AlertStatus) {
	for _, w := range f.Status {
		if w == liveAlerts {
			all = append(all, domain.AlertOpen, domain.AlertAcknowledged, domain.AlertSnoozed)
		} else {
			all = append(all, domain.AlertStatus(w))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
