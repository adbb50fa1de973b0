// Package canonicaljson writes JSON text as RFC 8785 (JCS) has it: one text for all spellings of the same value.
//
// It reads JSON itself because encoding/json hides what a cache key must refuse: duplicate members, invalid UTF-8,
// lone surrogates and numbers that binary64 does not have. All functions are pure; they take time and memory in
// proportion to the text.
package canonicaljson

import "math"

// MaxDepth is the deepest nesting that is accepted; `[]` is one level.
const MaxDepth = 100

// MaxSafeInteger is the largest number of a cache key: 2^53-1.
const MaxSafeInteger = 1<<53 - 1

// Limits are what a text is held to beyond RFC 8259.
type Limits struct {
	Depth  int     // Deepest nesting.
	Number float64 // Largest magnitude of a number.
}

// Plain has RFC 8785's own limits: any binary64.
var Plain = Limits{Depth: MaxDepth, Number: math.MaxFloat64}

// OfKey has the limits of a cache key.
var OfKey = Limits{Depth: MaxDepth, Number: MaxSafeInteger}

// Canonicalize returns the canonical form of a JSON text. Every error is a *Refusal.
func Canonicalize(text []byte, limits Limits) ([]byte, error) {
	s := newScanner(text, limits)
	if refusal := s.document(s.value); refusal != nil {
		return nil, refusal
	}
	return s.out, nil
}

// Member is one member of an object: its name unescaped, its value in canonical form.
type Member struct {
	Name   string
	Value  []byte
	Levels int // How deep the value nests; 0 for a scalar.
}

// Members returns the members of a JSON text that is an object, in the order of the text. Every error is a *Refusal.
func Members(text []byte, limits Limits) ([]Member, error) {
	s := newScanner(text, limits)
	var members []Member
	refusal := s.document(func(depth int) *Refusal {
		if s.peek() != '{' {
			return refuse("must be an object")
		}
		return s.members(depth, func(name string, start, levels int) {
			members = append(members, Member{Name: name, Value: s.out[start:len(s.out):len(s.out)], Levels: levels})
		})
	})
	if refusal == nil {
		refusal = refuseTwins(members)
	}
	if refusal != nil {
		return nil, refusal
	}
	return members, nil
}

func refuseTwins(members []Member) *Refusal {
	seen := make(map[string]bool, len(members))
	for _, member := range members {
		if seen[member.Name] {
			return refuse("appears twice").within(member.Name)
		}
		seen[member.Name] = true
	}
	return nil
}
