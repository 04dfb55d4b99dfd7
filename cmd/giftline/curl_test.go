package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// curl does what a curl line does, as far as our own lines go: what we tell people to paste must work, also on a
// machine that tests without curl. It gives the status and the body.
func curl(t *testing.T, line string) (int, string) {
	t.Helper()
	words, err := shellWords(line)
	if err != nil || len(words) == 0 || words[0] != "curl" {
		t.Fatalf("not a curl line: %s (error %v)", line, err)
	}
	var data, target string
	header := http.Header{}
	for i := 1; i < len(words); i++ {
		switch word := words[i]; {
		case word == "-s":
		case (word == "-H" || word == "-d") && i+1 == len(words):
			t.Fatalf("%s lacks its value: %s", word, line)
		case word == "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			header.Set(name, value)
		case word == "-d":
			i++
			data = words[i]
		case strings.HasPrefix(word, "-") || target != "":
			t.Fatalf("curl is not expected to be given %q: %s", word, line)
		default:
			target = word
		}
	}
	method := http.MethodGet
	if data != "" {
		method = http.MethodPost
		if header.Get("Content-Type") == "" {
			header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	status, body, err := exchange(http.DefaultTransport, req)
	if err != nil {
		t.Fatal(err)
	}
	return status, string(body)
}

// shellWords splits a line as a shell would: blanks part words, single quotes keep everything, a backslash before the
// end of a line joins it with the next.
func shellWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, quoted := false, false
	for _, r := range strings.ReplaceAll(line, "\\\n", " ") {
		switch {
		case r == '\'':
			quoted, inWord = !quoted, true
		case quoted:
			word.WriteRune(r)
		case r == ' ' || r == '\n':
			if inWord {
				words = append(words, word.String())
			}
			inWord = false
			word.Reset()
		case strings.ContainsRune("\\\"$`&|;<>*?(){}[]~#!", r):
			return nil, fmt.Errorf("a shell would do something with %q outside quotes", r)
		default:
			inWord = true
			word.WriteRune(r)
		}
	}
	if quoted {
		return nil, io.ErrUnexpectedEOF
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

func TestShellWords(t *testing.T) {
	t.Parallel()
	got, err := shellWords("curl -H 'A: b c' \\\n  'x?y'z ''")
	if want := []string{"curl", "-H", "A: b c", "x?yz", ""}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, want %q (error %v)", got, want, err)
	}
	for _, bad := range []string{"curl 'open", "curl http://host/?a=b", "curl $KEY"} {
		if got, err := shellWords(bad); err == nil {
			t.Errorf("%s: got %q", bad, got)
		}
	}
}
