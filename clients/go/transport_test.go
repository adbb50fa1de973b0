package paraclecache_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

// provider is an HTTP server that answers and counts.
type provider struct {
	*httptest.Server
	calls  atomic.Int64
	body   atomic.Value // The last request's body, a string.
	header atomic.Value // The last request's header.
}

func newProvider(t *testing.T, answer http.HandlerFunc) *provider {
	t.Helper()
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p.body.Store(string(body))
		p.header.Store(r.Header)
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func document(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", "first")
		w.Header().Set("Set-Cookie", "secret=1")
		_, _ = io.WriteString(w, text)
	}
}

func stream(events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range events {
			_, _ = io.WriteString(w, event)
			w.(http.Flusher).Flush()
		}
	}
}

// cachingClient is an http.Client on a transport with a real server, and that transport's options.
func cachingClient(t *testing.T, options ...paraclecache.Option) *http.Client {
	t.Helper()
	return &http.Client{Transport: realTransport(t, nil, options...)}
}

func realTransport(t *testing.T, base http.RoundTripper, options ...paraclecache.Option) *paraclecache.Transport {
	t.Helper()
	server := serverprocess.Start(t)
	common := []paraclecache.Option{paraclecache.WithEndpoint(server.Endpoint), paraclecache.WithTimeout(10 * time.Second)}
	transport := paraclecache.NewTransport(base, append(common, options...)...)
	t.Cleanup(func() { _ = transport.Close() })
	return transport
}

type reply struct {
	mark, body string
	header     http.Header
}

func post(t *testing.T, client *http.Client, url, body string, headers ...string) reply {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{mark: response.Header.Get("X-Paracle-Cache"), body: string(got), header: response.Header}
}

// mustPost also checks the mark and the body.
func mustPost(t *testing.T, client *http.Client, url, body, mark, want string, headers ...string) reply {
	t.Helper()
	got := post(t, client, url, body, headers...)
	if got.mark != mark || got.body != want {
		t.Errorf("%s: got %s %q, want %s %q", url, got.mark, got.body, mark, want)
	}
	return got
}

const chatPath = "/v1/chat/completions"

const chatBody = `{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}`

func TestTheSecondRequestIsAnsweredFromTheCache(t *testing.T) {
	upstream := newProvider(t, document(wholeChat))
	client := cachingClient(t)
	mustPost(t, client, upstream.URL+chatPath, chatBody, "miss", wholeChat)
	if upstream.body.Load() != chatBody {
		t.Errorf("the provider got %q", upstream.body.Load())
	}
	hit := mustPost(t, client, upstream.URL+chatPath, chatBody, "hit", wholeChat, "Authorization", "Bearer other")
	if upstream.calls.Load() != 1 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
	if hit.header.Get("X-Request-Id") != "first" || hit.header.Get("Set-Cookie") != "" || hit.header.Get("Date") != "" ||
		hit.header.Get("Content-Type") != "application/json" || hit.header.Get("Content-Length") != fmt.Sprint(len(wholeChat)) {
		t.Errorf("header %v", hit.header)
	}
}

func TestAnotherQuestionIsAnotherEntry(t *testing.T) {
	upstream := newProvider(t, document(wholeChat))
	client := cachingClient(t)
	for _, body := range []string{chatBody, `{"model":"gpt-4","messages":[{"role":"user","content":"Ho"}]}`} {
		mustPost(t, client, upstream.URL+chatPath, body, "miss", wholeChat)
	}
	mustPost(t, client, upstream.URL+"/other"+chatPath, chatBody, "miss", wholeChat)
	mustPost(t, client, upstream.URL+chatPath, chatBody, "miss", wholeChat, "OpenAI-Beta", "x")
	mustPost(t, client, upstream.URL+chatPath+"?key=credential", chatBody, "hit", wholeChat)
}

