package paraclecache

import (
	"net"
	"net/netip"
	"time"

	"google.golang.org/grpc/resolver"
)

// shortestLookup is the time between two lookups of the server's name. gRPC's own resolver lets 30 s pass, in which a
// rolling restart can replace every server that a client knows of.
const shortestLookup = time.Second

// names is gRPC's resolver of DNS names, but for how often it looks one up when connections fail.
type names struct {
	dns      resolver.Builder
	shortest time.Duration
}

func (n names) Scheme() string { return n.dns.Scheme() }

func (n names) Build(
	target resolver.Target, conn resolver.ClientConn, options resolver.BuildOptions,
) (resolver.Resolver, error) {
	begin := func() (resolver.Resolver, error) { return n.dns.Build(target, conn, options) }
	first, err := begin()
	if err != nil || isAddress(target.Endpoint()) {
		return first, err
	}
	r := &nameResolver{
		begin: begin, failed: conn.ReportError, shortest: n.shortest,
		wanted: make(chan struct{}, 1), closing: make(chan struct{}), closed: make(chan struct{}),
	}
	go r.run(first)
	return r, nil
}

func isAddress(endpoint string) bool {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		host = endpoint
	}
	_, err = netip.ParseAddr(host)
	return err == nil
}

// nameResolver begins a resolver of gRPC's anew for each lookup, since a new one does not wait.
type nameResolver struct {
	begin    func() (resolver.Resolver, error)
	failed   func(error)
	shortest time.Duration
	wanted   chan struct{} // Holds one word at most.
	closing  chan struct{}
	closed   chan struct{}
}

// ResolveNow never waits: it is called while connections are being seen to.
func (r *nameResolver) ResolveNow(resolver.ResolveNowOptions) {
	select {
	case r.wanted <- struct{}{}:
	default:
	}
}

func (r *nameResolver) Close() {
	close(r.closing)
	<-r.closed
}

func (r *nameResolver) run(current resolver.Resolver) {
	defer close(r.closed)
	for {
		if !r.awaitNext() {
			break
		}
		if current != nil {
			current.Close() // First: what it still finds is not to come after what the next one does.
		}
		var err error
		if current, err = r.begin(); err != nil {
			current = nil
			r.failed(err)
		}
	}
	if current != nil {
		current.Close()
	}
}

// awaitNext returns false when the resolver is to end.
func (r *nameResolver) awaitNext() bool {
	select {
	case <-r.closing:
		return false
	case <-time.After(r.shortest):
	}
	select {
	case <-r.closing:
		return false
	case <-r.wanted:
		return true
	}
}
