package canonicaljson

import (
	"cmp"
	"slices"
)

// span is a member whose canonical value is out[start:end].
type span struct {
	name       string
	start, end int
}

// object writes the members ordered by name. The values are written first, as they come, and moved then.
func (s *scanner) object(depth int) *Refusal {
	base := len(s.out)
	var spans []span
	refusal := s.members(depth, func(name string, start, _ int) {
		spans = append(spans, span{name, start, len(s.out)})
	})
	if refusal != nil {
		return refusal
	}
	slices.SortFunc(spans, func(a, b span) int { return compareUTF16(a.name, b.name) })
	for i := 1; i < len(spans); i++ {
		if spans[i].name == spans[i-1].name {
			return refuse("appears twice").within(spans[i].name)
		}
	}
	values := append(s.scratch[:0], s.out[base:]...)
	s.out = append(s.out[:base], '{')
	for i, member := range spans {
		if i > 0 {
			s.out = append(s.out, ',')
		}
		s.out = AppendString(s.out, member.name)
		s.out = append(s.out, ':')
		s.out = append(s.out, values[member.start-base:member.end-base]...)
	}
	s.out = append(s.out, '}')
	s.scratch = values
	return nil
}

// compareUTF16 orders valid UTF-8 by its UTF-16 code units. That is the order of the bytes, but for U+E000 to U+FFFF,
// which stand behind all that needs surrogates.
func compareUTF16(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return cmp.Compare(weight(a[i]), weight(b[i]))
		}
	}
	return cmp.Compare(len(a), len(b))
}

func weight(b byte) byte {
	if b == 0xEE || b == 0xEF { // Leads U+E000 to U+FFFF; 0xF0 to 0xF4 lead what lies beyond.
		return b + 0x10
	}
	return b
}

// AppendObject writes an object of members that have no twins, in canonical order.
func AppendObject(out []byte, members []Member) []byte {
	ordered := slices.Clone(members)
	slices.SortFunc(ordered, func(a, b Member) int { return compareUTF16(a.Name, b.Name) })
	out = append(out, '{')
	for i, member := range ordered {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(AppendString(out, member.Name), ':'), member.Value...)
	}
	return append(out, '}')
}
