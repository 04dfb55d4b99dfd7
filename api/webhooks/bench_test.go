package webhooks

import (
	"testing"
	"time"

	"giftline/domain"
)

func sampleNamed(b testing.TB, p domain.Provider, name string) Sample {
	for _, s := range Samples() {
		if s.Provider == p && s.Type == name {
			return s
		}
	}
	b.Fatalf("no sample %s.%s", p, name)
	return Sample{}
}

var benchmarks = map[domain.Provider]string{
	domain.Sendoso: "send.shipped", domain.Snappy: "claimed", domain.Resend: "email.delivered", domain.OpenSend: "email.delivered",
}

func BenchmarkVerify(b *testing.B) {
	sample := sampleNamed(b, domain.Resend, "email.delivered")
	now := time.Now()
	for name, secrets := range map[string][]Secret{
		"one secret":                  {{Value: secretA}},
		"two, the second of them":     {{Value: secretB}, {Value: secretA}},
		"one per type, the last path": {{secretB, "send.sent"}, {secretC, "send.opened"}, {secretA, "send.shipped"}},
	} {
		b.Run(name, func(b *testing.B) {
			s := open(b, Source{Name: "resend", Provider: domain.Sendoso, Secrets: secrets})
			header := Source{Scheme: Svix, Secrets: []Secret{{Value: secretA}}}.Sign("msg_1", now, sample.Body)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Verify(header, "", "send.shipped", sample.Body, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for provider, name := range benchmarks {
		b.Run(string(provider), func(b *testing.B) {
			sample := sampleNamed(b, provider, name)
			in, read := sample.inbound(), Parsers()[provider]
			b.ReportAllocs()
			b.SetBytes(int64(len(in.Body)))
			for b.Loop() {
				if p := read(in); p.Parked != nil {
					b.Fatal(p.Parked.Detail)
				}
			}
		})
	}
}

func BenchmarkData(b *testing.B) {
	in := sampleNamed(b, domain.Resend, "email.delivered").inbound()
	e := parse(in).Events[0]
	b.ReportAllocs()
	for b.Loop() {
		if Data(e, in.Body) == nil {
			b.Fatal("no data")
		}
	}
}
