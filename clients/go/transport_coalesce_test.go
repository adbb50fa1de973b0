package paraclecache_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

// twoClients are http.Clients with transports of two caches of one server.
func twoClients(t *testing.T, server *serverprocess.Process, options ...paraclecache.Option) [2]*http.Client {
	t.Helper()
	caches := cachesOf(t, server, 2, options...)
	return [2]*http.Client{{Transport: caches[0].Transport(nil)}, {Transport: caches[1].Transport(nil)}}
}

func TestOneRequestOfManyClientsIsSentOnce(t *testing.T) {
	upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond) // As a model takes.
		document(wholeChat)(w, r)
	})
	clients := twoClients(t, serverprocess.Start(t))
	var all sync.WaitGroup
	for i := range 32 {
		all.Add(1)
		go func() {
			defer all.Done()
			if got := post(t, clients[i%2], upstream.URL+chatPath, chatBody); got.body != wholeChat {
				t.Errorf("%+v", got)
			}
		}()
	}
	all.Wait()
	if upstream.calls.Load() != 1 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
}

// chat is a request whose body is chatBody.
func chat(t *testing.T, ctx context.Context, url string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+chatPath, strings.NewReader(chatBody))
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestTheNextRequestIsSentAtOnceWhenAResponseIsNotStored(t *testing.T) {
	for why, leave := range map[string]func(response *http.Response, cancel func()){
		"closed before its end":  func(response *http.Response, _ func()) { _ = response.Body.Close() },
		"its context cancelled":  func(_ *http.Response, cancel func()) { cancel() }, // And nobody reads or closes it.
		"broken off":             func(response *http.Response, _ func()) { _, _ = io.ReadAll(response.Body) },
		"of another status code": nil,
		"no response":            nil,
	} {
		t.Run(why, func(t *testing.T) {
			first, second := make(chan struct{}), make(chan struct{})
			finish := make(chan struct{})
			var once sync.Once
			upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
				isFirst := false
				once.Do(func() { isFirst = true })
				if !isFirst {
					close(second)
					document(wholeChat)(w, r)
					return
				}
				if leave != nil { // The head comes, the body does not.
					w.Header().Set("Content-Length", "100000")
					document(wholeChat[:10])(w, r)
					w.(http.Flusher).Flush()
				}
				close(first)
				<-finish
				switch why {
				case "of another status code":
					w.WriteHeader(500)
				case "no response", "broken off":
					panic(http.ErrAbortHandler)
				}
			})
			upstream.Config.ErrorLog = nil
			clients := twoClients(t, serverprocess.Start(t))
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			responses := make(chan *http.Response, 1)
			go func() {
				response, err := clients[0].Do(chat(t, ctx, upstream.URL))
				if err != nil {
					response = nil
				}
				responses <- response
			}()
			<-first
			done := make(chan struct{})
			go func() {
				defer close(done)
				mustPost(t, clients[1], upstream.URL+chatPath, chatBody, "miss", wholeChat)
			}()
			select {
			case <-second:
				t.Fatal("sent though somebody else's is under way")
			case <-time.After(150 * time.Millisecond):
			}
			began := time.Now()
			if leave != nil {
				response := <-responses
				if why == "broken off" {
					close(finish)
				}
				leave(response, cancel)
			}
			if why != "broken off" {
				close(finish)
			}
			select {
			case <-second:
				if took := time.Since(began); took > time.Second {
					t.Errorf("after %v", took)
				}
			case <-time.After(20 * time.Second): // A lease holds for 30 s.
				t.Error("not sent")
			}
			<-done
		})
	}
}

func TestARequestWhoseContextEndsWhileItWaitsIsNotSent(t *testing.T) {
	finish := make(chan struct{})
	upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		<-finish
		document(wholeChat)(w, r)
	})
	clients := twoClients(t, serverprocess.Start(t))
	done := make(chan struct{})
	go func() {
		defer close(done)
		mustPost(t, clients[0], upstream.URL+chatPath, chatBody, "miss", wholeChat)
	}()
	for upstream.calls.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	leaving, leave := context.WithTimeout(ctx, time.Hour)
	time.AfterFunc(150*time.Millisecond, leave)
	response, err := clients[1].Do(chat(t, leaving, upstream.URL))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", response, err)
	}
	if upstream.calls.Load() != 1 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
	close(finish)
	<-done
}
