package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
)

// show asks for what is at a path and has it written for people, or passes it on as it came. The path is named where the
// answer is another's: the address may be that of some other program.
func show[T any](p *program, cl *client, path string, query url.Values, asItCame bool, write func(*T) error) error {
	raw, err := cl.get(p.ctx, path, query)
	if err != nil || asItCame {
		return printed(p.out, raw, err)
	}
	var answer T
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("what is at %s cannot be read; is %s a giftline server? %w", path, cl.base, err)
	}
	return write(&answer)
}

// printed passes an answer on as it came.
func printed(w io.Writer, raw []byte, err error) error {
	if err == nil {
		_, err = w.Write(raw)
	}
	return err
}
