package webhooks

import (
	"embed"
	"io/fs"
	"path"
	"strings"

	"giftline/domain"
)

// samples holds one body for every event type and status, as the provider's own page shows it where it shows one.
//
//go:embed samples
var samples embed.FS

// Sample is one webhook as its provider would send it.
type Sample struct {
	Provider domain.Provider
	Type     string // what trigger calls it: "claimed", "send.shipped", "email.opened"
	Body     []byte
	PathType string // where the body does not say its type
}

// Samples lists the samples by provider and file name.
func Samples() []Sample {
	var all []Sample
	_ = fs.WalkDir(samples, "samples", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, sampleOf(name))
		}
		return err // embedded files do not fail
	})
	return all
}

func sampleOf(file string) Sample {
	body, _ := samples.ReadFile(file)
	s := Sample{
		Provider: domain.Provider(path.Base(path.Dir(file))),
		Type:     strings.TrimSuffix(path.Base(file), ".json"),
		Body:     body,
	}
	switch s.Provider {
	case domain.Sendoso:
		s.PathType = s.Type
	case domain.Snappy: // gift-status-changed.claimed: its status is enough to name it
		s.Type = s.Type[strings.LastIndexByte(s.Type, '.')+1:]
	}
	return s
}
