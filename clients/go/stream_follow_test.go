package paraclecache_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

// gated is a provider of streams whose events come when the test says so.
type gated struct {
	*provider
	begun chan chan string
}

func newGated(t *testing.T) *gated {
	t.Helper()
	g := &gated{begun: make(chan chan string, 100)}
	g.provider = newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		stream()(w, r)
		w.(http.Flusher).Flush()
		events := make(chan string)
		g.begun <- events
		for {
			select {
			case event, more := <-events:
				if !more {
					return
				}
				stream(event)(w, r)
			case <-r.Context().Done():
				return
			}
		}
	})
	return g
}

// call returns where the events of the next call go. Closed: its stream ends.
func (g *gated) call(t *testing.T) chan<- string {
	t.Helper()
	select {
	case events := <-g.begun:
		return events
	case <-time.After(10 * time.Second):
		t.Fatal("the provider is not called")
		return nil
	}
}

func mustRead(t *testing.T, response *http.Response, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if count, err := io.ReadFull(response.Body, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got[:count], err, want)
	}
}

func mustEnd(t *testing.T, response *http.Response) {
	t.Helper()
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) != 0 {
		t.Errorf("at the end: %q, %v", rest, err)
	}
}

func mustMark(t *testing.T, response *http.Response, want string) {
	t.Helper()
	if mark := response.Header.Get("X-Paracle-Cache"); mark != want {
		t.Errorf("%s, want %s", mark, want)
	}
}

func TestASecondReaderSeesAStreamAsItComes(t *testing.T) {
	upstream := newGated(t)
	clients := twoClients(t, serverprocess.Start(t))
	first := open(t, clients[0], upstream.URL+chatPath)
	events := upstream.call(t)
	events <- firstEvent
	mustRead(t, first, firstEvent)
	second := open(t, clients[1], upstream.URL+chatPath)
	mustMark(t, first, "miss")
	mustMark(t, second, "hit")
	if second.ContentLength != -1 || second.Header.Get("Content-Length") != "" ||
		second.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%+v", second)
	}
	mustRead(t, second, firstEvent)
	for _, event := range []string{lastEvent, doneEvent} {
		events <- event
		mustRead(t, first, event)
		mustRead(t, second, event) // Before the stream has ended.
	}
	close(events)
	mustEnd(t, first)
	mustEnd(t, second)
	stored := open(t, clients[1], upstream.URL+chatPath)
	mustMark(t, stored, "hit")
	mustRead(t, stored, firstEvent+lastEvent+doneEvent)
	mustEnd(t, stored)
	if upstream.calls.Load() != 1 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
}

func TestManyReadersWhoJoinAtAnyTimeReadTheSameOfOneCall(t *testing.T) {
	var want bytes.Buffer
	upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		for i := range 50 {
			event := fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%d\"}}]}\n\n", i)
			want.WriteString(event)
			stream(event)(w, r)
			time.Sleep(10 * time.Millisecond) // As a model takes.
		}
		want.WriteString(lastEvent + doneEvent)
		stream(lastEvent, doneEvent)(w, r)
	})
	clients := twoClients(t, serverprocess.Start(t))
	var all sync.WaitGroup
	bodies := make([]string, 48)
	for i := range bodies {
		all.Add(1)
		go func() {
			defer all.Done()
			time.Sleep(rand.N(800 * time.Millisecond)) // Some when it has ended.
			bodies[i] = post(t, clients[i%2], upstream.URL+chatPath, streamBody).body
		}()
	}
	all.Wait()
	for i, body := range bodies {
		if body != want.String() {
			t.Errorf("reader %d: %d bytes, want %d", i, len(body), want.Len())
		}
	}
	if upstream.calls.Load() != 1 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
}

func TestAStreamGoesOnSeamlesslyWhenItsFirstReaderLeaves(t *testing.T) {
	upstream := newGated(t)
	clients := twoClients(t, serverprocess.Start(t))
	first := open(t, clients[0], upstream.URL+chatPath)
	events := upstream.call(t)
	events <- firstEvent
	mustRead(t, first, firstEvent)
	second := open(t, clients[1], upstream.URL+chatPath)
	mustRead(t, second, firstEvent)
	_ = first.Body.Close()
	rest := make(chan string)
	go func() {
		body, err := io.ReadAll(second.Body)
		if err != nil {
			t.Error(err)
		}
		rest <- string(body)
	}()
	events = upstream.call(t) // The second reader's own.
	for _, event := range []string{firstEvent, lastEvent, doneEvent} {
		events <- event
	}
	close(events)
	if got := <-rest; got != lastEvent+doneEvent {
		t.Errorf("went on with %q", got)
	}
	mustMark(t, open(t, clients[0], upstream.URL+chatPath), "hit")
	if upstream.calls.Load() != 2 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
}

