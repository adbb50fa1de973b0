package paraclecache_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

const (
	firstEvent = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n"
	lastEvent  = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
	doneEvent  = "data: [DONE]\n\n"
	streamBody = `{"model":"gpt-4","messages":[],"stream":true}`
)

func open(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	response, err := client.Post(url, "application/json", strings.NewReader(streamBody))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestAStreamReachesItsReaderAsItComesAndIsReplayedEventByEvent(t *testing.T) {
	read := make(chan struct{})
	upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		stream(firstEvent)(w, r)
		<-read // The rest comes once the first event was seen.
		stream(lastEvent, doneEvent)(w, r)
	})
	client := cachingClient(t)
	response := open(t, client, upstream.URL+chatPath)
	lines := bufio.NewReader(response.Body)
	line, err := lines.ReadString('\n')
	if err != nil || line != strings.TrimSuffix(firstEvent, "\n") {
		t.Fatalf("%q, %v", line, err)
	}
	close(read)
	if _, err := io.ReadAll(lines); err != nil {
		t.Fatal(err)
	}
	response = open(t, client, upstream.URL+chatPath)
	if response.Header.Get("X-Paracle-Cache") != "hit" || response.ContentLength != -1 ||
		response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%+v", response)
	}
	buffer := make([]byte, 1<<20)
	for _, want := range []string{firstEvent, lastEvent, doneEvent} {
		if count, err := response.Body.Read(buffer); err != nil || string(buffer[:count]) != want {
			t.Errorf("read %q, %v; want %q", buffer[:count], err, want)
		}
	}
	if count, err := response.Body.Read(buffer); count != 0 || err != io.EOF {
		t.Errorf("at the end: %d, %v", count, err)
	}
}

func TestAStreamIsStoredWhenItsReaderLeavesAfterTheLastEventOnly(t *testing.T) {
	for name, c := range map[string]struct{ read, second string }{
		"early":      {firstEvent, "miss"},
		"before end": {firstEvent + lastEvent, "miss"},
		"at the end": {firstEvent + lastEvent + doneEvent, "hit"},
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
				stream(firstEvent, lastEvent, doneEvent)(w, r)
				<-over // The connection stays open.
			})
			t.Cleanup(func() { close(over) })
			client := cachingClient(t)
			response := open(t, client, upstream.URL+chatPath)
			if _, err := io.ReadFull(response.Body, make([]byte, len(c.read))); err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if mark := open(t, client, upstream.URL+chatPath).Header.Get("X-Paracle-Cache"); mark != c.second {
				t.Errorf("the second answer is a %s, want %s", mark, c.second)
			}
		})
	}
}

func TestAStreamOverTheEntryLimitIsReadButNotStored(t *testing.T) {
	big := "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + strings.Repeat("x", 1<<20) + "\"}}]}\n\n"
	upstream := newProvider(t, stream(big, big, big, big, lastEvent, doneEvent))
	client := cachingClient(t)
	for range 2 {
		response := open(t, client, upstream.URL+chatPath)
		body, err := io.ReadAll(response.Body)
		if err != nil || len(body) != 4*len(big)+len(lastEvent+doneEvent) || response.Header.Get("X-Paracle-Cache") != "miss" {
			t.Errorf("%d bytes, %v, %v", len(body), err, response.Header)
		}
	}
}
