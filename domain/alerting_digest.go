package domain

import "encoding/json"

// Digest tells what alerts are raised by from anything else that was configured before: empty for nil, and the same in
// every process that was told the same. Routes play no part.
func (a *Alerting) Digest() string {
	if a == nil {
		return ""
	}
	var zones []string // which JSON leaves out
	zone := func(c *Calendar) {
		name := ""
		if c != nil && c.Zone != nil {
			name = c.Zone.String()
		}
		zones = append(zones, name)
	}
	if a.Policy != nil {
		for i := range a.Policy.Dwell {
			zone(a.Policy.Dwell[i].Calendar)
		}
	}
	text, _ := json.Marshal(struct { // names, numbers, and maps and lists of them cannot fail
		Policy *Policy
		Severe map[Rule]Severity
		Off    []Rule
		Zones  []string
	}{a.Policy, a.Severe, a.Off, zones})
	sum := HashParts("alerting/1", string(text))
	return idEncoding.EncodeToString(sum[:16])
}
