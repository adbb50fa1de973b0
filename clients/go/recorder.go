package paraclecache

import (
	"io"
	"sync"
	"time"
)

// recorder copies a body beside its reader. When the reader is done, done is called once with what was copied: at the
// end of the body (atEnd), or when it is closed before. Nothing is copied beyond limit bytes, and then, or after an
// error, done is not called.
//
// Close may be called while a Read goes on, as http.Response.Body allows.
type recorder struct {
	upstream io.ReadCloser
	limit    int64
	length   int64                                         // As announced; -1 is not known.
	done     func(body []byte, atEnd bool, last time.Time) // last: when the last piece came.

	mu   sync.Mutex
	copy []byte
	last time.Time
	over bool // done was called or will not be.
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

// Close stores what is whole already: a reader may leave after the last event of a stream, or after the last byte of a
// document, without waiting for the connection to say so.
func (r *recorder) Close() error {
	err := r.upstream.Close()
	r.mu.Lock()
	all := r.length >= 0 && int64(len(r.copy)) == r.length
	r.mu.Unlock()
	r.finish(all)
	return err
}

func (r *recorder) add(piece []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || len(piece) == 0 {
		return
	}
	if int64(len(r.copy)+len(piece)) > r.limit {
		r.over, r.copy = true, nil
		return
	}
	r.copy, r.last = append(r.copy, piece...), time.Now()
}

func (r *recorder) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over, r.copy = true, nil
}

func (r *recorder) finish(atEnd bool) {
	r.mu.Lock()
	over, body, last := r.over, r.copy, r.last
	r.over, r.copy = true, nil
	r.mu.Unlock()
	if !over {
		r.done(body, atEnd, last)
	}
}
