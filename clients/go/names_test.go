package paraclecache

import (
	"errors"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/resolver"
)

// lookups counts what is begun and closed, as gRPC's resolver.
type lookups struct{ begun, closed, reported atomic.Int32 }

func (l *lookups) Scheme() string { return "dns" }

func (l *lookups) Build(resolver.Target, resolver.ClientConn, resolver.BuildOptions) (resolver.Resolver, error) {
	if l.begun.Add(1) == 2 {
		return nil, errors.New("once")
	}
	return lookup{l}, nil
}

type lookup struct{ of *lookups }

func (l lookup) ResolveNow(resolver.ResolveNowOptions) {}
func (l lookup) Close()                                { l.of.closed.Add(1) }

type reportedConn struct {
	resolver.ClientConn
	of *lookups
}

func (c reportedConn) ReportError(error) { c.of.reported.Add(1) }

func build(t *testing.T, counted *lookups, endpoint string, shortest time.Duration) resolver.Resolver {
	t.Helper()
	target := resolver.Target{URL: url.URL{Scheme: "dns", Path: "/" + endpoint}}
	built, err := names{counted, shortest}.Build(target, reportedConn{of: counted}, resolver.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return built
}

func TestANameIsLookedUpAgainWhenItIsWanted(t *testing.T) {
	counted := &lookups{}
	built := build(t, counted, "cache:50051", time.Millisecond)
	for wanted := int32(2); wanted <= 4; wanted++ {
		built.ResolveNow(resolver.ResolveNowOptions{})
		eventually(t, "it is looked up again", func() bool { return counted.begun.Load() >= wanted })
	}
	built.Close()
	if begun, closed := counted.begun.Load(), counted.closed.Load(); closed != begun-1 { // One could not begin.
		t.Errorf("%d begun, %d closed", begun, closed)
	}
	if counted.reported.Load() != 1 {
		t.Errorf("%d failures reported, want 1", counted.reported.Load())
	}
}

func TestANameIsNotLookedUpMoreOftenThanAllowed(t *testing.T) {
	counted := &lookups{}
	built := build(t, counted, "cache:50051", time.Hour)
	for range 1000 {
		built.ResolveNow(resolver.ResolveNowOptions{})
	}
	built.Close()
	if counted.begun.Load() != 1 {
		t.Errorf("%d lookups within the shortest time, want 1", counted.begun.Load())
	}
}

func TestAnAddressIsNotLookedUp(t *testing.T) {
	for _, endpoint := range []string{"127.0.0.1:50051", "[::1]:50051"} {
		counted := &lookups{}
		if _, is := build(t, counted, endpoint, time.Millisecond).(lookup); !is {
			t.Errorf("%s is taken for a name", endpoint)
		}
	}
}
