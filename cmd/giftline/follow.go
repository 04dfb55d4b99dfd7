package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"giftline/domain"
)

const (
	firstWait = 2 * time.Second // until a server says otherwise
	leastWait = 10 * time.Millisecond
	longWait  = 30 * time.Second
	longLine  = 1 << 20
)

// told is one event of a live stream.
type told struct{ id, name, data string }

// follower reads a live stream, again and again from where it was cut off.
type follower struct {
	*client
	query   url.Values
	last    string // id of what was read last
	pause   time.Duration
	do      func(told) error
	waiting func(error, time.Duration) // told of each pause
}

// follow reads until the context ends, for which there is no error, or until trying again would not help.
func (f *follower) follow(ctx context.Context) error {
	pause := firstWait
	for connected := false; ; {
		opened, err := f.once(ctx)
		connected = connected || opened
		if opened {
			pause = max(f.pause, leastWait)
		}
		var again retryLater
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &again):
			pause = max(pause, again.after)
		case err != nil && !connected, domain.CodeOf(err) != "", errors.As(err, new(fatal)):
			return err
		}
		f.waiting(err, pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, longWait)
	}
}

// retryLater is a refusal that passes.
type retryLater struct {
	error
	after time.Duration
}

func (e retryLater) Unwrap() error { return e.error }

// fatal is an error after which there is no use in coming again.
type fatal struct{ error }

func (e fatal) Unwrap() error { return e.error }

// once reads one answer to its end, and reports whether there was one.
func (f *follower) once(ctx context.Context) (opened bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+"/stream?"+f.query.Encode(), nil)
	if err != nil {
		return false, fatal{err}
	}
	req.Header.Set("Authorization", "Bearer "+f.key)
	if f.last != "" {
		req.Header.Set("Last-Event-ID", f.last)
	}
	h := &http.Client{Transport: f.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := h.Do(req)
	if err != nil {
		return false, fmt.Errorf("no answer; is the server running there? %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return false, f.refused(res)
	}
	return true, f.read(res.Body)
}

func (f *follower) refused(res *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(res.Body, longLine))
	if res.StatusCode == http.StatusUnauthorized {
		return fatal{fmt.Errorf("%s does not know the key in GIFTLINE_API_KEY", f.base)}
	}
	err := problem(res.StatusCode, body)
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError {
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return retryLater{err, time.Duration(seconds) * time.Second}
	}
	return fatal{err}
}

// read takes a stream apart, line by line. That it ends is no error.
func (f *follower) read(body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, longLine)
	var e told
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if e.id != "" {
				f.last = e.id
			}
			if e.data != "" {
				if err := f.do(e); err != nil {
					return fatal{err}
				}
			}
			e = told{}
		case name == "id":
			e.id = value
		case name == "event":
			e.name = value
		case name == "data":
			e.data += value
		case name == "retry":
			if ms, err := strconv.Atoi(value); err == nil {
				f.pause = time.Duration(ms) * time.Millisecond
			}
		}
	}
	return lines.Err()
}
