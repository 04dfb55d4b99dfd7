package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestDrawStory compares drawings with their golden files: answers of the API as input, what the terminal shows as
// output, once more with colour.
func TestDrawStory(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/lanes/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no drawings", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s story
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		for _, c := range []colors{false, true} {
			var b bytes.Buffer
			if err := drawStory(&b, s, c); err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(file, ".json")
			if c {
				name += "_color"
			}
			golden(t, name+".txt", strings.ReplaceAll(b.String(), "\x1b[", "^["))
			if !bool(c) && strings.ContainsAny(b.String(), "\x1b\a\r\u202e") {
				t.Errorf("%s: text of others reaches the terminal as it came", file)
			}
		}
	}
}

// golden compares text with a file, or writes the file again with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update to make it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