func TestAStreamThatCannotBeGoneOnWithEndsInAnError(t *testing.T) {
	upstream := newGated(t)
	clients := twoClients(t, serverprocess.Start(t))
	first := open(t, clients[0], upstream.URL+chatPath)
	events := upstream.call(t)
	events <- firstEvent
	mustRead(t, first, firstEvent)
	second := open(t, clients[1], upstream.URL+chatPath)
	mustRead(t, second, firstEvent)
	_ = first.Body.Close()
	failed := make(chan error)
	go func() {
		rest, err := io.ReadAll(second.Body)
		if len(rest) != 0 {
			t.Errorf("spliced: %q", rest)
		}
		failed <- err
	}()
	events = upstream.call(t)
	events <- lastEvent // Another answer.
	if err := <-failed; !errors.Is(err, paraclecache.ErrStreamBroken) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	events <- doneEvent // The call goes on, for whoever follows it.
	close(events)
	third := open(t, clients[0], upstream.URL+chatPath)
	mustMark(t, third, "hit")
	mustRead(t, third, lastEvent+doneEvent)
	if upstream.calls.Load() != 2 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
}

func TestWhoWaitsForAStreamCallsWhenNothingCameOfIt(t *testing.T) {
	var calls atomic.Int64
	fail := make(chan struct{})
	upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			<-fail
			w.WriteHeader(500)
			return
		}
		stream(firstEvent, lastEvent, doneEvent)(w, r)
	})
	clients := twoClients(t, serverprocess.Start(t))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if got := post(t, clients[0], upstream.URL+chatPath, streamBody); got.mark != "miss" {
			t.Errorf("%+v", got)
		}
	}()
	for calls.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	time.AfterFunc(150*time.Millisecond, func() { close(fail) })
	mustPost(t, clients[1], upstream.URL+chatPath, streamBody, "miss", firstEvent+lastEvent+doneEvent)
	<-done
}

func TestAStreamThatKeepsComingMayTakeLongerThanTheLeaseWait(t *testing.T) {
	upstream := newGated(t)
	clients := twoClients(t, serverprocess.Start(t), paraclecache.WithLeaseWait(500*time.Millisecond))
	first := open(t, clients[0], upstream.URL+chatPath)
	events := upstream.call(t)
	events <- firstEvent
	mustRead(t, first, firstEvent)
	second := open(t, clients[1], upstream.URL+chatPath)
	mustRead(t, second, firstEvent)
	for _, event := range []string{firstEvent, firstEvent, lastEvent, doneEvent} {
		time.Sleep(300 * time.Millisecond)
		events <- event
		mustRead(t, first, event)
		mustRead(t, second, event)
	}
	close(events)
	mustEnd(t, first)
	mustEnd(t, second)
	if upstream.calls.Load() != 1 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
}

func TestAStreamOfWhichNothingComesIsWaitedForAsLongAsTheLeaseWait(t *testing.T) {
	silent := make(chan struct{})
	var calls atomic.Int64
	upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			<-silent
		}
		stream(firstEvent, lastEvent, doneEvent)(w, r)
	})
	clients := twoClients(t, serverprocess.Start(t), paraclecache.WithLeaseWait(400*time.Millisecond))
	done := make(chan struct{})
	go func() {
		defer close(done)
		post(t, clients[0], upstream.URL+chatPath, streamBody)
	}()
	for calls.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	mustPost(t, clients[1], upstream.URL+chatPath, streamBody, "miss", firstEvent+lastEvent+doneEvent)
	if took := time.Since(began); took < 380*time.Millisecond {
		t.Errorf("waited %v", took)
	}
	close(silent)
	<-done
}

func TestReadersOfTheirOwnStreamsDoNotCoalesce(t *testing.T) {
	upstream := newGated(t)
	clients := twoClients(t, serverprocess.Start(t), paraclecache.WithCoalesce(false))
	for _, client := range clients {
		mustMark(t, open(t, client, upstream.URL+chatPath), "miss")
	}
	if upstream.calls.Load() != 2 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
}
