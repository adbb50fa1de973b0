// Package fakecache is a Paracle Cache in this process, for examples and for what a real server cannot be made to do.
// It keeps everything and checks nothing.
package fakecache

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// Server is a cache that listens on loopback. Its fields are set before the first call.
type Server struct {
	Endpoint string
	Features []string // Told by GetConfig. With "leases", Get gives one lease for each question, which never ends.
	OnGet    func(*cachepb.GetRequest) error

	Gets, Sets, Configs atomic.Int64 // RPCs answered.

	grpc    *grpc.Server
	mu      sync.Mutex
	entries map[string]*cachepb.SetRequest
	leased  map[string]bool
}

// Start listens on a free port; it panics when it cannot.
func Start(options ...grpc.ServerOption) *Server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := &Server{
		Endpoint: listener.Addr().String(),
		grpc:     grpc.NewServer(options...),
		entries:  map[string]*cachepb.SetRequest{},
		leased:   map[string]bool{},
	}
	cachepb.RegisterCacheServiceServer(server.grpc, cacheService{server: server})
	cachepb.RegisterAdminServiceServer(server.grpc, adminService{server: server})
	healthpb.RegisterHealthServer(server.grpc, health.NewServer())
	go func() { _ = server.grpc.Serve(listener) }()
	return server
}

// Stop ends every connection.
func (s *Server) Stop() { s.grpc.Stop() }

type cacheService struct {
	cachepb.UnimplementedCacheServiceServer
	server *Server
}

func nameOf(entry *cachepb.EntryRef) string {
	return entry.GetNamespace() + "\x00" + string(entry.GetDigest())
}

func (c cacheService) Get(ctx context.Context, request *cachepb.GetRequest) (*cachepb.GetResponse, error) {
	c.server.Gets.Add(1)
	if c.server.OnGet != nil {
		if err := c.server.OnGet(request); err != nil {
			return nil, err
		}
	}
	if response := c.server.find(request); response != nil {
		return response, nil
	}
	waited := time.NewTimer(request.GetLease().GetWait().AsDuration())
	defer waited.Stop()
	if deadline, ok := ctx.Deadline(); ok {
		waited.Reset(min(time.Until(deadline)-100*time.Millisecond, request.GetLease().GetWait().AsDuration()))
	}
	select {
	case <-waited.C:
	case <-ctx.Done():
	}
	return &cachepb.GetResponse{Outcome: &cachepb.GetResponse_Pending{Pending: &cachepb.Pending{}}}, nil
}

// find answers all but what must wait.
func (s *Server) find(request *cachepb.GetRequest) *cachepb.GetResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := nameOf(request.GetEntry())
	if entry, found := s.entries[name]; found {
		return &cachepb.GetResponse{Outcome: &cachepb.GetResponse_Hit{Hit: hitOf(entry)}}
	}
	if request.GetLease() == nil {
		return &cachepb.GetResponse{Outcome: &cachepb.GetResponse_Miss{Miss: &cachepb.Miss{FillToken: []byte("fill")}}}
	}
	if s.leased[name] {
		return nil
	}
	s.leased[name] = true
	lease := &cachepb.Lease{FillToken: []byte("lease"), Hold: durationpb.New(30 * time.Second)}
	return &cachepb.GetResponse{Outcome: &cachepb.GetResponse_Lease{Lease: lease}}
}

func hitOf(entry *cachepb.SetRequest) *cachepb.Hit {
	now := time.Now()
	return &cachepb.Hit{
		Payload: entry.GetPayload(), ContentType: entry.GetContentType(), Origin: entry.GetOrigin(), HitCount: 1,
		CreateTime: timestamppb.New(now), ExpireTime: timestamppb.New(now.Add(time.Hour)), Tier: cachepb.Tier_TIER_MEMORY,
	}
}

func (c cacheService) Set(_ context.Context, request *cachepb.SetRequest) (*cachepb.SetResponse, error) {
	c.server.Sets.Add(1)
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.entries[nameOf(request.GetEntry())] = request
	return &cachepb.SetResponse{StoredIn: []cachepb.Tier{cachepb.Tier_TIER_MEMORY}}, nil
}

func (c cacheService) ReleaseLease(
	_ context.Context, request *cachepb.ReleaseLeaseRequest,
) (*cachepb.ReleaseLeaseResponse, error) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	delete(c.server.leased, nameOf(request.GetEntry()))
	return &cachepb.ReleaseLeaseResponse{}, nil
}

func (c cacheService) RenewLease(
	_ context.Context, request *cachepb.RenewLeaseRequest,
) (*cachepb.RenewLeaseResponse, error) {
	return &cachepb.RenewLeaseResponse{Hold: durationpb.New(30 * time.Second)}, nil
}

type adminService struct {
	cachepb.UnimplementedAdminServiceServer
	server *Server
}

func (a adminService) GetConfig(context.Context, *cachepb.GetConfigRequest) (*cachepb.GetConfigResponse, error) {
	a.server.Configs.Add(1)
	return &cachepb.GetConfigResponse{
		Version: "0.0.0", Features: a.server.Features, Limits: &cachepb.Limits{MaxEntryBytes: 3 << 20},
	}, nil
}
