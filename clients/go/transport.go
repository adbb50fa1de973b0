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
// told by docs/clients.md. RoundTrip returns no other error than the other's. Safe for concurrent use.
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
	id, ok := t.question(request, body)
	if !ok {
		return marked("bypass")(t.base.RoundTrip(outgoing))
	}
	switch found := t.cache.lookup(request.Context(), id).(type) {
	case *Hit:
		if response := replay(request, found); response != nil {
			return response, nil
		}
		// What cannot be replayed stays until it expires: without a fill token, an answer older than an
		// invalidation could replace it.
		return marked("miss")(t.base.RoundTrip(outgoing))
	case *Miss:
		return t.fetch(outgoing, id, found.FillToken)
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
func (t *Transport) question(request *http.Request, body []byte) (EntryID, bool) {
	id, ok, err := questionOf(request, body)
	if err != nil {
		t.cache.warnOnce("not cached: " + err.Error())
	}
	return id, ok
}

// fetch has the request answered below and records the answer as the caller reads it.
func (t *Transport) fetch(outgoing *http.Request, id EntryID, fillToken []byte) (*http.Response, error) {
	exchange := &exchange{cache: t.cache, id: id, fillToken: fillToken, began: time.Now()}
	exchange.ctx = context.WithoutCancel(outgoing.Context())
	response, err := marked("miss")(t.base.RoundTrip(outgoing))
	if err == nil && response.StatusCode == http.StatusOK && response.Body != nil {
		exchange.header = response.Header.Clone()
		response.Body = &recorder{
			upstream: response.Body,
			limit:    t.cache.limit.bytes.Load(),
			length:   response.ContentLength,
			done:     exchange.store,
		}
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
