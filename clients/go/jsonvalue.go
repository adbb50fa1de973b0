package paraclecache

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// What canonical JSON text is.

func isNull(canonical []byte) bool   { return string(canonical) == "null" }
func isString(canonical []byte) bool { return len(canonical) > 0 && canonical[0] == '"' }

func isNumber(canonical []byte) bool {
	return len(canonical) > 0 && (canonical[0] == '-' || '0' <= canonical[0] && canonical[0] <= '9')
}

// integer returns the value of a number that is one by value; canonical text spells those without point or exponent.
func integer(canonical []byte) (int64, bool) {
	if !isNumber(canonical) || bytes.ContainsAny(canonical, ".e") {
		return 0, false
	}
	value, err := strconv.ParseInt(string(canonical), 10, 64)
	return value, err == nil
}

// unquote returns what a canonical string spells.
func unquote(canonical []byte) string {
	var text string
	_ = json.Unmarshal(canonical, &text) // Canonical strings are valid.
	return text
}

func isText(text string, most int) bool { return len(text) <= most && utf8.ValidString(text) }
