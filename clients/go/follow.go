package paraclecache

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
	"github.com/paracle/paracle-cache/clients/go/internal/storedresponse"
)

// Why a follower stopped listening.
var (
	errSilent   = errors.New("paraclecache: no message within the timeout")
	errWaitOver = errors.New("paraclecache: the lease wait is over")
)

// errAborted says that nobody is at it any more: somebody is to make the call.
var errAborted = errors.New("paraclecache: the answer that was followed broke off")

// What keep_alive is held to, by the proto.
const (
	shortestKeepAlive = 50 * time.Millisecond
	longestKeepAlive  = time.Minute
)

// following is an answer that somebody else records, as it comes. Every message must come within the client's timeout,
// so that a frozen service is told from a slow model. For one reader; close may be called meanwhile.
type following struct {
	cache    *Cache
	ticket   uint64 // Of the circuit.
	giveSlot func()
	ctx      context.Context
	cancel   context.CancelCauseFunc
	watchdog *time.Timer
	stream   cachepb.CacheService_FollowClient

	contentType string
	live        bool
	header      http.Header // Of the response, once open returned.
	chunks      [][]byte    // What came and was not read.
	end         *cachepb.FollowEnd
}

// follow returns an answer of which at least the head is there, or which is there entirely when it was stored before.
// over is when that wait ends. The error is errAborted, errWaitOver, ctx's own or an *Error.
func (c *Client) follow(ctx context.Context, id EntryID, over time.Time) (*following, error) {
	entry, err := c.entryRef(id)
	if err != nil {
		return nil, err
	}
	if !c.streams.take(ctx, time.Until(over)) {
		return nil, errWaitOver
	}
	f := &following{giveSlot: sync.OnceFunc(c.streams.give)}
	f.ctx, f.cancel = context.WithCancelCause(ctx)
	timeout := *c.settings.timeout
	f.watchdog = time.AfterFunc(timeout, func() { f.cancel(errSilent) })
	patience := time.AfterFunc(time.Until(over), func() { f.cancel(errWaitOver) })
	defer patience.Stop()
	keepAlive := min(max(timeout/3, shortestKeepAlive), longestKeepAlive)
	f.stream, err = c.cache.Follow(f.ctx, &cachepb.FollowRequest{Entry: entry, KeepAlive: durationpb.New(keepAlive)})
	if err == nil {
		err = f.open(timeout)
	}
	if err != nil {
		err = f.reason(err)
		f.close()
		return nil, err
	}
	return f, nil
}

// open reads as far as the answer can be judged by.
func (f *following) open(timeout time.Duration) error {
	for f.end == nil && !(f.live && f.hasHead()) {
		if err := f.receive(timeout); err != nil {
			return err
		}
	}
	return nil
}

// hasHead takes the head off what came; true also when there will be none.
func (f *following) hasHead() bool {
	start := bytes.Join(f.chunks, nil)
	header, length, ok := storedresponse.ParseHead(start[:min(len(start), storedresponse.MaxHead)])
	if !ok {
		return len(start) >= storedresponse.MaxHead || f.contentType != storedresponse.MediaType
	}
	f.header = header
	f.chunks = dropBytes(f.chunks, length)
	return true
}

// dropBytes takes bytes off the front and leaves the other boundaries where they were.
func dropBytes(chunks [][]byte, count int) [][]byte {
	for len(chunks) > 0 && count >= len(chunks[0]) {
		count -= len(chunks[0])
		chunks = chunks[1:]
	}
	if count > 0 {
		chunks[0] = chunks[0][count:]
	}
	return chunks
}

// receive takes one message in.
func (f *following) receive(timeout time.Duration) error {
	f.watchdog.Reset(timeout)
	message, err := f.stream.Recv()
	f.watchdog.Stop()
	if err != nil {
		return err
	}
	switch part := message.GetPart().(type) {
	case *cachepb.FollowResponse_Start:
		f.contentType, f.live = part.Start.GetContentType(), part.Start.GetLive()
	case *cachepb.FollowResponse_Chunks:
		f.chunks = append(f.chunks, part.Chunks.GetChunks()...)
	case *cachepb.FollowResponse_End:
		f.end = part.End
	}
	return nil
}

// next returns the next piece of the body; io.EOF at its whole end, else an error as of follow.
func (f *following) next(timeout time.Duration) ([]byte, error) {
	for len(f.chunks) == 0 {
		if f.end != nil {
			return nil, io.EOF
		}
		if err := f.receive(timeout); err != nil {
			return nil, f.reason(err)
		}
	}
	chunk := f.chunks[0]
	f.chunks = f.chunks[1:]
	return chunk, nil
}

// whole returns an answer that was stored before as the hit that it is.
func (f *following) whole() *Hit {
	origin := f.end.GetOrigin()
	return hitOf(&cachepb.Hit{
		ContentType: f.contentType, Origin: origin, CreateTime: f.end.GetCreateTime(), ExpireTime: f.end.GetExpireTime(),
	}, bytes.Join(f.chunks, nil))
}

// reason says what an error of the stream means.
func (f *following) reason(err error) error {
	if cause := context.Cause(f.ctx); cause == errSilent {
		return &Error{Code: codes.DeadlineExceeded, Message: errSilent.Error()}
	} else if cause != nil {
		return cause
	}
	if err == io.EOF {
		return &Error{Code: codes.Internal, Message: "the service ended a stream without its end"}
	}
	err = errorOf(err)
	if codeOf(err) == codes.Aborted {
		return errAborted
	}
	return err
}

func (f *following) close() {
	if f == nil {
		return
	}
	f.watchdog.Stop()
	f.cancel(context.Canceled)
	f.giveSlot()
}
