package paraclecache

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

const (
	// renewedAtOnce bounds the renewals under way, so that many leases are kept over a slow network too.
	renewedAtOnce = 16
	// soonestRenewal keeps a service that says odd things from being asked in a tight loop.
	soonestRenewal = 30 * time.Millisecond
	// lastWords is how long Close waits for leases to go back.
	lastWords = 250 * time.Millisecond
)

// leaseKeeper renews the leases of a cache every third of their hold, and gives back those that end unfilled. One
// goroutine for all of them, which is there while one is held. Safe for concurrent use.
type leaseKeeper struct {
	cache   *Cache
	changed chan struct{} // Of capacity 1: something is to be looked at.

	mu        sync.Mutex
	held      map[*heldLease]time.Duration // And their holds.
	running   bool
	wake      time.Time // When the goroutine looks again.
	closed    bool
	releasing sync.WaitGroup // REQUIRES to add: mu held, closed false.
}

func newLeaseKeeper(cache *Cache) *leaseKeeper {
	return &leaseKeeper{cache: cache, changed: make(chan struct{}, 1), held: map[*heldLease]time.Duration{}}
}

// take keeps a lease from now on, until its holder ends it.
func (k *leaseKeeper) take(id EntryID, lease *Lease) *heldLease {
	taken := &heldLease{keeper: k, id: id, fillToken: lease.FillToken}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.schedule(taken, lease.Hold)
	if !k.running {
		k.running = true
		k.cache.inBackground(k.run)
	} else if taken.due.Before(k.wake) {
		k.signal()
	}
	return taken
}

// schedule says when a lease is renewed. REQUIRES: k.mu is held.
func (k *leaseKeeper) schedule(lease *heldLease, hold time.Duration) {
	k.held[lease] = hold
	lease.due = time.Now().Add(max(hold/3, soonestRenewal))
}

func (k *leaseKeeper) signal() {
	select {
	case k.changed <- struct{}{}:
	default: // It will look anyway.
	}
}

// drop renews a lease no more.
func (k *leaseKeeper) drop(lease *heldLease) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forget(lease)
}

// forget ends the goroutine with the last lease. REQUIRES: k.mu is held.
func (k *leaseKeeper) forget(lease *heldLease) {
	delete(k.held, lease)
	if len(k.held) == 0 {
		k.signal()
	}
}

// release tells the service, in the background and for as long as any RPC may take; also while the circuit is open, as
// others may reach the service, and would wait.
func (k *leaseKeeper) release(lease *heldLease) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forget(lease)
	if k.closed {
		return
	}
	ticket, admitted := k.cache.circuit.admit()
	k.releasing.Add(1)
	go func() {
		defer k.releasing.Done()
		err := k.cache.client.ReleaseLease(context.Background(), lease.id, &Lease{FillToken: lease.fillToken})
		if admitted {
			k.cache.note(context.Background(), ticket, err)
		}
	}()
}

// close gives back what is held and waits, not for long, until the service knows.
func (k *leaseKeeper) close() {
	k.mu.Lock()
	left := make([]*heldLease, 0, len(k.held))
	for lease := range k.held {
		left = append(left, lease)
	}
	k.mu.Unlock()
	for _, lease := range left {
		lease.giveBack()
	}
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	told := make(chan struct{})
	go func() { k.releasing.Wait(); close(told) }()
	select {
	case <-told:
	case <-time.After(lastWords):
	}
}

func (k *leaseKeeper) run(lifetime context.Context) {
	for {
		due, pause, any := k.look()
		if !any {
			return
		}
		if len(due) > 0 {
			k.renewAll(lifetime, due)
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-k.changed:
		case <-lifetime.Done():
		}
		timer.Stop()
		if lifetime.Err() != nil {
			return
		}
	}
}

// look returns the leases that are due, else how long none will be. False: none is held, and the goroutine ends.
func (k *leaseKeeper) look() (due []*heldLease, pause time.Duration, any bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	k.wake = now.Add(time.Hour)
	for lease := range k.held {
		if !lease.due.After(now) {
			due = append(due, lease)
		} else if lease.due.Before(k.wake) {
			k.wake = lease.due
		}
	}
	k.running = len(k.held) > 0
	return due, k.wake.Sub(now), k.running
}

func (k *leaseKeeper) renewAll(lifetime context.Context, due []*heldLease) {
	var renewals sync.WaitGroup
	free := make(chan struct{}, renewedAtOnce)
	for _, lease := range due {
		free <- struct{}{}
		renewals.Add(1)
		go func() {
			defer renewals.Done()
			k.renew(lifetime, lease)
			<-free
		}()
	}
	renewals.Wait()
}

// renew asks once. Whatever came of it, there are two more attempts before the hold is over.
func (k *leaseKeeper) renew(lifetime context.Context, lease *heldLease) {
	var hold time.Duration
	if ticket, ok := k.cache.circuit.admit(); ok && lease.isOpen() {
		var err error
		hold, err = k.cache.client.RenewLease(lifetime, lease.id, &Lease{FillToken: lease.fillToken})
		k.cache.note(lifetime, ticket, err)
		if codeOf(err) == codes.FailedPrecondition {
			lease.settle() // It is lost. The answer is its caller's all the same.
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if last, isHeld := k.held[lease]; isHeld {
		if hold <= 0 {
			hold = last
		}
		k.schedule(lease, hold)
	}
}
