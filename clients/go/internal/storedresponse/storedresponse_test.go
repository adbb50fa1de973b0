package storedresponse_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/paracle/paracle-cache/clients/go/internal/storedresponse"
)

func TestOnlyWhatMayBeSharedIsStored(t *testing.T) {
	header := http.Header{
		"Content-Type": {"application/json"}, "X-Request-Id": {"r"}, "Openai-Version": {"v"}, "Request-Id": {"a\nb"},
		"Set-Cookie": {"secret"}, "Openai-Organization": {"secret"}, "Date": {"now"}, "Content-Length": {"99"},
	}
	want := "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-type: application/json\r\nopenai-version: v\r\n" +
		"x-request-id: r\r\n\r\n\r\n\r\n"
	got := storedresponse.Write(header, []byte("\r\n\r\n"))
	if string(got) != want {
		t.Fatalf("got %q", got)
	}
	parsed, body, ok := storedresponse.Parse(got)
	if !ok || string(body) != "\r\n\r\n" || len(parsed) != 4 || parsed.Get("X-Request-Id") != "r" {
		t.Errorf("%v, %q, %v", parsed, body, ok)
	}
}

func TestAnythingOddIsNoResponse(t *testing.T) {
	for why, text := range map[string]string{
		"nothing":                "",
		"no blank line":          "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n",
		"another status":         "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
		"another version":        "HTTP/2 200 OK\r\ncontent-length: 0\r\n\r\n",
		"no length":              "HTTP/1.1 200 OK\r\ncontent-type: a/b\r\n\r\n",
		"a length that is wrong": "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n",
		"a length that is odd":   "HTTP/1.1 200 OK\r\ncontent-length: +0\r\n\r\n",
		"two lengths":            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\n",
		"a header not shared":    "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nset-cookie: x\r\n\r\n",
		"an encoding":            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n",
		"capitals":               "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"no colon":               "HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-type\r\n\r\n",
		"a control character":    "HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-type: a\x00\r\n\r\n",
		"a bare line feed":       "HTTP/1.1 200 OK\ncontent-length: 0\n\n",
		"a folded line":          "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n x\r\n\r\n",
		"a head without end":     "HTTP/1.1 200 OK\r\ncontent-type: " + string(bytes.Repeat([]byte("x"), 1<<20)) + "\r\ncontent-length: 0\r\n\r\n",
	} {
		if header, _, ok := storedresponse.Parse([]byte(text)); ok {
			t.Errorf("%s was accepted: %v", why, header)
		}
	}
}

func TestAStreamThatWasRecordedWhileItCameSaysNoLength(t *testing.T) {
	head := storedresponse.StreamHead(http.Header{"Content-Type": {"text/event-stream; charset=utf-8"}, "Set-Cookie": {"x"}})
	if string(head) != "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n" {
		t.Fatalf("got %q", head)
	}
	header, body, ok := storedresponse.Parse(append(head, "data: 1\n\n"...))
	if !ok || string(body) != "data: 1\n\n" || len(header) != 1 {
		t.Errorf("%v, %q, %v", header, body, ok)
	}
	for length := range len(head) {
		if _, _, ok := storedresponse.ParseHead(head[:length]); ok {
			t.Errorf("a head was found in %q", head[:length])
		}
	}
}

// FuzzParse: what is accepted is written back as it was, apart from the order of its headers.
func FuzzParse(f *testing.F) {
	f.Add(storedresponse.Write(http.Header{"Content-Type": {"a/b"}, "Request-Id": {"1", "2"}}, []byte("body")))
	f.Fuzz(func(t *testing.T, payload []byte) {
		header, body, ok := storedresponse.Parse(payload)
		if !ok {
			return
		}
		delete(header, "Content-Length")
		again, sameBody, ok := storedresponse.Parse(storedresponse.Write(header, body))
		if !ok || !bytes.Equal(body, sameBody) || len(again) != len(header)+1 {
			t.Errorf("%q became %v %q", payload, again, sameBody)
		}
	})
}
