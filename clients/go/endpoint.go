package paraclecache

import (
	"cmp"
	"slices"
	"strings"
)

// credentialParameters are the query parameters that say who asks, not what.
var credentialParameters = map[string]bool{
	"access-token": true, "access_token": true, "api-key": true, "api_key": true, "apikey": true, "auth_token": true,
	"authorization": true, "client_secret": true, "id_token": true, "key": true, "password": true, "secret": true,
	"sig": true, "signature": true, "subscription-key": true, "token": true, "x-amz-credential": true,
	"x-amz-security-token": true, "x-amz-signature": true, "x-api-key": true, "x-goog-api-key": true,
	"x-goog-credential": true, "x-goog-signature": true,
}

// canonicalEndpoint returns a URL's or path's `endpoint` member: the escaped path with its query sorted and without
// credentials.
func canonicalEndpoint(url string) string {
	if url == "" {
		return ""
	}
	url, _, _ = strings.Cut(withoutAuthority(url), "#")
	path, query, _ := strings.Cut(url, "?")
	var kept []string
	for _, parameter := range strings.Split(query, "&") {
		if parameter != "" && !credentialParameters[asciiLower(unescape(nameOf(parameter)))] {
			kept = append(kept, escapeURL(parameter, "?"))
		}
	}
	slices.SortStableFunc(kept, func(a, b string) int { return cmp.Compare(nameOf(a), nameOf(b)) })
	endpoint := cmp.Or(escapeURL(path, ""), "/")
	if len(kept) > 0 {
		endpoint += "?" + strings.Join(kept, "&")
	}
	return endpoint
}

func withoutAuthority(url string) string {
	scheme, rest, found := strings.Cut(url, "://")
	if !found || strings.ContainsAny(scheme, "/?#") {
		return url
	}
	start := strings.IndexAny(rest, "/?#")
	if start < 0 {
		return ""
	}
	return rest[start:]
}

func nameOf(parameter string) string {
	name, _, _ := strings.Cut(parameter, "=")
	return name
}

// escapeURL escapes the bytes that may stand neither in a path nor among more. Existing escapes are not touched.
func escapeURL(text, more string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if isURLByte(c) || strings.IndexByte(more, c) >= 0 {
			out.WriteByte(c)
		} else {
			out.WriteString("%" + hex[c>>4:c>>4+1] + hex[c&15:c&15+1])
		}
	}
	return out.String()
}

func isURLByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-._~!$&'()*+,;=:@/%", c) >= 0
}

// unescape decodes %XX and leaves what is no escape.
func unescape(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if high, low, ok := hexPair(text[i:]); ok {
			out.WriteByte(high<<4 | low)
			i += 2
		} else {
			out.WriteByte(text[i])
		}
	}
	return out.String()
}

// hexPair returns the digits of the escape that text begins with.
func hexPair(text string) (high, low byte, ok bool) {
	if len(text) < 3 || text[0] != '%' {
		return 0, 0, false
	}
	high, ok = hexDigit(text[1])
	if ok {
		low, ok = hexDigit(text[2])
	}
	return high, low, ok
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// asciiLower folds ASCII letters only: Unicode's folding would take the Kelvin sign for a k.
func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, text)
}
