package paraclecache

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	failuresToOpen       = 3
	probeInterval        = 500 * time.Millisecond
	longestProbeInterval = 10 * time.Second
)

// circuit says when to stop asking a service that does not answer. It makes no call, starts nothing and reads no clock.
//
//	closed --three failures in a row--> open --close, after a health check that answered SERVING--> closed
//
// Calls take a ticket and give it back with their result. A ticket from before the last opening or closing counts for
// nothing, so calls that were in flight then neither open the circuit again nor reset what was counted since.
//
// A service that is healthy and yet answers no call (it does not know our token) opens it again and again: each time
// without an answer in between, the first probe waits twice as long.
//
// Safe for concurrent use; admit is one atomic read.
type circuit struct {
	generation atomic.Uint64 // Odd while open.
	failures   atomic.Int32
	openings   atomic.Int32 // Since the last answer.

	mu sync.Mutex // Held to change generation, or the others to anything but 0.
}

// admit returns a ticket for one call; false: do not call.
func (c *circuit) admit() (ticket uint64, ok bool) {
	ticket = c.generation.Load()
	return ticket, ticket%2 == 0
}

func (c *circuit) succeeded(ticket uint64) {
	if c.failures.Load() == 0 && c.openings.Load() == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ticket == c.generation.Load() {
		c.failures.Store(0)
		c.openings.Store(0)
	}
}

// failed returns true when this failure opened the circuit: its owner begins to probe.
func (c *circuit) failed(ticket uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ticket != c.generation.Load() || c.failures.Add(1) < failuresToOpen {
		return false
	}
	c.turn()
	c.openings.Add(1)
	return true
}

// open and close are no-ops where the circuit is so already.
func (c *circuit) open() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation.Load()%2 == 0 {
		c.turn()
	}
}

func (c *circuit) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation.Load()%2 == 1 {
		c.turn()
	}
}

// turn opens or closes. REQUIRES: c.mu is held.
func (c *circuit) turn() {
	c.failures.Store(0)
	c.generation.Add(1)
}

// probeDelay returns the time until the next health check: half a second, or longer, ± 20 %, because many clients must
// not ask a server that comes back all at once. chance is from [0, 1).
func (c *circuit) probeDelay(chance float64) time.Duration {
	doublings := min(max(c.openings.Load()-1, 0), 10)
	interval := min(probeInterval<<doublings, longestProbeInterval)
	return time.Duration(float64(interval) * (0.8 + 0.4*chance))
}