func TestWhatIsPassedThrough(t *testing.T) {
	upstream := newProvider(t, document(wholeChat))
	client := cachingClient(t)
	url := upstream.URL + chatPath
	for why, c := range map[string]struct{ url, body, mark string }{
		"another path":          {upstream.URL + "/v1/models", `{}`, ""},
		"a path that only ends": {upstream.URL + "/v1/messages/count_tokens", `{}`, ""},
		"no JSON":               {url, `{`, "bypass"},
		"no object":             {url, `[]`, "bypass"},
		"no body":               {url, ``, "bypass"},
		"no key":                {url, `{"seed":1e400}`, "bypass"},
		"in the background":     {url, `{"background":true}`, "bypass"},
		"a conversation":        {url, `{"conversation":"conv_1"}`, "bypass"},
		"a container":           {url, `{"container":"c_1"}`, "bypass"},
		"a tool's container":    {url, `{"tools":[{"container":"c_1"}]}`, "bypass"},
		"over 8 MiB":            {url, `{"x":"` + strings.Repeat("x", 8<<20) + `"}`, "bypass"},
	} {
		before := upstream.calls.Load()
		for range 2 {
			got := post(t, client, c.url, c.body)
			if got.mark != c.mark || got.body != wholeChat || upstream.body.Load() != c.body {
				t.Errorf("%s: %s %q", why, got.mark, got.body)
			}
		}
		if upstream.calls.Load() != before+2 {
			t.Errorf("%s: %d calls", why, upstream.calls.Load()-before)
		}
	}
	mustPost(t, client, url, `{"tools":[{"container":{"type":"auto"}}],"background":false}`, "miss", wholeChat)
	mustPost(t, client, url, `{"tools":[{"container":{"type":"auto"}}],"background":false}`, "hit", wholeChat)
}

func TestABodyOfUnknownLengthIsPassedThrough(t *testing.T) {
	upstream := newProvider(t, document(wholeChat))
	client := cachingClient(t)
	for range 2 {
		response, err := client.Post(upstream.URL+chatPath, "application/json", io.MultiReader(strings.NewReader(chatBody)))
		if err != nil || response.Header.Get("X-Paracle-Cache") != "bypass" {
			t.Fatalf("%v, %v", response, err)
		}
		_ = response.Body.Close()
		if upstream.body.Load() != chatBody {
			t.Errorf("the provider got %q", upstream.body.Load())
		}
	}
}

func TestTheHeaderTurnsTheCacheOffForOneRequest(t *testing.T) {
	answer := wholeChat
	upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) { document(answer)(w, r) })
	client := cachingClient(t)
	url := upstream.URL + chatPath
	mustPost(t, client, url, chatBody, "bypass", answer, "x-paracle-cache", "bypass")
	mustPost(t, client, url, chatBody, "miss", answer)
	old := answer
	answer = strings.Replace(wholeChat, "Hi", "Ho", 1)
	mustPost(t, client, url, chatBody, "bypass", answer, "x-paracle-cache", "bypass")
	mustPost(t, client, url, chatBody, "hit", old)
	mustPost(t, client, url, chatBody, "hit", old, "x-paracle-cache", "of no meaning")
	mustPost(t, client, url, chatBody, "bypass", answer, "x-paracle-cache", "Bypass")
	if sent := upstream.header.Load().(http.Header); sent.Get("X-Paracle-Cache") != "" {
		t.Error("the provider was sent our header")
	}
	post(t, client, upstream.URL+"/v1/models", "", "x-paracle-cache", "bypass")
	if sent := upstream.header.Load().(http.Header); sent.Get("X-Paracle-Cache") != "" {
		t.Error("the provider was sent our header, with a request that is not asked")
	}
}

func TestARequestIsNotModified(t *testing.T) {
	upstream := newProvider(t, document(wholeChat))
	transport := realTransport(t, nil)
	for range 2 {
		request, _ := http.NewRequest(http.MethodPost, upstream.URL+chatPath, strings.NewReader(chatBody))
		request.Header.Set("x-paracle-cache", "bypass")
		before := request.Clone(ctx)
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if request.Header.Get("x-paracle-cache") != "bypass" || len(request.Header) != 1 || request.Body != before.Body ||
			request.ContentLength != before.ContentLength {
			t.Errorf("it is %+v now", request)
		}
	}
}

