package fakecache

import (
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// recorded is what somebody records: chunks so far, and how it ended.
type recorded struct {
	start         *cachepb.RecordStart
	chunks        [][]byte
	ended, broken bool
}

func (c cacheService) Record(stream cachepb.CacheService_RecordServer) error {
	s := c.server
	s.Records.Add(1)
	if s.OnRecord != nil {
		if err := s.OnRecord(); err != nil {
			return err
		}
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	name, started := nameOf(first.GetStart().GetEntry()), &recorded{start: first.GetStart()}
	s.mu.Lock()
	s.recordings[name] = started
	s.wakeAll()
	s.mu.Unlock()
	end, err := s.take(stream, started)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wakeAll()
	delete(s.recordings, name)
	started.ended, started.broken = true, err != nil
	if !s.endLease(name, started.start.GetFillToken()) && err == nil {
		return errLeaseLost
	}
	if err != nil {
		s.Broken.Add(1)
		return err
	}
	s.entries[name] = entryOf(started, end)
	return stream.SendAndClose(&cachepb.RecordResponse{StoredIn: []cachepb.Tier{cachepb.Tier_TIER_MEMORY}})
}

// take takes the chunks in until the end.
func (s *Server) take(stream cachepb.CacheService_RecordServer, into *recorded) (*cachepb.RecordEnd, error) {
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			err = errors.New("no end")
		}
		if err != nil || request.GetEnd() != nil {
			return request.GetEnd(), err
		}
		s.mu.Lock()
		into.chunks = append(into.chunks, request.GetChunk())
		s.wakeAll()
		s.mu.Unlock()
	}
}

func entryOf(whole *recorded, end *cachepb.RecordEnd) *cachepb.SetRequest {
	entry := &cachepb.SetRequest{ContentType: whole.start.GetContentType(), Origin: end.GetOrigin(), Ttl: end.GetTtl()}
	for _, chunk := range whole.chunks {
		entry.Payload = append(entry.Payload, chunk...)
	}
	return entry
}

// Break has followers of everything told that it broke off, whatever its recorder does. Leases end.
func (s *Server) Break() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, recording := range s.recordings {
		recording.ended, recording.broken = true, true
	}
	clear(s.recordings)
	clear(s.leased)
	s.leasedAll = false
	s.wakeAll()
}

func (c cacheService) Follow(request *cachepb.FollowRequest, stream cachepb.CacheService_FollowServer) error {
	s, name := c.server, nameOf(request.GetEntry())
	s.Follows.Add(1)
	if s.OnFollow != nil {
		return s.OnFollow(stream)
	}
	alive := time.NewTicker(request.GetKeepAlive().AsDuration())
	defer alive.Stop()
	follower := &follower{server: s, name: name, stream: stream}
	for {
		changed, over, err := follower.look()
		if over || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-alive.C:
			_ = stream.Send(&cachepb.FollowResponse{Part: &cachepb.FollowResponse_KeepAlive{KeepAlive: &cachepb.KeepAlive{}}})
		case <-stream.Context().Done():
			s.Left.Add(1)
			return stream.Context().Err()
		}
	}
}

// follower is one Follow.
type follower struct {
	server *Server
	name   string
	stream cachepb.CacheService_FollowServer
	of     *recorded // Nil: nobody records it yet.
	sent   int       // Chunks.
}

// look sends what is new; over: that was all of it. Else changed says when to look again.
func (f *follower) look() (changed <-chan struct{}, over bool, err error) {
	s := f.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.of == nil {
		f.of = s.recordings[f.name]
	}
	entry, isLeased := s.entries[f.name], s.leased[f.name] != "" || s.leasedAll
	switch {
	case f.of == nil && entry != nil:
		return nil, true, sendStored(f.stream, entry)
	case f.of == nil && isLeased:
		return s.changed, false, nil
	case f.of == nil || f.of.broken:
		return nil, false, status.Error(codes.Aborted, "nobody records it")
	}
	if f.sent == 0 && len(f.of.chunks) > 0 {
		start := &cachepb.FollowStart{ContentType: f.of.start.GetContentType(), Live: true}
		_ = f.stream.Send(&cachepb.FollowResponse{Part: &cachepb.FollowResponse_Start{Start: start}})
	}
	if len(f.of.chunks) > f.sent {
		_ = f.stream.Send(chunksOf(f.of.chunks[f.sent:]...))
		f.sent = len(f.of.chunks)
	}
	if f.of.ended {
		return nil, true, f.stream.Send(endOf(nil))
	}
	return s.changed, false, nil
}

func endOf(origin *cachepb.Origin) *cachepb.FollowResponse {
	return &cachepb.FollowResponse{Part: &cachepb.FollowResponse_End{End: &cachepb.FollowEnd{Origin: origin}}}
}

func chunksOf(chunks ...[]byte) *cachepb.FollowResponse {
	return &cachepb.FollowResponse{Part: &cachepb.FollowResponse_Chunks{Chunks: &cachepb.FollowChunks{Chunks: chunks}}}
}

// sendStored cuts an entry where nobody recorded a boundary.
func sendStored(stream cachepb.CacheService_FollowServer, entry *cachepb.SetRequest) error {
	start := &cachepb.FollowStart{ContentType: entry.GetContentType()}
	_ = stream.Send(&cachepb.FollowResponse{Part: &cachepb.FollowResponse_Start{Start: start}})
	for rest := entry.GetPayload(); len(rest) > 0; {
		length := min(7, len(rest))
		_ = stream.Send(chunksOf(rest[:length]))
		rest = rest[length:]
	}
	return stream.Send(endOf(entry.GetOrigin()))
}
