package paraclecache

import (
	"context"
	"time"
)

// A connection has room for 1,000 calls at once (the server's PARACLE_CACHE_MAX_STREAMS). What waits for others is held
// to a part of that, so that what others wait for gets through: a Set, a renewal, a plain lookup.
const (
	waitsAtOnce   = 300 // Gets that wait.
	asksAtOnce    = 100 // Gets that would wait, and have no place for it yet.
	streamsAtOnce = 550 // Records and Follows.
)

// slots bounds how many go on at once. First come, first served.
type slots chan struct{}

func newSlots(count int) slots { return make(slots, count) }

// take waits for a free one, at most that long; false: there was none. Every true is followed by a give.
func (s slots) take(ctx context.Context, patience time.Duration) bool {
	select {
	case s <- struct{}{}:
		return true
	default:
	}
	if patience <= 0 {
		return false
	}
	over := time.NewTimer(patience)
	defer over.Stop()
	select {
	case s <- struct{}{}:
		return true
	case <-over.C:
	case <-ctx.Done():
	}
	return false
}

func (s slots) give() { <-s }
