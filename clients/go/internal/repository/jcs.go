package repository

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// JCSPair is a text and its canonical form.
type JCSPair struct{ Input, Output []byte }

// JCSPairs reads RFC 8785's published pairs, by name.
func JCSPairs(t testing.TB) map[string]JCSPair {
	t.Helper()
	names, err := filepath.Glob(shared("jcs", "input", "*.json"))
	if err != nil || len(names) == 0 {
		t.Skipf("SKIPPED: no %s", shared("jcs", "input"))
	}
	pairs := make(map[string]JCSPair, len(names))
	for _, path := range names {
		name := filepath.Base(path)
		pairs[name] = JCSPair{Input: read(t, path), Output: read(t, shared("jcs", "output", name))}
	}
	return pairs
}

// JCSNumber is a binary64 and how ECMAScript writes it.
type JCSNumber struct {
	Value float64
	Text  string
}

// JCSNumbers reads the published 10,000 lines of numbers.
func JCSNumbers(t testing.TB) []JCSNumber {
	t.Helper()
	unpacked, err := gzip.NewReader(bytes.NewReader(read(t, shared("jcs", "es6numbers_10k.txt.gz"))))
	if err != nil {
		t.Fatal(err)
	}
	var numbers []JCSNumber
	for lines := bufio.NewScanner(unpacked); lines.Scan(); {
		bits, text, _ := strings.Cut(lines.Text(), ",")
		value, err := strconv.ParseUint(bits, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, JCSNumber{Value: math.Float64frombits(value), Text: text})
	}
	if len(numbers) != 10_000 {
		t.Fatalf("%d numbers", len(numbers))
	}
	return numbers
}
