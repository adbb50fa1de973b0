package paraclecache

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// ErrStreamBroken is in the error of a response's body whose stream another caller's was, which broke off, and which
// cannot be gone on with: another call's answer begins differently, or there is none. It wraps io.ErrUnexpectedEOF, as
// what was read is not the whole.
var ErrStreamBroken = fmt.Errorf("paraclecache: the stream that was followed broke off: %w", io.ErrUnexpectedEOF)

// errDiffers says why a stream that broke off is not gone on with.
var errDiffers = errors.New("another answer begins differently")

// followedBody is the body of a response that somebody else's call makes. Where that breaks off, another call's answer
// (calledAnew) is gone on with behind the bytes that were read already, if it begins with exactly these.
//
// Close may be called while a Read goes on, as http.Response.Body allows.
type followedBody struct {
	calledAnew func(broken error) (io.ReadCloser, error)
	limit      int64 // Bytes that are remembered. Beyond, what breaks off is not gone on with.

	read    []byte // So far, from what was followed.
	forgot  bool   // There was more than limit.
	compare []byte // What another answer must still begin with.
	failed  error

	mu     sync.Mutex
	source io.ReadCloser
	closed bool
}

func (b *followedBody) Read(buffer []byte) (int, error) {
	for b.failed == nil {
		source, ok := b.current()
		if !ok {
			return 0, http.ErrBodyReadAfterClose
		}
		count, err := source.Read(buffer)
		count = b.compared(buffer, count)
		if err == io.EOF && len(b.compare) > 0 {
			b.fail(errDiffers)
		}
		if _, isFollowed := source.(*followedSource); isFollowed {
			b.remember(buffer[:count])
		}
		if broken, ok := err.(*brokenOff); ok {
			b.takeOver(broken.why)
			err = nil
		}
		if b.failed == nil && (count > 0 || err != nil || len(buffer) == 0) {
			return count, err
		}
	}
	return 0, b.failed
}

func (b *followedBody) current() (io.ReadCloser, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.source, !b.closed
}

// compared takes off what was read before from other calls, and returns how many bytes are new.
func (b *followedBody) compared(buffer []byte, count int) int {
	known := min(count, len(b.compare))
	if known == 0 {
		return count
	}
	if !bytes.Equal(buffer[:known], b.compare[:known]) {
		b.fail(errDiffers)
		b.leaveToOthers()
		return 0
	}
	b.compare = b.compare[known:]
	return copy(buffer, buffer[known:count])
}

func (b *followedBody) remember(piece []byte) {
	if b.forgot = b.forgot || int64(len(b.read)+len(piece)) > b.limit; b.forgot {
		b.read = nil
		return
	}
	b.read = append(b.read, piece...)
}

// takeOver has another call's answer gone on with.
func (b *followedBody) takeOver(broken error) {
	if b.forgot {
		b.fail(errors.New("it is too long to be compared"))
		return
	}
	source, err := b.calledAnew(broken)
	if err != nil {
		b.fail(err)
		return
	}
	b.compare = b.read
	b.mu.Lock()
	old := b.source
	b.source = source
	isClosed := b.closed
	b.mu.Unlock()
	_ = old.Close()
	if isClosed {
		_ = source.Close()
	}
}

// leaveToOthers lets a call come to its end that others follow by now, each of whom would else make one of his own.
func (b *followedBody) leaveToOthers() {
	b.mu.Lock()
	defer b.mu.Unlock()
	recorder, isOurs := b.source.(*recorder)
	if !isOurs || b.closed {
		return
	}
	b.source = http.NoBody
	go func() {
		_, _ = io.CopyN(io.Discard, recorder, recorder.limit)
		_ = recorder.Close()
	}()
}

func (b *followedBody) fail(why error) {
	if b.failed == nil {
		b.failed = fmt.Errorf("%w: %w", ErrStreamBroken, why)
	}
}

func (b *followedBody) Close() error {
	b.mu.Lock()
	source := b.source
	b.closed = true
	b.mu.Unlock()
	return source.Close()
}

// brokenOff is the error of a followedSource that did not come to its end, for a reason that is not its reader's.
type brokenOff struct{ why error }

func (b *brokenOff) Error() string { return b.why.Error() }

// followedSource reads what is followed, a chunk at a time as it was recorded.
type followedSource struct {
	live  *following
	chunk []byte
}

func (s *followedSource) Read(buffer []byte) (int, error) {
	for len(s.chunk) == 0 {
		chunk, err := s.live.cache.nextOf(s.live)
		if err != nil {
			return 0, err
		}
		s.chunk = chunk
	}
	count := copy(buffer, s.chunk)
	s.chunk = s.chunk[count:]
	return count, nil
}

func (s *followedSource) Close() error {
	s.live.close()
	return nil
}
