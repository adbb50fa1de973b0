// Package fakecache is a Paracle Cache in this process, for examples and for what a real server cannot be made to do.
// It keeps everything and checks nothing.
package fakecache

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// Server is a cache that listens on loopback. Its fields are set before the first call.
type Server struct {
	Endpoint string
	Features []string      // Told by GetConfig. With "leases", Get gives one lease at a time for each question.
	Hold     time.Duration // Told of leases, which never end by it. 0: 30 s.

	OnGet     func(*cachepb.GetRequest) error
	OnRelease func()
	OnRecord  func() error
	OnFollow  func(cachepb.CacheService_FollowServer) error // Answers it alone.

	Gets, Sets, Configs, Renewals, Releases atomic.Int64 // RPCs answered.
	Records, Follows                        atomic.Int64 // Begun.
	Leases                                  atomic.Int64 // Given.
	Broken                                  atomic.Int64 // Recordings that had no end.
	Left                                    atomic.Int64 // Followers who did not stay to the end.

	recordings map[string]*recorded

	grpc      *grpc.Server
	mu        sync.Mutex
	entries   map[string]*cachepb.SetRequest
	leased    map[string]string // Fill tokens.
	leasedAll bool
	changed   chan struct{} // Closed, and made anew, when somebody who waits should look again.
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
		leased:   map[string]string{},
		changed:  make(chan struct{}),

		recordings: map[string]*recorded{},
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
	return c.server.wait(ctx, request), nil
}

// find answers all but what must wait until changed is closed.
func (s *Server) find(request *cachepb.GetRequest) (response *cachepb.GetResponse, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := nameOf(request.GetEntry())
	if entry, found := s.entries[name]; found {
		return &cachepb.GetResponse{Outcome: &cachepb.GetResponse_Hit{Hit: hitOf(entry)}}, nil
	}
	if request.GetLease() == nil {
		return &cachepb.GetResponse{Outcome: &cachepb.GetResponse_Miss{Miss: &cachepb.Miss{FillToken: []byte("fill")}}}, nil
	}
	if lease := s.lease(name); lease != nil {
		return &cachepb.GetResponse{Outcome: &cachepb.GetResponse_Lease{Lease: lease}}, nil
	}
	return nil, s.changed
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
	name, token := nameOf(request.GetEntry()), request.GetFillToken()
	if strings.HasPrefix(string(token), "lease") && !c.server.endLease(name, token) {
		return nil, errLeaseLost
	}
	c.server.entries[name] = request
	c.server.wakeAll()
	return &cachepb.SetResponse{StoredIn: []cachepb.Tier{cachepb.Tier_TIER_MEMORY}}, nil
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
