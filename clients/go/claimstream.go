package paraclecache

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
)

const streamsFeature = "streams"

// longestPause is between questions whose answers contradict each other: somebody is at it, and nobody is.
const longestPause = 200 * time.Millisecond

// claimed is what is known of an answer that is wanted in pieces. At most one is set; none: call the model and store
// nothing.
type claimed struct {
	hit  *Hit       // It is there.
	live *following // Somebody else records it. To be closed.
	// The right to fill: call the model. To be ended.
	right *fill
}

// claimStream is claim for an answer that is wanted in pieces as they are made: it follows the one that somebody else
// is making. REQUIRES: c.client is not nil.
func (c *Cache) claimStream(ctx context.Context, id EntryID) (claimed, error) {
	if !*c.settings.coalesce || c.holds(ctx, id) || !c.hasStreams(ctx) {
		return c.claimPlainly(ctx, id), nil
	}
	began := time.Now()
	bounded, cancel := leavingHalf(ctx)
	defer cancel()
	over := began.Add(c.patience(bounded))
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		found, isPending := c.askOnce(ctx, bounded, id, time.Since(began))
		if !isPending {
			return found, nil
		}
		live, err := c.follow(ctx, id, over)
		switch {
		case ctx.Err() != nil:
			live.close()
			return claimed{}, ctx.Err()
		case live != nil && live.end != nil:
			defer live.close()
			return claimed{hit: live.whole()}, nil
		case live != nil:
			return claimed{live: live}, nil
		case err != errAborted && err != errWaitOver:
			return claimed{}, nil
		case err == errWaitOver || time.Now().Add(pause).After(over):
			return c.claimPlainly(bounded, id), nil
		case sleep(ctx, pause) != nil:
			return claimed{}, ctx.Err()
		}
	}
}

func (c *Cache) claimPlainly(ctx context.Context, id EntryID) claimed {
	hit, right := c.rightOf(id, c.lookup(ctx, id))
	return claimed{hit: hit, right: right}
}

// hasStreams tells whether the service records and follows.
func (c *Cache) hasStreams(ctx context.Context) bool {
	ticket, ok := c.circuit.admit()
	if !ok || ctx.Err() != nil {
		return false
	}
	bounded, cancel := leavingHalf(ctx)
	defer cancel()
	facts, err := c.client.facts(bounded)
	if err != nil {
		c.note(ctx, ticket, err)
		return false
	}
	return slices.Contains(facts.Features, leasesFeature) && slices.Contains(facts.Features, streamsFeature)
}

// askOnce asks for an answer or a lease, without waiting; true: somebody else has the lease.
func (c *Cache) askOnce(ctx, bounded context.Context, id EntryID, waited time.Duration) (claimed, bool) {
	ticket, ok := c.circuit.admit()
	if !ok || ctx.Err() != nil {
		return claimed{}, false
	}
	outcome, err := c.client.getWithLease(bounded, id, 0, waited)
	if c.note(ctx, ticket, err) {
		c.limit.learn(c)
	}
	_, isPending := outcome.(*Pending)
	hit, right := c.rightOf(id, outcome)
	return claimed{hit: hit, right: right}, isPending
}

// follow follows an answer, or says that there is none to follow.
func (c *Cache) follow(ctx context.Context, id EntryID, over time.Time) (*following, error) {
	ticket, ok := c.circuit.admit()
	if !ok || !time.Now().Before(over) {
		return nil, errWaitOver
	}
	live, err := c.client.follow(ctx, id, over)
	c.noteFollowing(ctx, ticket, err)
	if live != nil {
		live.cache, live.ticket = c, ticket
	}
	return live, err
}

// nextOf returns the next piece of what is followed; io.EOF at its end; a *brokenOff where it has none.
func (c *Cache) nextOf(live *following) ([]byte, error) {
	piece, err := live.next(*c.settings.timeout)
	if err == nil || err == io.EOF {
		return piece, err
	}
	if cause := context.Cause(live.ctx); cause != nil && cause != errSilent {
		return nil, cause // The reader's own.
	}
	c.noteFollowing(live.ctx, live.ticket, err)
	return nil, &brokenOff{err}
}

// noteFollowing tells the circuit how following went. That an answer broke off is an answer of the service.
func (c *Cache) noteFollowing(ctx context.Context, ticket uint64, err error) {
	switch {
	case err == errAborted || err == errWaitOver:
		c.note(ctx, ticket, nil)
	case codeOf(err) == codes.Unimplemented:
		c.client.told.forget(streamsFeature)
	case errors.Is(err, context.Canceled): // The reader left.
	default:
		c.note(ctx, ticket, err)
	}
}
