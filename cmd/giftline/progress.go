package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"giftline/store"
)

const (
	linesEvery = 5 * time.Second        // where nobody watches
	barEvery   = 100 * time.Millisecond // on a terminal
	barWidth   = 30
)

// progress shows how far a move is: a bar that is drawn over on a terminal, else a line now and then.
type progress struct {
	w     io.Writer
	bar   bool
	now   func() time.Time
	shown time.Time // when it was last shown
	began time.Time // when what goes on now began; zero before anything did
	first store.Progress
	last  store.Progress
}

func (p *program) newProgress() *progress {
	f, ok := p.errs.(*os.File)
	return &progress{w: p.errs, bar: ok && isatty.IsTerminal(f.Fd()) && p.getenv("TERM") != "dumb", now: time.Now}
}

// tell shows it, if it is time.
func (s *progress) tell(m store.Progress) {
	now := s.now()
	if s.began.IsZero() || m.Comparing != s.last.Comparing {
		s.sum("copied")
		s.began, s.shown, s.first = now, now, m
	}
	s.last = m
	every := linesEvery
	if s.bar {
		every = barEvery
	}
	if now.Sub(s.shown) < every {
		return
	}
	s.shown = now
	s.show()
}

func (s *progress) show() {
	doing := "copying"
	if s.last.Comparing {
		doing = "comparing"
	}
	text := fmt.Sprintf("%s %s: %d of %d rows, %s", doing, s.last.Table, s.last.Rows, s.last.Of, s.rate())
	if s.bar {
		fmt.Fprintf(s.w, "\r%s %s\x1b[K", drawBar(s.last.Rows, s.last.Of), text)
	} else {
		fmt.Fprintln(s.w, text)
	}
}

// rate leaves out what former runs did.
func (s *progress) rate() string {
	took := max(s.now().Sub(s.began), time.Millisecond)
	return fmt.Sprintf("%.0f rows/s", float64(s.last.Rows-s.first.Rows)/took.Seconds())
}

func drawBar(done, of int64) string {
	filled := int(min(barWidth*done/max(of, 1), barWidth))
	return "[" + strings.Repeat("#", filled) + strings.Repeat(".", barWidth-filled) + "]"
}

// sum tells what was done, if anything was.
func (s *progress) sum(done string) {
	if !s.began.IsZero() {
		s.clear()
		fmt.Fprintf(s.w, "%s %d rows, %s\n", done, s.last.Rows-s.first.Rows, s.rate())
	}
}

// clear takes the bar away.
func (s *progress) clear() {
	if s.bar {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}
