package canonicaljson

import "fmt"

// scanner reads a text once and writes its canonical form behind out.
type scanner struct {
	text    []byte
	at      int
	limits  Limits
	out     []byte
	deepest int // Deepest level that was opened.
	scratch []byte
}

func newScanner(text []byte, limits Limits) *scanner {
	return &scanner{text: text, limits: limits, out: make([]byte, 0, len(text))}
}

// document reads one value and nothing behind it. read is given the depth of what it stands in.
func (s *scanner) document(read func(depth int) *Refusal) *Refusal {
	s.space()
	if refusal := read(0); refusal != nil {
		return refusal
	}
	s.space()
	if s.at != len(s.text) {
		return refuseText(fmt.Sprintf("text behind the value, at byte %d", s.at))
	}
	return nil
}

// peek returns the byte at hand; 0, which no token begins with, at the end.
func (s *scanner) peek() byte {
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) notJSON(wanted string) *Refusal {
	return refuseText(fmt.Sprintf("not JSON: %s expected at byte %d", wanted, s.at))
}

func (s *scanner) value(depth int) *Refusal {
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.array(depth)
	case c == '"':
		return s.stringValue()
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	return s.notJSON("a value")
}

func (s *scanner) literal(word string) *Refusal {
	end := s.at + len(word)
	if end > len(s.text) || string(s.text[s.at:end]) != word {
		return s.notJSON(word)
	}
	s.at = end
	s.out = append(s.out, word...)
	return nil
}

// open enters an array or object and returns the level that its values stand in.
func (s *scanner) open(depth int) (int, *Refusal) {
	if depth == s.limits.Depth {
		return 0, refuse(fmt.Sprintf("nested deeper than %d levels", MaxDepth))
	}
	s.at++
	s.space()
	s.deepest = max(s.deepest, depth+1)
	return depth + 1, nil
}

// next takes the comma before another item, or the closing bracket; more says which it was.
func (s *scanner) next(closing byte) (more bool, refusal *Refusal) {
	s.space()
	switch s.peek() {
	case ',':
		s.at++
		s.space()
		return true, nil
	case closing:
		s.at++
		return false, nil
	}
	return false, s.notJSON("',' or '" + string(closing) + "'")
}

func (s *scanner) array(depth int) *Refusal {
	inside, refusal := s.open(depth)
	if refusal != nil {
		return refusal
	}
	s.out = append(s.out, '[')
	more := s.peek() != ']'
	if !more {
		s.at++
	}
	for index := 0; more; index++ {
		if index > 0 {
			s.out = append(s.out, ',')
		}
		if refusal := s.value(inside); refusal != nil {
			return refusal.withinElement(index)
		}
		if more, refusal = s.next(']'); refusal != nil {
			return refusal
		}
	}
	s.out = append(s.out, ']')
	return nil
}

// members reads an object and tells of each member once its value is written, from start to the end of out.
// Nothing but the values is written.
func (s *scanner) members(depth int, tell func(name string, start, levels int)) *Refusal {
	inside, refusal := s.open(depth)
	if refusal != nil {
		return refusal
	}
	more := s.peek() != '}'
	if !more {
		s.at++
	}
	for more {
		name, refusal := s.name()
		if refusal != nil {
			return refusal
		}
		start, outer := len(s.out), s.deepest
		s.deepest = inside
		if refusal := s.value(inside); refusal != nil {
			return refusal.within(name)
		}
		tell(name, start, s.deepest-inside)
		s.deepest = max(s.deepest, outer)
		if more, refusal = s.next('}'); refusal != nil {
			return refusal
		}
	}
	return nil
}

// name reads a member's name and the colon behind it.
func (s *scanner) name() (string, *Refusal) {
	if s.peek() != '"' {
		return "", s.notJSON("a member's name")
	}
	decoded, refusal := s.string()
	if refusal != nil {
		return "", refusal
	}
	name := string(decoded)
	s.space()
	if s.peek() != ':' {
		return "", s.notJSON("':'")
	}
	s.at++
	s.space()
	return name, nil
}
