package paraclecache

import (
	"context"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// mostQueued bounds the pieces that wait to be sent; beyond, they are joined. Their bytes are bounded by the entry limit.
const mostQueued = 1024

// recording sends an answer to the service while it comes, for those who follow it. Its reader waits for none of that;
// only finish does, for one timeout of the client at most. Safe for concurrent use; on nil, nothing happens.
type recording struct {
	cache *Cache
	ctx   context.Context
	stop  context.CancelFunc

	mu    sync.Mutex
	queue [][]byte
	end   *cachepb.RecordEnd
	wake  chan struct{} // Of capacity 1: queue or end was set.

	done chan struct{} // Closed when the RPC has ended, as err says.
	err  error
}

// record begins to record under a lease; nil: it cannot now. head is what stands before the body.
func (c *Cache) record(id EntryID, right *fill, contentType string, head []byte) *recording {
	if !c.client.streams.take(c.lifetime, 0) {
		return nil
	}
	started := &recording{cache: c, wake: make(chan struct{}, 1), done: make(chan struct{}), queue: [][]byte{head}}
	started.ctx, started.stop = context.WithCancel(c.lifetime)
	began := c.inBackground(func(context.Context) {
		defer c.client.streams.give()
		defer close(started.done)
		defer started.stop()
		started.err = errorOf(started.send(id, right, contentType))
	})
	if !began {
		c.client.streams.give()
		started.stop()
		return nil
	}
	started.signal()
	return started
}

// add is given what the reader gets. The piece is not modified later.
func (r *recording) add(piece []byte) {
	if r == nil || r.ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	if len(r.queue) <= mostQueued {
		r.queue = append(r.queue, piece[:len(piece):len(piece)]) // So that joining copies what is not its own.
	} else {
		r.queue[mostQueued] = append(r.queue[mostQueued], piece...)
	}
	r.mu.Unlock()
	r.signal()
}

func (r *recording) signal() {
	select {
	case r.wake <- struct{}{}:
	default: // It will look anyway.
	}
}

// cancel ends it without an answer: followers are told that there is none. A no-op after finish.
func (r *recording) cancel() {
	if r != nil {
		r.stop()
	}
}

// finish says that the answer is whole, and waits until it is stored.
func (r *recording) finish(ttl time.Duration, origin Origin) error {
	end := &cachepb.RecordEnd{Origin: originMessage(origin)}
	if ttl != 0 {
		end.Ttl = durationpb.New(ttl)
	}
	r.mu.Lock()
	r.end = end
	r.mu.Unlock()
	r.signal()
	late := time.NewTimer(*r.cache.settings.timeout)
	defer late.Stop()
	select {
	case <-r.done:
		return r.err
	case <-late.C:
		r.stop()
		return &Error{Code: codes.DeadlineExceeded, Message: "the end of a recording was not acknowledged"}
	}
}

// endRecording ends a recording whose answer is whole, and its lease with it; false: it is to be stored as a whole.
func (c *Cache) endRecording(recording *recording, right *fill, origin Origin) bool {
	ticket, ok := c.circuit.admit()
	if !ok || right.isLost() {
		return true
	}
	err := recording.finish(*c.settings.ttl, origin)
	if code := codeOf(err); code == codes.ResourceExhausted || code == codes.Unimplemented {
		return false // There was no room to record it, and the lease is ours still.
	}
	if c.note(context.Background(), ticket, err) || codeOf(err) == codes.FailedPrecondition {
		right.lease.settle()
	}
	return true
}

func (r *recording) send(id EntryID, right *fill, contentType string) error {
	entry, err := r.cache.client.entryRef(id)
	if err != nil {
		return err
	}
	stream, err := r.cache.client.cache.Record(r.ctx)
	if err != nil {
		return err
	}
	start := &cachepb.RecordStart{Entry: entry, FillToken: right.token, ContentType: contentType}
	err = stream.Send(&cachepb.RecordRequest{Part: &cachepb.RecordRequest_Start{Start: start}})
	for err == nil {
		var ended bool
		if ended, err = r.sendQueued(stream); ended {
			break
		}
	}
	if err != nil && err != io.EOF { // io.EOF: the service has answered, which CloseAndRecv tells.
		return err
	}
	_, err = stream.CloseAndRecv()
	return err
}

// sendQueued waits for something to send; true: the end was sent.
func (r *recording) sendQueued(stream cachepb.CacheService_RecordClient) (bool, error) {
	select {
	case <-r.wake:
	case <-stream.Context().Done():
		return false, stream.Context().Err()
	}
	r.mu.Lock()
	pieces, end := r.queue, r.end
	r.queue = nil
	r.mu.Unlock()
	for _, piece := range pieces {
		if err := stream.Send(&cachepb.RecordRequest{Part: &cachepb.RecordRequest_Chunk{Chunk: piece}}); err != nil {
			return false, err
		}
	}
	if end == nil {
		return false, nil
	}
	return true, stream.Send(&cachepb.RecordRequest{Part: &cachepb.RecordRequest_End{End: end}})
}
