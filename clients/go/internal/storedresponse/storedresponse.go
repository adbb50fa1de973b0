// Package storedresponse is how a response is stored: as an HTTP/1.1 message, so that the transports of every language
// read each other's.
//
//	HTTP/1.1 200 OK\r\n
//	content-length: 17\r\n
//	content-type: application/json\r\n
//	\r\n
//	<17 bytes: the body without content or transfer encoding>
//
// Names are lower case and sorted. content-length is always there, but with an event stream that was recorded while it
// came.
package storedresponse

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// MediaType is that of RFC 9112, section 10.2.
const MediaType = "application/http; msgtype=response"

// shared are the headers that are kept: cookies, organisations, limits and dates are one caller's own.
var shared = []string{"content-type", "openai-model", "openai-version", "request-id", "x-request-id"}

const (
	statusLine = "HTTP/1.1 200 OK"
	maxHead    = 16 * 1024
)

// Write returns the stored form of a response with status 200. Headers that may not be shared are left out.
func Write(header http.Header, body []byte) []byte {
	head := headOf(header, "content-length: "+strconv.Itoa(len(body)))
	return append(append(make([]byte, 0, len(head)+len(body)), head...), body...)
}

// StreamHead returns what stands before the body of an event stream whose length is not known yet.
func StreamHead(header http.Header) []byte { return []byte(headOf(header)) }

func headOf(header http.Header, lines ...string) string {
	for _, name := range shared {
		for _, value := range header.Values(name) {
			if isPlain(value) {
				lines = append(lines, name+": "+value)
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(nameOf(a), nameOf(b)) })
	return strings.Join(append([]string{statusLine}, lines...), "\r\n") + "\r\n\r\n"
}

func nameOf(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return name
}

// Parse reads what Write wrote, in any language; false for everything that is not exactly such a response. The body
// is a part of payload.
func Parse(payload []byte) (header http.Header, body []byte, ok bool) {
	header, length, ok := ParseHead(payload)
	if !ok {
		return nil, nil, false
	}
	body = payload[length:]
	lengths := header["Content-Length"]
	if len(lengths) == 0 {
		return header, body, isEventStream(header)
	}
	if len(lengths) != 1 || lengths[0] != strconv.Itoa(len(body)) {
		return nil, nil, false
	}
	return header, body, true
}

// MaxHead is what ParseHead looks at: with as many bytes, a head is there or never will be.
const MaxHead = maxHead + len(blankLine)

const blankLine = "\r\n\r\n"

// ParseHead reads what stands before the body, and returns its length; false when it is no head, or none yet.
func ParseHead(payload []byte) (header http.Header, length int, ok bool) {
	head, _, found := bytes.Cut(payload, []byte(blankLine))
	if !found || len(head) > maxHead {
		return nil, 0, false
	}
	lines := strings.Split(string(head), "\r\n")
	if lines[0] != statusLine {
		return nil, 0, false
	}
	header = http.Header{}
	for _, line := range lines[1:] {
		name, value, found := strings.Cut(line, ": ")
		if !found || !isPlain(value) || name != "content-length" && !slices.Contains(shared, name) {
			return nil, 0, false
		}
		header.Add(name, value)
	}
	return header, len(head) + len(blankLine), true
}

func isEventStream(header http.Header) bool {
	media, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(media), "text/event-stream")
}

// isPlain tells a value of visible ASCII and inner spaces.
func isPlain(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return value == strings.Trim(value, " ")
}
