package paraclecache

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

// Cache is the layer that never fails: whatever happens to the service, callers get the model's answer. After three
// failures in a row nothing is asked, at the cost of a memory read for each call, until a health check in the background
// says that the service is back. [Cache.Do] and [Transport] are built on it.
//
// Safe for concurrent use.
type Cache struct {
	settings *settings
	client   *Client // Nil when the cache is off.
	circuit  circuit
	limit    entryLimit
	notices  notices
	leases   *leaseKeeper
	after    func(time.Duration) <-chan time.Time

	lifetime context.Context // Done when the cache is closed.
	end      context.CancelFunc

	mu     sync.Mutex
	closed bool
	tasks  sync.WaitGroup // REQUIRES to add: mu held, closed false.
}

// New makes a cache from the environment and the options; it connects when it is first used. Settings that cannot be
// used are one warning, and the cache is off.
func New(options ...Option) *Cache {
	return newCache(options, os.LookupEnv, time.After)
}

func newCache(
	options []Option, lookup func(string) (string, bool), after func(time.Duration) <-chan time.Time,
) *Cache {
	settings, err := resolve(options, lookup)
	cache := &Cache{settings: settings, after: after}
	cache.leases = newLeaseKeeper(cache)
	cache.lifetime, cache.end = context.WithCancel(context.Background())
	cache.limit.bytes.Store(defaultMaxEntryBytes)
	if err == nil && *settings.enabled {
		cache.client, err = newClient(settings)
	}
	if err != nil {
		settings.logger.Warn("paraclecache: the cache is off", "error", err)
	}
	return cache
}

// Close ends the connection and everything in the background. Calls go on without a cache. What calls under way hold
// goes back, so that others need not wait for it: that takes a quarter of a second at most.
func (c *Cache) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.leases.close()
	c.circuit.open()
	c.end()
	var err error
	if c.client != nil {
		err = c.client.Close()
	}
	c.tasks.Wait()
	return err
}

// inBackground starts a task that ends with the cache; false: that is closed.
func (c *Cache) inBackground(task func(context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.tasks.Add(1)
	go func() {
		defer c.tasks.Done()
		task(c.lifetime)
	}()
	return true
}

// isAsking tells whether the service is asked at all: who learns that it is not need not derive a key.
func (c *Cache) isAsking() bool {
	_, admitted := c.circuit.admit()
	return admitted && c.client != nil
}

// lookup returns a *Hit or a *Miss, or nil when the service was not asked or did not answer: call the model then, and
// store nothing. REQUIRES: c.client is not nil.
func (c *Cache) lookup(ctx context.Context, id EntryID) Outcome {
	ticket, ok := c.circuit.admit()
	if !ok || ctx.Err() != nil {
		return nil
	}
	bounded, cancel := leavingHalf(ctx)
	defer cancel()
	outcome, err := c.client.Get(bounded, id)
	if !c.note(ctx, ticket, err) {
		return nil
	}
	c.limit.learn(c)
	return outcome
}

// leavingHalf bounds a lookup to half of what the caller has left, so that a frozen service cannot use up the time of
// the model call behind it.
func leavingHalf(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// store gives the service an answer. The caller's context may end meanwhile: the answer is paid for. A lease ends with
// it, unless the service did not answer: that lease goes back. REQUIRES: c.client is not nil.
func (c *Cache) store(ctx context.Context, id EntryID, right *fill, entry Entry) {
	ticket, ok := c.circuit.admit()
	if !ok || right.isLost() || int64(len(entry.Payload)) > c.limit.bytes.Load() {
		return
	}
	entry.FillToken = right.token
	kept := context.WithoutCancel(ctx)
	_, err := c.client.Set(kept, id, entry)
	if c.note(kept, ticket, err) || codeOf(err) == codes.FailedPrecondition {
		right.lease.settle()
	}
}

// note tells the circuit how an RPC ended, and returns whether it was answered as asked. ctx is the caller's.
func (c *Cache) note(ctx context.Context, ticket uint64, err error) bool {
	switch code := codeOf(err); {
	case err == nil || code == codes.FailedPrecondition:
		c.circuit.succeeded(ticket)
	case code == codes.InvalidArgument || code == codes.PermissionDenied: // A token may be one that only reads.
		c.circuit.succeeded(ticket)
		c.warnOnce("not cached: " + err.Error())
	case ctx.Err() != nil: // The caller went away; that says nothing of the service.
	case c.circuit.failed(ticket):
		c.settings.logger.Warn("paraclecache: the service does not answer; going on without it", "error", err)
		c.inBackground(c.probe)
	}
	return err == nil
}

func codeOf(err error) codes.Code {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Code
	}
	return codes.Unknown
}