func TestWhatIsAnsweredButNotStored(t *testing.T) {
	cut := `{"choices":[{"message":{},"finish_reason":"length"}]}`
	for why, answer := range map[string]http.HandlerFunc{
		"cut short":         document(cut),
		"of no known shape": document(`{"x":1}`),
		"no JSON":           document(`<html>`),
		"status 201":        func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(201); document(wholeChat)(w, r) },
		"status 500":        func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); document(wholeChat)(w, r) },
		"an encoding that is not known": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			document(wholeChat)(w, r)
		},
		"a stream without its end": stream("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"),
	} {
		t.Run(why, func(t *testing.T) {
			upstream := newProvider(t, answer)
			client := cachingClient(t)
			for range 2 {
				if got := post(t, client, upstream.URL+chatPath, chatBody); got.mark != "miss" || got.body == "" {
					t.Errorf("%s %q", got.mark, got.body)
				}
			}
		})
	}
}

func TestABodyThatBreaksOffIsNotStoredAndItsErrorIsSeen(t *testing.T) {
	upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(wholeChat)+1))
		_, _ = io.WriteString(w, wholeChat)
	})
	client := cachingClient(t)
	for range 2 {
		response, err := client.Post(upstream.URL+chatPath, "application/json", strings.NewReader(chatBody))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(response.Body); !errors.Is(err, io.ErrUnexpectedEOF) || response.Header.Get("X-Paracle-Cache") != "miss" {
			t.Errorf("%v, %v", response.Header, err)
		}
		_ = response.Body.Close()
	}
}

func TestTheProvidersErrorIsReturnedUntouched(t *testing.T) {
	mine := errors.New("mine")
	transport := realTransport(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, mine }))
	request, _ := http.NewRequest(http.MethodPost, "https://api.example"+chatPath, strings.NewReader(chatBody))
	if response, err := transport.RoundTrip(request); err != mine || response != nil {
		t.Errorf("%v, %v", response, err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

func TestGzipIsStoredUnpacked(t *testing.T) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = io.WriteString(zip, wholeChat)
	_ = zip.Close()
	upstream := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		document(packed.String())(w, r)
	})
	t.Run("that net/http asked for", func(t *testing.T) {
		client := cachingClient(t)
		mustPost(t, client, upstream.URL+chatPath, chatBody, "miss", wholeChat)
		mustPost(t, client, upstream.URL+chatPath, chatBody, "hit", wholeChat)
	})
	t.Run("that the caller asked for", func(t *testing.T) {
		client := cachingClient(t)
		mustPost(t, client, upstream.URL+chatPath, chatBody, "miss", packed.String(), "Accept-Encoding", "gzip")
		hit := mustPost(t, client, upstream.URL+chatPath, chatBody, "hit", wholeChat, "Accept-Encoding", "gzip")
		if hit.header.Get("Content-Encoding") != "" {
			t.Error("a body that is not encoded is said to be")
		}
	})
}

func TestWithoutAServerRequestsGoThrough(t *testing.T) {
	upstream := newProvider(t, document(wholeChat))
	transport := quietCache(t, "127.0.0.1:1").Transport(nil)
	client := &http.Client{Transport: transport}
	for range 10 {
		mustPost(t, client, upstream.URL+chatPath, chatBody, "bypass", wholeChat)
	}
	client.CloseIdleConnections()
}

func TestAnEntryThatIsNoResponseIsAMissAndStays(t *testing.T) {
	server := serverprocess.Start(t)
	upstream := newProvider(t, document(wholeChat))
	httpClient := &http.Client{Transport: quietCache(t, server.Endpoint).Transport(nil)}
	client := newClient(t, paraclecache.WithEndpoint(server.Endpoint), paraclecache.WithTimeout(10*time.Second))
	key, err := paraclecache.KeyFromRequest(paraclecache.ProviderRequest{
		Provider: strings.TrimPrefix(upstream.URL, "http://"), Endpoint: chatPath, Body: []byte(chatBody),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range []paraclecache.Entry{
		{Payload: []byte("HTTP/1.1 200 OK\r\n"), ContentType: "application/http; msgtype=response"},
		{Payload: []byte("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), ContentType: "application/json"},
	} {
		mustSet(t, client, key, entry)
		mustPost(t, httpClient, upstream.URL+chatPath, chatBody, "miss", wholeChat)
		if hit := mustHit(t, client, key); !bytes.Equal(hit.Payload, entry.Payload) {
			t.Errorf("it was replaced by %q", hit.Payload)
		}
	}
}
