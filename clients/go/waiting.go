package paraclecache

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// GetOrWait looks up one answer and lets one caller at a time make the model call:
//
//   - *[Hit]: the answer, perhaps after waiting for another caller to store it;
//   - *[Lease]: call the model, then Set with its token or ReleaseLease; RenewLease meanwhile;
//   - *[Miss]: this server has no leases, or the client's lease wait is over and the other caller has not answered: call
//     the model.
//
// The wait is sliced into RPCs that are each bounded by the client's timeout, so a server that is frozen costs one of
// those and never the whole wait.
func (c *Client) GetOrWait(ctx context.Context, question Question) (Outcome, error) {
	id, err := c.checked(question)
	if err != nil {
		return nil, err
	}
	if c.conn == nil {
		return &Miss{}, nil
	}
	return c.getOrWait(ctx, id, *c.settings.leaseWait)
}

func (c *Client) checked(question Question) (EntryID, error) {
	if question == nil {
		return EntryID{}, invalid("a Question is required, got nil")
	}
	return question.EntryID()
}

// getOrWait waits at most patience. REQUIRES: c.conn is not nil.
func (c *Client) getOrWait(ctx context.Context, id EntryID, patience time.Duration) (Outcome, error) {
	facts, err := c.facts(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(facts.Features, leasesFeature) {
		return c.Get(ctx, id)
	}
	return c.waitForLease(ctx, id, patience)
}

func (c *Client) waitForLease(ctx context.Context, id EntryID, patience time.Duration) (Outcome, error) {
	began := time.Now()
	over := began.Add(patience)
	var waited time.Duration
	hasSlot := c.waits.take(ctx, 0) // Without one, the first question does not wait, but is asked.
	for {
		outcome, err := c.getInSlot(ctx, id, hasSlot, over, waited)
		pending, isPending := outcome.(*Pending)
		if err != nil || !isPending {
			return outcome, err
		}
		pause := max(pending.RetryAfter, shortestPause)
		if time.Now().Add(pause).After(over) {
			return c.Get(ctx, id) // As a plain lookup decides.
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
		hasSlot = c.waits.take(ctx, time.Until(over))
		waited = time.Since(began)
	}
}

// getInSlot asks once, and waits where it has a slot for that, which it gives back.
func (c *Client) getInSlot(
	ctx context.Context, id EntryID, hasSlot bool, over time.Time, waited time.Duration,
) (Outcome, error) {
	if !hasSlot {
		return c.getAtOnce(ctx, id, waited)
	}
	defer c.waits.give()
	// The server would answer 100 ms before the RPC's deadline in any case: busy machines need more.
	wait := max(0, min(*c.settings.timeout*3/5, time.Until(over)))
	return c.getWithLease(ctx, id, wait, waited)
}

// getAtOnce asks without waiting for somebody else. Its own queue is a part of the RPC: one timeout for both.
func (c *Client) getAtOnce(ctx context.Context, id EntryID, waited time.Duration) (Outcome, error) {
	bounded, cancel := context.WithTimeout(ctx, *c.settings.timeout)
	defer cancel()
	if !c.asks.take(bounded, *c.settings.timeout) {
		<-bounded.Done()
		return nil, contextError(bounded)
	}
	defer c.asks.give()
	return c.getWithLease(bounded, id, 0, waited)
}

// getWithLease asks once; waited is what the caller has waited before.
func (c *Client) getWithLease(ctx context.Context, id EntryID, wait, waited time.Duration) (Outcome, error) {
	request := &cachepb.LeaseRequest{Wait: durationpb.New(wait)}
	if waited > 0 {
		request.Waited = durationpb.New(waited)
	}
	outcome, err := c.get(ctx, id, request)
	if codeOf(err) == codes.Unimplemented {
		c.told.forget(leasesFeature) // Another server than the one that told its features.
		return c.Get(ctx, id)
	}
	return outcome, err
}

// shortestPause keeps a server that does not wait from being asked in a tight loop.
const shortestPause = 5 * time.Millisecond

func sleep(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// RenewLease keeps a lease while the model call goes on and returns how long it holds from now. FailedPrecondition: it
// is the caller's no more; do not Set the answer.
func (c *Client) RenewLease(ctx context.Context, question Question, lease *Lease) (time.Duration, error) {
	entry, err := c.entryRef(question)
	if err != nil || c.conn == nil {
		return 0, err
	}
	response, err := ask(ctx, c, c.cache.RenewLease, &cachepb.RenewLeaseRequest{Entry: entry, FillToken: lease.FillToken})
	if err != nil {
		return 0, err
	}
	return response.GetHold().AsDuration(), nil
}

// ReleaseLease gives a lease back unfilled, because the model call failed or its answer must not be stored. The next
// waiter gets it at once. Releasing a lease that is lost already is no error.
func (c *Client) ReleaseLease(ctx context.Context, question Question, lease *Lease) error {
	entry, err := c.entryRef(question)
	if err != nil || c.conn == nil {
		return err
	}
	_, err = ask(ctx, c, c.cache.ReleaseLease, &cachepb.ReleaseLeaseRequest{Entry: entry, FillToken: lease.FillToken})
	return err
}
