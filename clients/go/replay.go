package paraclecache

import (
	"bytes"
	"io"
	"net/http"

	"github.com/paracle/paracle-cache/clients/go/internal/answers"
	"github.com/paracle/paracle-cache/clients/go/internal/sse"
	"github.com/paracle/paracle-cache/clients/go/internal/storedresponse"
)

// replay makes a response of a hit; nil when the hit is not a response that a transport stored.
func replay(request *http.Request, hit *Hit) *http.Response {
	if hit.ContentType != storedresponse.MediaType {
		return nil
	}
	header, body, ok := storedresponse.Parse(hit.Payload)
	if !ok {
		return nil
	}
	if answers.IsEventStream(header.Get("Content-Type")) {
		return streamResponse(request, header, io.NopCloser(&eventReader{rest: body}))
	}
	return response(request, header, int64(len(body)), io.NopCloser(bytes.NewReader(body)))
}

// streamResponse makes a response from the cache whose length is not told, as a stream's is not.
func streamResponse(request *http.Request, header http.Header, body io.ReadCloser) *http.Response {
	header.Del("Content-Length")
	return response(request, header, -1, body)
}

func response(request *http.Request, header http.Header, length int64, body io.ReadCloser) *http.Response {
	header.Set(directiveHeader, "hit")
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: length, Request: request, Body: body,
	}
}

// eventReader gives one event at a time, as a stream did.
type eventReader struct {
	event, rest []byte
}

func (r *eventReader) Read(buffer []byte) (int, error) {
	if len(buffer) == 0 {
		return 0, nil
	}
	if len(r.event) == 0 {
		if len(r.rest) == 0 {
			return 0, io.EOF
		}
		end := sse.First(r.rest)
		r.event, r.rest = r.rest[:end], r.rest[end:]
	}
	count := copy(buffer, r.event)
	r.event = r.event[count:]
	return count, nil
}
