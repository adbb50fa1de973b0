package canonicaljson

// FirstNonObject returns the index of the first element that is not an object, or -1.
// REQUIRES: array is a canonical JSON array.
func FirstNonObject(array []byte) int {
	index := 0
	for at := 1; at < len(array)-1; index++ {
		if array[at] != '{' {
			return index
		}
		at = skipValue(array, at) + 1
	}
	return -1
}

// skipValue returns where the comma or bracket behind the value stands.
func skipValue(canonical []byte, at int) int {
	depth, quoted := 0, false
	for ; at < len(canonical); at++ {
		switch c := canonical[at]; {
		case quoted && c == '\\':
			at++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth > 0:
			depth--
		case depth == 0 && (c == ',' || c == ']' || c == '}'):
			return at
		}
	}
	return at
}
