package paraclecache

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/paracle/paracle-cache/clients/go/internal/answers"
	"github.com/paracle/paracle-cache/clients/go/internal/storedresponse"
)

// exchange is a request that is being answered below, and what is needed to store the answer.
type exchange struct {
	ctx    context.Context // Of the request, but not cancelled with it.
	cache  *Cache
	id     EntryID
	right  *fill
	began  time.Time
	header http.Header // Of the response.

	recording *recording // Nil: it is stored at the end.
}

// record has others follow an event stream as it comes, where it is ours to make and the service can.
func (e *exchange) record(recorder *recorder) {
	isPlain := answers.IsEventStream(e.header.Get("Content-Type")) && e.header.Get("Content-Encoding") == ""
	if !isPlain || e.right.lease == nil || !e.cache.hasStreams(e.ctx) {
		return
	}
	head := storedresponse.StreamHead(e.header)
	if e.recording = e.cache.record(e.id, e.right, storedresponse.MediaType, head); e.recording != nil {
		recorder.each = e.recording.add
		recorder.limit -= int64(len(head))
	}
}

// finish stores a recorded body if it is a whole answer; nil is none. Its right to fill ends with it.
func (e *exchange) finish(recorded *recorded) {
	defer e.right.end()
	defer e.recording.cancel()
	if recorded != nil {
		e.store(recorded)
	}
}

func (e *exchange) store(recorded *recorded) {
	body, ok := decode(e.header, recorded.body, e.cache.limit.bytes.Load())
	if !ok {
		return
	}
	verdict := answers.JudgeBody(e.header.Get("Content-Type"), body, recorded.atEnd)
	if !verdict.Whole {
		return
	}
	origin := e.cache.complete(Origin{Latency: recorded.last.Sub(e.began)}, e.id.Model, verdict)
	if e.recording != nil && e.cache.endRecording(e.recording, e.right, origin) {
		return
	}
	e.cache.store(e.ctx, e.id, e.right, Entry{
		Payload:     storedresponse.Write(e.header, body),
		ContentType: storedresponse.MediaType,
		Origin:      origin,
	})
}

// decode takes a content encoding off that the caller asked for himself (net/http takes off its own). False: it is not
// one that is known, the body is not whole, or more than limit bytes.
func decode(header http.Header, body []byte, limit int64) ([]byte, bool) {
	switch encoding := strings.ToLower(strings.Join(header.Values("Content-Encoding"), ",")); encoding {
	case "", "identity":
		return body, true
	case "gzip", "x-gzip":
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, false
		}
		decoded, err := io.ReadAll(io.LimitReader(unpacked, limit+1))
		return decoded, err == nil && int64(len(decoded)) <= limit
	}
	return nil, false
}
