package main

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"giftline/domain"
	"giftline/statemachines"
)

// candidates are all subjects that the id could mean: everything with a machine that the flags leave in.
// "snappy/gift/gft_1" is understood too, because that is how answers name a subject; but an id may look like that.
func (c *timelineCmd) candidates() ([]domain.Subject, error) {
	var all []domain.Subject
	var providers, kinds []string
	parts := strings.SplitN(c.ID, "/", 3)
	for _, m := range statemachines.All().All() {
		v := m.View()
		providers, kinds = append(providers, string(v.Provider)), append(kinds, string(v.Kind))
		if (c.Provider != "" && c.Provider != string(v.Provider)) || (c.Kind != "" && c.Kind != string(v.Kind)) {
			continue
		}
		all = append(all, domain.Subject{Provider: v.Provider, Kind: v.Kind, ID: c.ID})
		if len(parts) == 3 && parts[0] == string(v.Provider) && parts[1] == string(v.Kind) && parts[2] != "" {
			all = append(all, domain.Subject{Provider: v.Provider, Kind: v.Kind, ID: parts[2]})
		}
	}
	switch {
	case c.ID == "":
		return nil, usagef("the id is empty")
	case c.Provider != "" && !slices.Contains(providers, c.Provider):
		return nil, usagef("--provider %s is not one of %s", c.Provider, distinct(providers))
	case c.Kind != "" && !slices.Contains(kinds, c.Kind):
		return nil, usagef("--kind %s is not one of %s", c.Kind, distinct(kinds))
	case len(all) == 0:
		return nil, usagef("%s has no %s", c.Provider, c.Kind)
	}
	return all, nil
}

func distinct(words []string) string {
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ", ")
}

// findOne gives the one candidate that is known; the errors say how to settle it otherwise.
func (c *client) findOne(ctx context.Context, id string, candidates []domain.Subject) (domain.Subject, error) {
	var found []string
	var one domain.Subject
	for _, s := range candidates {
		_, err := c.get(ctx, pathOf(s), url.Values{"provider": {string(s.Provider)}})
		if domain.CodeOf(err) == domain.CodeNotFound {
			continue
		}
		if err != nil {
			return one, err
		}
		one, found = s, append(found, s.String())
	}
	switch len(found) {
	case 0:
		return one, domain.Errorf(domain.CodeNotFound, "no event of %s was received yet: check the id, and giftline sources for what did arrive", id)
	case 1:
		return one, nil
	}
	return one, domain.Errorf(domain.CodeAmbiguous, "%s is known as %s: add --provider or --kind", id, strings.Join(found, " and "))
}

// pathOf is where the API answers about a subject.
func pathOf(s domain.Subject) string {
	return "/" + strings.ReplaceAll(string(s.Kind), "_", "-") + "s/" + url.PathEscape(s.ID)
}
