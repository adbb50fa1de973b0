package paraclecache

import (
	"context"
	"time"
)

// fill is the right to store an answer: after a miss, or under a lease. On nil, nothing is stored.
type fill struct {
	token []byte
	lease *heldLease // Nil after a miss.
}

// end is deferred by whoever makes the model call: a lease that was not filled goes back, however the call ended.
func (f *fill) end() {
	if f != nil {
		f.lease.giveBack()
	}
}

// context returns what the model call is given.
func (f *fill) context(ctx context.Context) context.Context {
	if f == nil || f.lease == nil {
		return ctx
	}
	return holdingIn(ctx, f.lease)
}

// isLost tells a lease that has ended: what is known to be refused is not sent.
func (f *fill) isLost() bool { return f.lease != nil && !f.lease.isOpen() }

// claim looks up for a caller who is going to make the model call: it waits while somebody else makes that call. It
// returns a hit, or the right to fill (end it), or neither: call the model and store nothing. The error is ctx's own,
// when that ended meanwhile. REQUIRES: c.client is not nil.
func (c *Cache) claim(ctx context.Context, id EntryID) (*Hit, *fill, error) {
	if !*c.settings.coalesce || c.holds(ctx, id) {
		hit, right := c.rightOf(id, c.lookup(ctx, id))
		return hit, right, nil
	}
	ticket, ok := c.circuit.admit()
	if !ok || ctx.Err() != nil {
		return nil, nil, nil
	}
	bounded, cancel := leavingHalf(ctx)
	defer cancel()
	outcome, err := c.client.getOrWait(bounded, id, c.patience(bounded))
	if c.note(ctx, ticket, err) {
		c.limit.learn(c)
	}
	hit, right := c.rightOf(id, outcome)
	if hit == nil && ctx.Err() != nil {
		right.end()
		return nil, nil, ctx.Err()
	}
	return hit, right, nil
}

// leastForLastLookup is the time that the plain lookup has which follows a wait.
const leastForLastLookup = 250 * time.Millisecond

// patience is how long to wait for somebody else's answer under a deadline that is the lookup's.
func (c *Cache) patience(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return *c.settings.leaseWait
	}
	left := time.Until(deadline)
	return min(*c.settings.leaseWait, left-min(left/2, leastForLastLookup))
}

func (c *Cache) rightOf(id EntryID, outcome Outcome) (*Hit, *fill) {
	switch found := outcome.(type) {
	case *Hit:
		return found, nil
	case *Miss:
		return nil, &fill{token: found.FillToken}
	case *Lease:
		return nil, &fill{token: found.FillToken, lease: c.leases.take(id, found)}
	}
	return nil, nil
}
