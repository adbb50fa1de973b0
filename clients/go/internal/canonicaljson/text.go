package canonicaljson

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

func (s *scanner) stringValue() *Refusal {
	decoded, refusal := s.string()
	if refusal != nil {
		return refusal
	}
	s.out = AppendString(s.out, decoded)
	return nil
}

// string reads a string and returns what it spells, good until the next call.
func (s *scanner) string() ([]byte, *Refusal) {
	s.at++
	if end := plainEnd(s.text[s.at:]); end >= 0 {
		plain := s.text[s.at : s.at+end]
		s.at += end + 1
		return plain, nil
	}
	decoded := s.scratch[:0]
	for {
		switch c := s.peek(); {
		case c == '"':
			s.at++
			s.scratch = decoded
			return decoded, nil
		case c == '\\':
			s.at++
			var refusal *Refusal
			if decoded, refusal = s.escape(decoded); refusal != nil {
				return nil, refusal
			}
		case c < ' ':
			return nil, s.notJSON("the end of a string, and no raw control character,")
		default:
			_, size := utf8.DecodeRune(s.text[s.at:])
			if size == 1 && c >= utf8.RuneSelf {
				return nil, refuseText("not UTF-8 at byte " + strconv.Itoa(s.at))
			}
			decoded = append(decoded, s.text[s.at:s.at+size]...)
			s.at += size
		}
	}
}

// plainEnd returns where the closing quote is when all before it is ASCII without escapes, else -1.
func plainEnd(text []byte) int {
	for i, c := range text {
		if c == '"' {
			return i
		}
		if c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return -1
		}
	}
	return -1
}

// escape reads what follows a backslash.
func (s *scanner) escape(decoded []byte) ([]byte, *Refusal) {
	c := s.peek()
	s.at++
	switch c {
	case '"', '\\', '/':
		return append(decoded, c), nil
	case 'b':
		return append(decoded, '\b'), nil
	case 'f':
		return append(decoded, '\f'), nil
	case 'n':
		return append(decoded, '\n'), nil
	case 'r':
		return append(decoded, '\r'), nil
	case 't':
		return append(decoded, '\t'), nil
	case 'u':
		return s.unicodeEscape(decoded)
	}
	s.at--
	return nil, s.notJSON("an escape of RFC 8259")
}

func (s *scanner) unicodeEscape(decoded []byte) ([]byte, *Refusal) {
	unit, refusal := s.hex4()
	if refusal != nil {
		return nil, refusal
	}
	if !utf16.IsSurrogate(unit) {
		return utf8.AppendRune(decoded, unit), nil
	}
	if s.at+1 >= len(s.text) || s.text[s.at] != '\\' || s.text[s.at+1] != 'u' {
		return nil, refuse("lone surrogate")
	}
	s.at += 2
	second, refusal := s.hex4()
	if refusal != nil {
		return nil, refusal
	}
	whole := utf16.DecodeRune(unit, second)
	if whole == utf8.RuneError {
		return nil, refuse("lone surrogate")
	}
	return utf8.AppendRune(decoded, whole), nil
}

func (s *scanner) hex4() (rune, *Refusal) {
	if s.at+4 > len(s.text) {
		return 0, s.notJSON("four hex digits")
	}
	var unit rune
	for _, c := range s.text[s.at : s.at+4] {
		digit, ok := hexDigit(c)
		if !ok {
			return 0, s.notJSON("four hex digits")
		}
		unit = unit<<4 | digit
	}
	s.at += 4
	return unit, nil
}

func hexDigit(c byte) (rune, bool) {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0'), true
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}

// AppendString writes valid UTF-8 as a canonical JSON string.
func AppendString[T string | []byte](out []byte, text T) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c >= ' ':
			out = append(out, c)
		case shortEscapes[c] != 0:
			out = append(out, '\\', shortEscapes[c])
		default:
			out = append(out, `\u00`...)
			out = append(out, hex[c>>4], hex[c&15])
		}
	}
	return append(out, '"')
}

var shortEscapes = [' ']byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}
