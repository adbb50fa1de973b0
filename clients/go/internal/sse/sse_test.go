package sse_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/paracle/paracle-cache/clients/go/internal/repository"
	"github.com/paracle/paracle-cache/clients/go/internal/sse"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		why, text string
		events    []sse.Event
		complete  bool
	}{
		{"two events", "data: a\n\nevent: e\ndata:b\n\n", []sse.Event{{Data: "a"}, {Name: "e", Data: "b"}}, true},
		{"lines that are joined", "data: a\ndata\ndata:  c\n\n", []sse.Event{{Data: "a\n\n c"}}, true},
		{"CRLF", "data: a\r\n\r\n", []sse.Event{{Data: "a"}}, true},
		{"CR", "data: a\r\rdata: b\r\r", []sse.Event{{Data: "a"}, {Data: "b"}}, true},
		{"a byte order mark", "\xef\xbb\xbfdata: a\n\n", []sse.Event{{Data: "a"}}, true},
		{"a comment behind the last event", "data: a\n\n: bye\n", []sse.Event{{Data: "a"}}, true},
		{"an event that is not ended", "data: a\n\ndata: b\n", []sse.Event{{Data: "a"}}, false},
		{"a line that is not ended", "data: a\n\ndat", []sse.Event{{Data: "a"}}, false},
		{"an event without data", "event: e\n\n", nil, true},
		{"an empty event", "data\n\n", []sse.Event{{}}, true},
		{"nothing", "", nil, true},
	} {
		events, complete := sse.Parse([]byte(c.text))
		if !slices.Equal(events, c.events) || complete != c.complete {
			t.Errorf("%s: %q, %v", c.why, events, complete)
		}
	}
}

func cut(body []byte) (pieces [][]byte) {
	for len(body) > 0 {
		end := sse.First(body)
		pieces, body = append(pieces, body[:end]), body[end:]
	}
	return pieces
}

func TestFirstCutsOneEventAtATime(t *testing.T) {
	for text, count := range map[string]int{
		"data: a\n\ndata: b\n\n": 2, "data: a\r\n\r\n\r\ndata: b\r\n\r\n": 2, "\n\ndata: a\n\ndata: b": 2, "data: a": 1, "\n": 1,
	} {
		if pieces := cut([]byte(text)); len(pieces) != count {
			t.Errorf("%q: %q", text, pieces)
		}
	}
}

func TestPiecesOfRecordedStreamsAreOneEventEachAndTheWholeStream(t *testing.T) {
	streams := 0
	for _, exchange := range repository.Recorded(t) {
		if !exchange.IsStream() {
			continue
		}
		streams++
		body := exchange.Response()
		pieces := cut(body)
		if !bytes.Equal(bytes.Join(pieces, nil), body) {
			t.Fatalf("%s: the pieces are not the stream", exchange.Endpoint)
		}
		for _, piece := range pieces {
			if events, complete := sse.Parse(piece); len(events) != 1 || !complete {
				t.Errorf("%s: %d events in %q", exchange.Endpoint, len(events), piece)
			}
		}
	}
	if streams < 5 {
		t.Errorf("only %d streams", streams)
	}
}
