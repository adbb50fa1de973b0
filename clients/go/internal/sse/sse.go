// Package sse cuts event streams (WHATWG HTML, section 9.2) into events, and reads them.
package sse

import (
	"bytes"
	"strings"
)

// Event is one event that has data.
type Event struct {
	Name string // The last `event:` field; empty without one.
	Data string // The `data:` fields, joined by line feeds.
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// Parse returns the events of a body, and whether the body stops at an event's end. An event that no blank line ends is
// not an event: the standard has it dropped.
func Parse(body []byte) (events []Event, complete bool) {
	var current event
	rest := bytes.TrimPrefix(body, byteOrderMark)
	for {
		line, length := nextLine(rest)
		if length == 0 {
			return events, len(rest) == 0 && !current.open
		}
		rest = rest[length:]
		if len(line) > 0 {
			current.field(string(line))
			continue
		}
		if current.data != nil {
			events = append(events, Event{Name: current.name, Data: strings.Join(current.data, "\n")})
		}
		current = event{}
	}
}

// event is one whose blank line has not come yet.
type event struct {
	name string
	data []string
	open bool // It has a field; a comment is none.
}

func (e *event) field(line string) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	e.open = e.open || name != ""
	switch name {
	case "data":
		e.data = append(e.data, value)
	case "event":
		e.name = value
	}
}

// nextLine returns the first line, and how many bytes it takes with its end; 0: no line ends here.
func nextLine(text []byte) (line []byte, length int) {
	end := bytes.IndexAny(text, "\r\n")
	if end < 0 {
		return nil, 0
	}
	length = end + 1
	if text[end] == '\r' && length < len(text) && text[length] == '\n' {
		length++
	}
	return text[:end], length
}

// First returns how many bytes the first event takes, with the blank lines behind it.
func First(body []byte) int {
	at, inEvent, ended := 0, false, false
	for {
		line, length := nextLine(body[at:])
		switch {
		case ended && (len(line) > 0 || length == 0 && at < len(body)):
			return at
		case length == 0:
			return len(body)
		case len(line) > 0:
			inEvent = true
		default:
			ended = inEvent
		}
		at += length
	}
}
