package main

import (
	"strings"
	"testing"
	"time"

	"giftline/store"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	show := func(bar bool) string {
		var out strings.Builder
		now := time.Unix(0, 0)
		s := &progress{w: &out, bar: bar, now: func() time.Time { return now }}
		for i := range int64(5) { // the first 1000 rows were copied by a former run
			s.tell(store.Progress{Table: "events", Rows: 1000 + i*500, Of: 3000})
			now = now.Add(2 * time.Second)
		}
		s.tell(store.Progress{Table: "keys", Comparing: true, Of: 3000})
		now = now.Add(5 * time.Second)
		s.tell(store.Progress{Table: "events", Comparing: true, Rows: 3000, Of: 3000})
		s.sum("compared")
		return out.String()
	}
	lines := "copying events: 2500 of 3000 rows, 250 rows/s\ncopied 2000 rows, 200 rows/s\n" +
		"comparing events: 3000 of 3000 rows, 600 rows/s\ncompared 3000 rows, 600 rows/s\n"
	if got := show(false); got != lines {
		t.Errorf("without a terminal:\n%s", got)
	}
	got := show(true)
	for _, part := range []string{
		"\r[" + strings.Repeat("#", 15) + strings.Repeat(".", 15) + "] copying events: 1500 of 3000 rows, 250 rows/s\x1b[K",
		"\r[" + strings.Repeat("#", 30) + "] comparing events: 3000 of 3000 rows, 600 rows/s\x1b[K\r\x1b[Kcompared 3000 rows, 600 rows/s\n",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("on a terminal %q lacks %q", got, part)
		}
	}
}
