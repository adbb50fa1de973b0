package paraclecache

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// directiveHeader turns the cache off for one request ("bypass"); it is removed before sending. On a response it says
// "hit", "miss" or "bypass".
const directiveHeader = "X-Paracle-Cache"

// Transport answers requests to language models from the cache, or passes them to another http.RoundTripper and stores
// what that answers, streams included: for any SDK that takes an http.Client. What is asked, stored and passed by is
// told by docs/clients.md. RoundTrip returns no other error than the other's, but the request's context's own when that
// ends while it waits for the answer to somebody else's identical request. Safe for concurrent use.
type Transport struct {
	base  http.RoundTripper
	cache *Cache
	owned bool
}

// NewTransport makes a transport with a cache of its own, from the environment and the options. base nil is
// http.DefaultTransport.
func NewTransport(base http.RoundTripper, options ...Option) *Transport {
	transport := New(options...).Transport(base)
	transport.owned = true
	return transport
}

// Transport makes a transport on this cache. base nil is http.DefaultTransport.
func (c *Cache) Transport(base http.RoundTripper) *Transport {
	if base == nil {
		base = http.DefaultTransport
	}
	return &Transport{base: base, cache: c}
}

// Close closes the cache that NewTransport made; requests go on without it.
func (t *Transport) Close() error {
	if !t.owned {
		return nil
	}
	return t.cache.Close()
}

// CloseIdleConnections closes those of the transport below.
func (t *Transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper. The request is not modified.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	bypassed := t.isBypassed(request)
	outgoing := withoutDirective(request)
	if !isAsked(request) {
		return t.base.RoundTrip(outgoing)
	}
	if !t.cache.isAsking() || bypassed || !isInMemorySize(request) {
		return marked("bypass")(t.base.RoundTrip(outgoing))
	}
	outgoing, body, err := takeBody(outgoing)
	if err != nil {
		return nil, err
	}
	wanted, ok := t.question(request, body)
	if !ok {
		return marked("bypass")(t.base.RoundTrip(outgoing))
	}
	if wanted.streams {
		return (&streamed{transport: t, request: request, outgoing: outgoing, id: wanted.id}).roundTrip()
	}
	hit, right, err := t.cache.claim(request.Context(), wanted.id)
	if err != nil {
		return nil, err
	}
	return t.answer(request, outgoing, wanted.id, hit, right)
}

// answer makes a response of what is known: a hit, the right to fill, or nothing.
func (t *Transport) answer(
	request, outgoing *http.Request, id EntryID, hit *Hit, right *fill,
) (*http.Response, error) {
	switch {
	case hit != nil:
		if response := replay(request, hit); response != nil {
			return response, nil
		}
		// What cannot be replayed stays until it expires: without a fill token, an answer older than an
		// invalidation could replace it.
		return marked("miss")(t.base.RoundTrip(outgoing))
	case right != nil:
		return t.fetch(outgoing, id, right)
	}
	return marked("bypass")(t.base.RoundTrip(outgoing))
}

func (t *Transport) isBypassed(request *http.Request) bool {
	value := strings.ToLower(strings.TrimSpace(request.Header.Get(directiveHeader)))
	if value != "" && value != "bypass" {
		t.cache.warnOnce("header x-paracle-cache has no effect; accepted: bypass")
	}
	return value == "bypass"
}

// question returns the entry of a request; false when the cache is not to be asked.
func (t *Transport) question(request *http.Request, body []byte) (wanted, bool) {
	wanted, ok, err := questionOf(request, body)
	if err != nil {
		t.cache.warnOnce("not cached: " + err.Error())
	}
	return wanted, ok
}

// fetch has the request answered below and records the answer as the caller reads it.
func (t *Transport) fetch(outgoing *http.Request, id EntryID, right *fill) (*http.Response, error) {
	unread := right
	defer func() { unread.end() }() // Unless the body's reader is to do it.
	ctx := outgoing.Context()
	exchange := &exchange{ctx: context.WithoutCancel(ctx), cache: t.cache, id: id, right: right, began: time.Now()}
	response, err := marked("miss")(t.base.RoundTrip(outgoing.WithContext(right.context(ctx))))
	if err == nil && response.StatusCode == http.StatusOK && response.Body != nil {
		exchange.header = response.Header.Clone()
		recorder := &recorder{
			upstream: response.Body,
			limit:    t.cache.limit.bytes.Load(),
			length:   response.ContentLength,
			done:     exchange.finish,
		}
		exchange.record(recorder)
		recorder.endWith(ctx)
		response.Body, unread = recorder, nil
	}
	return response, err
}

// marked says on a response what the cache did.
func marked(what string) func(*http.Response, error) (*http.Response, error) {
	return func(response *http.Response, err error) (*http.Response, error) {
		if response != nil && response.Header != nil {
			response.Header.Set(directiveHeader, what)
		}
		return response, err
	}
}
