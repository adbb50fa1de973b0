package paraclecache

import (
	"context"
	"sync/atomic"
	"time"
)

// heldLease is a lease that a call in this process holds, from when it was given until it is settled or given back,
// whichever comes first. Safe for concurrent use; on nil, nothing is held and nothing happens.
type heldLease struct {
	keeper    *leaseKeeper
	id        EntryID
	fillToken []byte
	ended     atomic.Bool

	due time.Time // When to renew it. Guarded by keeper.mu.
}

// settle says that it has ended: its answer is stored, or the service says that it is lost.
func (h *heldLease) settle() {
	if h != nil && h.ended.CompareAndSwap(false, true) {
		h.keeper.drop(h)
	}
}

// giveBack says that nothing will be stored: the next waiter is to make the call. It does not wait for the service.
func (h *heldLease) giveBack() {
	if h != nil && h.ended.CompareAndSwap(false, true) {
		h.keeper.release(h)
	}
}

// isOpen tells whether it is held, as far as is known.
func (h *heldLease) isOpen() bool { return h != nil && !h.ended.Load() }

type holdingKey struct{}

// holding is what a context says of the calls that it goes through.
type holding struct {
	lease *heldLease
	outer *holding
}

// holdingIn returns the context for a model call that is made under a lease.
func holdingIn(ctx context.Context, lease *heldLease) context.Context {
	outer, _ := ctx.Value(holdingKey{}).(*holding)
	return context.WithValue(ctx, holdingKey{}, &holding{lease: lease, outer: outer})
}

// holds tells whether a call around this one holds the lease of this very entry: it would wait for itself.
func (c *Cache) holds(ctx context.Context, id EntryID) bool {
	inner, _ := ctx.Value(holdingKey{}).(*holding)
	for ; inner != nil; inner = inner.outer {
		lease, theirs := inner.lease, inner.lease.keeper.cache.settings
		if lease.isOpen() && lease.id.Digest == id.Digest &&
			theirs.endpoint == c.settings.endpoint && theirs.namespace == c.settings.namespace {
			return true
		}
	}
	return false
}
