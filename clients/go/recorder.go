package paraclecache

import (
	"context"
	"io"
	"sync"
	"time"
)

// recorded is a body as far as its reader has read it.
type recorded struct {
	body  []byte
	atEnd bool
	last  time.Time // When the last piece came.
}

// recorder copies a body beside its reader. done is called once: with what was copied, at the end of the body or when it
// is closed or its context ends before; with nil after an error, and as soon as there are more than limit bytes.
//
// Close may be called while a Read goes on, as http.Response.Body allows.
type recorder struct {
	upstream io.ReadCloser
	limit    int64
	length   int64 // As announced; -1 is not known.
	done     func(*recorded)
	each     func(piece []byte) // Is given every piece that is copied. Nil: nobody.

	mu     sync.Mutex
	copy   []byte
	last   time.Time
	over   bool        // done was called.
	forget func() bool // Ends what endWith began. Nil before that.
}

// endWith takes the end of a context for the end of the reading: a reader that is gone need not close the body for the
// lease to go back.
func (r *recorder) endWith(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget = context.AfterFunc(ctx, r.leave)
}

func (r *recorder) Read(buffer []byte) (int, error) {
	count, err := r.upstream.Read(buffer)
	r.add(buffer[:count])
	if err == io.EOF {
		r.finish(true)
	} else if err != nil {
		r.drop()
	}
	return count, err
}

func (r *recorder) Close() error {
	err := r.upstream.Close()
	r.leave()
	return err
}

// leave stores what is whole already: a reader may leave after the last event of a stream, or after the last byte of a
// document, without waiting for the connection to say so.
func (r *recorder) leave() {
	r.mu.Lock()
	all := r.length >= 0 && int64(len(r.copy)) == r.length
	r.mu.Unlock()
	r.finish(all)
}

func (r *recorder) add(piece []byte) {
	r.mu.Lock()
	before := len(r.copy)
	fits := int64(before+len(piece)) <= r.limit
	if fits && !r.over && len(piece) > 0 {
		r.copy, r.last = append(r.copy, piece...), time.Now()
		if r.each != nil {
			r.each(r.copy[before:])
		}
	}
	r.mu.Unlock()
	if !fits {
		r.drop()
	}
}

func (r *recorder) drop() {
	if r.take() != nil {
		r.done(nil)
	}
}

func (r *recorder) finish(atEnd bool) {
	if taken := r.take(); taken != nil {
		taken.atEnd = atEnd
		r.done(taken)
	}
}

// take returns what was copied, the first time.
func (r *recorder) take() *recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return nil
	}
	taken := &recorded{body: r.copy, last: r.last}
	r.over, r.copy = true, nil
	if r.forget != nil {
		r.forget()
	}
	return taken
}
