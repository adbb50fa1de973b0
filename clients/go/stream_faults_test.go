package paraclecache_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
	"github.com/paracle/paracle-cache/clients/go/internal/fakecache"
)

const wholeStream = firstEvent + lastEvent + doneEvent

// streaming starts a fake that has streams, and two http.Clients of it.
func streaming(t *testing.T, options ...paraclecache.Option) (*fakecache.Server, [2]*http.Client) {
	t.Helper()
	server := fakecache.Start()
	t.Cleanup(server.Stop)
	server.Features = []string{"leases", "streams"}
	options = append([]paraclecache.Option{paraclecache.WithTimeout(10 * time.Second)}, options...)
	first, second := quietCache(t, server.Endpoint, options...), quietCache(t, server.Endpoint, options...)
	return server, [2]*http.Client{{Transport: first.Transport(nil)}, {Transport: second.Transport(nil)}}
}

func soon(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for give := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(give) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// partOf answers a Follow as a live recording would: start, head and what came so far.
func partOf(t *testing.T, stream cachepb.CacheService_FollowServer, body string) {
	t.Helper()
	start := &cachepb.FollowStart{ContentType: "application/http; msgtype=response", Live: true}
	head := []byte("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
	chunks := &cachepb.FollowChunks{Chunks: [][]byte{head}}
	if body != "" {
		chunks.Chunks = append(chunks.Chunks, []byte(body))
	}
	for _, part := range []*cachepb.FollowResponse{
		{Part: &cachepb.FollowResponse_Start{Start: start}}, {Part: &cachepb.FollowResponse_Chunks{Chunks: chunks}},
	} {
		if err := stream.Send(part); err != nil {
			t.Error(err)
		}
	}
}

// elsewhere has somebody hold the lease of the stream that the tests ask for.
func elsewhere(t *testing.T, server *fakecache.Server, client *http.Client) (url string, upstream *provider) {
	t.Helper()
	upstream = newProvider(t, stream(firstEvent, lastEvent, doneEvent))
	server.LeaseAll()
	return upstream.URL + chatPath, upstream
}

func TestAFollowerThatIsAbortedBeforeItReadAnythingAsksAgain(t *testing.T) {
	server, clients := streaming(t)
	url, upstream := elsewhere(t, server, clients[0])
	var follows atomic.Int64
	server.OnFollow = func(cachepb.CacheService_FollowServer) error {
		if follows.Add(1) == 3 {
			server.Break() // The lease is free from now on.
		}
		return status.Error(codes.Aborted, "nobody records it")
	}
	mustPost(t, clients[0], url, streamBody, "miss", wholeStream)
	if upstream.calls.Load() != 1 || server.Follows.Load() != 3 || server.Records.Load() != 1 {
		t.Errorf("%d calls, %d Follows, %d Records", upstream.calls.Load(), server.Follows.Load(), server.Records.Load())
	}
	mustPost(t, clients[1], url, streamBody, "hit", wholeStream)
}

func TestAFollowerGoesOnWithItsOwnCallWhereTheServiceFailsIt(t *testing.T) {
	for why, fault := range map[string]func(cachepb.CacheService_FollowServer) error{
		"silence": func(stream cachepb.CacheService_FollowServer) error {
			<-stream.Context().Done()
			return nil
		},
		"an end without its end": func(cachepb.CacheService_FollowServer) error { return nil },
		"an error": func(cachepb.CacheService_FollowServer) error {
			return status.Error(codes.Internal, "sick")
		},
	} {
		for _, already := range []string{"", firstEvent[:20], firstEvent + lastEvent} {
			t.Run(fmt.Sprintf("%s after %d bytes", why, len(already)), func(t *testing.T) {
				server, clients := streaming(t, paraclecache.WithTimeout(300*time.Millisecond))
				url, upstream := elsewhere(t, server, clients[0])
				server.OnFollow = func(stream cachepb.CacheService_FollowServer) error {
					partOf(t, stream, already)
					return fault(stream)
				}
				mustPost(t, clients[0], url, streamBody, "hit", wholeStream)
				if upstream.calls.Load() != 1 || server.Follows.Load() != 1 {
					t.Errorf("%d calls, %d Follows", upstream.calls.Load(), server.Follows.Load())
				}
			})
		}
	}
}

func TestAFollowerThatHearsNothingAtAllCallsAfterOneTimeout(t *testing.T) {
	server, clients := streaming(t, paraclecache.WithTimeout(300*time.Millisecond))
	url, _ := elsewhere(t, server, clients[0])
	server.OnFollow = func(stream cachepb.CacheService_FollowServer) error {
		<-stream.Context().Done()
		return nil
	}
	began := time.Now()
	mustPost(t, clients[0], url, streamBody, "bypass", wholeStream)
	if took := time.Since(began); took < 290*time.Millisecond || took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestAnotherAnswerThanTheOneThatBrokeOffIsNeverSpliced(t *testing.T) {
	for _, already := range []string{lastEvent, firstEvent + firstEvent, wholeStream + doneEvent} {
		server, clients := streaming(t)
		url, _ := elsewhere(t, server, clients[0])
		server.OnFollow = func(stream cachepb.CacheService_FollowServer) error {
			partOf(t, stream, already)
			return status.Error(codes.Internal, "sick")
		}
		response := open(t, clients[0], url)
		body, err := io.ReadAll(response.Body)
		isBroken := errors.Is(err, paraclecache.ErrStreamBroken) && errors.Is(err, io.ErrUnexpectedEOF)
		if string(body) != already || !isBroken {
			t.Errorf("after %q: %q, %v", already, body, err)
		}
	}
}

func TestAnAnswerThatIsNotRecordedIsFollowedUntilItIsSet(t *testing.T) {
	server, clients := streaming(t)
	server.OnRecord = func() error { return status.Error(codes.ResourceExhausted, "no room") }
	upstream := newGated(t)
	first := open(t, clients[0], upstream.URL+chatPath)
	events := upstream.call(t)
	second := make(chan reply)
	go func() { second <- post(t, clients[1], upstream.URL+chatPath, streamBody) }()
	soon(t, "the second follows", func() bool { return server.Follows.Load() == 1 })
	for _, event := range []string{firstEvent, lastEvent, doneEvent} {
		events <- event
		mustRead(t, first, event)
	}
	close(events)
	mustEnd(t, first)
	if got := <-second; got.mark != "hit" || got.body != wholeStream {
		t.Errorf("%+v", got)
	}
	if server.Sets.Load() != 1 || upstream.calls.Load() != 1 {
		t.Errorf("%d Sets, %d calls", server.Sets.Load(), upstream.calls.Load())
	}
}

func TestARecordingThatStallsDelaysNoByteAndItsEndOneTimeout(t *testing.T) {
	server, clients := streaming(t, paraclecache.WithTimeout(300*time.Millisecond))
	frozen := make(chan struct{})
	defer close(frozen)
	server.OnRecord = func() error { <-frozen; return nil }
	upstream := newGated(t)
	response := open(t, clients[0], upstream.URL+chatPath)
	events := upstream.call(t)
	for _, event := range []string{firstEvent, lastEvent, doneEvent} {
		events <- event
		mustRead(t, response, event) // Would not come, were it to wait.
	}
	close(events)
	began := time.Now()
	mustEnd(t, response)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the end took %v", took)
	}
}

func TestARecordingIsCancelledAndItsLeaseGivenBackWhenTheAnswerIsNotWhole(t *testing.T) {
	for why, end := range map[string]func(*http.Response, chan<- string){
		"closed early": func(response *http.Response, _ chan<- string) { _ = response.Body.Close() },
		"ends too soon": func(response *http.Response, events chan<- string) {
			close(events)
			_, _ = io.ReadAll(response.Body)
		},
		"over the limit": func(response *http.Response, events chan<- string) {
			go func() { events <- string(make([]byte, 4<<20)) }()
			_, _ = io.ReadFull(response.Body, make([]byte, 4<<20))
		},
	} {
		t.Run(why, func(t *testing.T) {
			server, clients := streaming(t)
			upstream := newGated(t)
			response := open(t, clients[0], upstream.URL+chatPath)
			events := upstream.call(t)
			events <- firstEvent
			mustRead(t, response, firstEvent)
			soon(t, "it is recorded", func() bool { return server.Records.Load() == 1 })
			end(response, events)
			soon(t, "it is cancelled", func() bool { return server.Broken.Load() == 1 })
			soon(t, "the lease goes back", func() bool { return server.Releases.Load() == 1 })
			if server.Sets.Load() != 0 {
				t.Error("it was stored")
			}
		})
	}
}

func TestAFollowerThatLeavesEndsItsFollowing(t *testing.T) {
	server, clients := streaming(t)
	upstream := newGated(t)
	first := open(t, clients[0], upstream.URL+chatPath)
	events := upstream.call(t)
	events <- firstEvent
	mustRead(t, first, firstEvent)
	second := open(t, clients[1], upstream.URL+chatPath)
	mustRead(t, second, firstEvent)
	reading := make(chan error)
	go func() {
		_, err := second.Body.Read(make([]byte, 1))
		reading <- err
	}()
	_ = second.Body.Close()
	if err := <-reading; err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a Read after Close: %v", err)
	}
	soon(t, "the service knows", func() bool { return server.Left.Load() == 1 })
	close(events)
	_ = first.Body.Close()
	if upstream.calls.Load() != 1 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
}

func TestStreamsAreNotWaitedForWhereTheServiceCannotRecord(t *testing.T) {
	server, clients := streaming(t)
	server.Features = []string{"leases"}
	upstream := newGated(t)
	for _, client := range clients {
		mustMark(t, open(t, client, upstream.URL+chatPath), "miss")
	}
	if server.Records.Load() != 0 || server.Follows.Load() != 0 || server.Leases.Load() != 0 {
		t.Error("asked for what it does not list")
	}
}
