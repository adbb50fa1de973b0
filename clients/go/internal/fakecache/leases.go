package fakecache

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// hold is that of every lease; it is told, and nothing ends it.
func (s *Server) hold() *durationpb.Duration {
	if s.Hold > 0 {
		return durationpb.New(s.Hold)
	}
	return durationpb.New(30 * time.Second)
}

// lease gives the lease of an entry; nil when somebody has it. REQUIRES: s.mu is held.
func (s *Server) lease(name string) *cachepb.Lease {
	if s.leased[name] != "" || s.leasedAll {
		return nil
	}
	s.Leases.Add(1)
	s.leased[name] = fmt.Sprintf("lease %d", s.Leases.Load())
	return &cachepb.Lease{FillToken: []byte(s.leased[name]), Hold: s.hold()}
}

// LeaseAll gives somebody else the leases of everything that nobody has one of, until LoseLeases or Break.
func (s *Server) LeaseAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leasedAll = true
}

// LoseLeases ends every lease, as their expiry would.
func (s *Server) LoseLeases() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.leased)
	s.leasedAll = false
	s.wakeAll()
}

// endLease returns false when the token's lease is another's by now. REQUIRES: s.mu is held.
func (s *Server) endLease(name string, token []byte) bool {
	held := s.leased[name] == string(token)
	if held {
		delete(s.leased, name)
		s.wakeAll()
	}
	return held
}

// wakeAll has everybody look again. REQUIRES: s.mu is held.
func (s *Server) wakeAll() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait answers a Get with a lease when there is something to say, else Pending in the end.
func (s *Server) wait(ctx context.Context, request *cachepb.GetRequest) *cachepb.GetResponse {
	left := request.GetLease().GetWait().AsDuration()
	if deadline, ok := ctx.Deadline(); ok {
		left = min(time.Until(deadline)-100*time.Millisecond, left)
	}
	over := time.NewTimer(left)
	defer over.Stop()
	for {
		response, changed := s.find(request)
		if response != nil {
			return response
		}
		select {
		case <-changed:
		case <-over.C:
			return &cachepb.GetResponse{Outcome: &cachepb.GetResponse_Pending{Pending: &cachepb.Pending{}}}
		case <-ctx.Done():
			return nil
		}
	}
}

func (c cacheService) ReleaseLease(
	_ context.Context, request *cachepb.ReleaseLeaseRequest,
) (*cachepb.ReleaseLeaseResponse, error) {
	c.server.Releases.Add(1)
	if c.server.OnRelease != nil {
		c.server.OnRelease()
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.endLease(nameOf(request.GetEntry()), request.GetFillToken())
	return &cachepb.ReleaseLeaseResponse{}, nil
}

func (c cacheService) RenewLease(
	_ context.Context, request *cachepb.RenewLeaseRequest,
) (*cachepb.RenewLeaseResponse, error) {
	c.server.Renewals.Add(1)
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.server.leased[nameOf(request.GetEntry())] != string(request.GetFillToken()) {
		return nil, errLeaseLost
	}
	return &cachepb.RenewLeaseResponse{Hold: c.server.hold()}, nil
}

var errLeaseLost = status.Error(codes.FailedPrecondition, "the lease has ended")
