package paraclecache

import (
	"bytes"
	"io"
	"net/http"
)

// withoutDirective returns the request, or a copy of it without our header.
func withoutDirective(request *http.Request) *http.Request {
	if _, has := request.Header[directiveHeader]; !has {
		return request
	}
	outgoing := request.Clone(request.Context())
	outgoing.Header.Del(directiveHeader)
	return outgoing
}

// takeBody reads a request's body and returns a copy of the request that sends exactly what was read: what is keyed is
// what is sent, even where somebody wrapped Body and left GetBody as it was.
func takeBody(request *http.Request) (*http.Request, []byte, error) {
	// One byte more than announced shows a body that is longer; sending it then fails as it would have without us.
	body, err := io.ReadAll(io.LimitReader(request.Body, request.ContentLength+1))
	closeError := request.Body.Close()
	if err != nil {
		return nil, nil, err
	}
	if closeError != nil {
		return nil, nil, closeError
	}
	outgoing := request.Clone(request.Context())
	outgoing.Body = io.NopCloser(bytes.NewReader(body))
	outgoing.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return outgoing, body, nil
}
