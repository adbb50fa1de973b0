package paraclecache

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// mostTakeovers bounds how often an answer that broke off is looked for elsewhere before it is made without the cache.
const mostTakeovers = 10

// streamed is a request for an answer in pieces.
type streamed struct {
	transport         *Transport
	request, outgoing *http.Request
	id                EntryID
	takeovers         int
}

func (s *streamed) roundTrip() (*http.Response, error) {
	found, err := s.transport.cache.claimStream(s.request.Context(), s.id)
	if err != nil {
		return nil, err
	}
	response, err := s.answer(found)
	if err != nil {
		return nil, err
	}
	if source, isFollowed := response.Body.(*followedSource); isFollowed {
		limit := s.transport.cache.limit.bytes.Load()
		response.Body = &followedBody{source: source, calledAnew: s.callAnew, limit: limit}
	}
	return response, nil
}

func (s *streamed) answer(found claimed) (*http.Response, error) {
	if found.live == nil {
		return s.transport.answer(s.request, s.outgoing, s.id, found.hit, found.right)
	}
	if found.live.header == nil {
		found.live.close()
		return marked("miss")(s.transport.base.RoundTrip(s.outgoing)) // As a hit that cannot be replayed.
	}
	return streamResponse(s.request, found.live.header, &followedSource{live: found.live}), nil
}

// callAnew returns the body of another call's answer, by whoever makes that call.
func (s *streamed) callAnew(broken error) (io.ReadCloser, error) {
	var found claimed
	s.takeovers++
	if errors.Is(broken, errAborted) && s.takeovers <= mostTakeovers {
		var err error
		if found, err = s.transport.cache.claimStream(s.request.Context(), s.id); err != nil {
			return nil, err
		}
	}
	response, err := s.answer(found)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("another call was answered with %s", response.Status)
	}
	return response.Body, nil
}
