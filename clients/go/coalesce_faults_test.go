package paraclecache

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
	"github.com/paracle/paracle-cache/clients/go/internal/fakecache"
)

// leasing starts a fake that has leases, which hold that long.
func leasing(t *testing.T, hold time.Duration) *fakecache.Server {
	t.Helper()
	server := fakecache.Start()
	t.Cleanup(server.Stop)
	server.Features, server.Hold = []string{leasesFeature}, hold
	return server
}

// isKeeping tells whether the goroutine that renews leases is there.
func isKeeping(cache *Cache) bool {
	cache.leases.mu.Lock()
	defer cache.leases.mu.Unlock()
	return cache.leases.running
}

// takeLease has somebody else hold the lease of the question that is asked here, for good.
func takeLease(t *testing.T, server *fakecache.Server) {
	t.Helper()
	other, err := NewClient(WithEndpoint(server.Endpoint))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	if outcome, err := other.GetOrWait(context.Background(), asked); err != nil {
		t.Fatal(outcome, err)
	}
}

func TestLeasesAreRenewedEveryThirdOfTheirHoldWhileTheirCallsGoOn(t *testing.T) {
	server := leasing(t, 300*time.Millisecond)
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	var calls sync.WaitGroup
	renewed := make(chan struct{})
	for variant := range 20 {
		calls.Add(1)
		go func() {
			defer calls.Done()
			key := Key{Provider: "p", Variant: uint32(variant)}
			_, _ = cache.Do(context.Background(), key, func(ctx context.Context) (Answer, error) {
				<-renewed
				return fetched(ctx)
			})
		}()
	}
	eventually(t, "all leases are held", func() bool { return server.Leases.Load() == 20 })
	began, before := time.Now(), server.Renewals.Load()
	eventually(t, "each was renewed three times", func() bool { return server.Renewals.Load() >= before+60 })
	if took := time.Since(began); took < 180*time.Millisecond {
		t.Errorf("three renewals within %v", took)
	}
	close(renewed)
	calls.Wait()
	eventually(t, "nobody renews where nothing is held", func() bool { return !isKeeping(cache) })
	if server.Sets.Load() != 20 || server.Releases.Load() != 0 {
		t.Errorf("%d Sets, %d Releases", server.Sets.Load(), server.Releases.Load())
	}
}

func TestAnAnswerUnderALeaseThatWasLostIsReturnedAndNotSent(t *testing.T) {
	server := leasing(t, 100*time.Millisecond)
	cache, _, log := steppedCache(t, WithEndpoint(server.Endpoint))
	answer, err := cache.Do(context.Background(), asked, func(ctx context.Context) (Answer, error) {
		server.LoseLeases()
		eventually(t, "the loss is known", func() bool { return !isKeeping(cache) })
		return fetched(ctx)
	})
	if err != nil || string(answer.Payload) != "{}" || server.Sets.Load() != 0 || server.Releases.Load() != 0 {
		t.Errorf("%+v, %v, %d Sets, %d Releases", answer, err, server.Sets.Load(), server.Releases.Load())
	}
	if isOpen(&cache.circuit) || log.count("WARN") != 0 {
		t.Errorf("a lost lease is no failure: %s", log.text.String())
	}
}

func TestALateAnswerUnderALostLeaseIsRefusedAndReturned(t *testing.T) {
	server := leasing(t, time.Hour)
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	answer, err := cache.Do(context.Background(), asked, func(ctx context.Context) (Answer, error) {
		server.LoseLeases()
		return fetched(ctx)
	})
	if err != nil || string(answer.Payload) != "{}" || server.Sets.Load() != 1 {
		t.Errorf("%+v, %v, %d Sets", answer, err, server.Sets.Load())
	}
	if server.Releases.Load() != 0 {
		t.Error("a lease that is lost was given back")
	}
}

func TestGivingBackDelaysNobody(t *testing.T) {
	server := leasing(t, time.Hour)
	frozen, entered := make(chan struct{}), make(chan struct{}, 1)
	server.OnRelease = func() { entered <- struct{}{}; <-frozen }
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	mine := errors.New("mine")
	done := make(chan error)
	go func() {
		_, err := cache.Do(context.Background(), asked, func(context.Context) (Answer, error) { return Answer{}, mine })
		done <- err
	}()
	if err := <-done; err != mine { // Would not come, were it to wait.
		t.Error(err)
	}
	<-entered
	close(frozen)
}

func TestALeaseGoesBackThoughItsCallersContextIsCancelled(t *testing.T) {
	server := leasing(t, time.Hour)
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	ctx, cancel := context.WithCancel(context.Background())
	_, err := cache.Do(ctx, asked, func(ctx context.Context) (Answer, error) {
		cancel()
		return Answer{}, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	eventually(t, "the lease goes back", func() bool { return server.Releases.Load() == 1 })
}

func TestALeaseGoesBackThoughTheCircuitHasOpened(t *testing.T) {
	server := leasing(t, time.Hour)
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	for variant := range uint32(5) {
		_, _ = cache.Do(context.Background(), Key{Provider: "p", Variant: variant}, func(context.Context) (Answer, error) {
			cache.circuit.open()
			return Answer{}, errors.New("mine")
		})
		cache.circuit.close()
	}
	eventually(t, "the leases go back", func() bool { return server.Releases.Load() == 5 })
	if isOpen(&cache.circuit) {
		t.Error("that opened the circuit")
	}
}

func TestAWaiterWhoseContextEndsLeavesAtOnceWithItsError(t *testing.T) {
	server := leasing(t, time.Hour)
	takeLease(t, server)
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := cache.Do(ctx, asked, func(context.Context) (Answer, error) {
			t.Error("the model was called for somebody who had left")
			return Answer{}, nil
		})
		done <- err
	}()
	before := server.Gets.Load()
	eventually(t, "it waits", func() bool { return server.Gets.Load() > before-1 && server.Gets.Load() >= 2 })
	cancel()
	select {
	case err := <-done:
		if err != context.Canceled {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second): // The wait has 120 s.
		t.Error("still waiting")
	}
	if isOpen(&cache.circuit) {
		t.Error("who leaves says nothing of the service")
	}
}

func TestALeaseWaitThatIsOverCallsTheModelAndStores(t *testing.T) {
	server := leasing(t, time.Hour)
	takeLease(t, server)
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint), WithLeaseWait(300*time.Millisecond))
	began := time.Now()
	doTimes(t, cache, 1)
	if took := time.Since(began); took < 280*time.Millisecond {
		t.Errorf("waited only %v", took)
	}
	if server.Sets.Load() != 1 {
		t.Errorf("%d Sets", server.Sets.Load())
	}
}

func TestAWaitLeavesHalfOfTheCallersTimeAndIsNoFailure(t *testing.T) {
	server := leasing(t, time.Hour)
	takeLease(t, server)
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint)) // Would wait for 120 s.
	for range failuresToOpen + 1 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		_, err := cache.Do(ctx, asked, func(ctx context.Context) (Answer, error) {
			deadline, _ := ctx.Deadline()
			if left := time.Until(deadline); left < 700*time.Millisecond || left > 1700*time.Millisecond {
				t.Errorf("the model call has %v left", left)
			}
			return Answer{Store: StoreNever}, nil
		})
		cancel()
		if err != nil {
			t.Error(err)
		}
	}
	if isOpen(&cache.circuit) {
		t.Error("waiting in vain opened the circuit")
	}
}

func TestAWaitThatEndsInATimeoutIsOneFailure(t *testing.T) {
	server := leasing(t, time.Hour)
	frozen := make(chan struct{})
	defer close(frozen)
	server.OnGet = func(*cachepb.GetRequest) error { <-frozen; return nil }
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	if _, err := cache.client.facts(context.Background()); err != nil {
		t.Fatal(err)
	}
	*cache.settings.timeout = 50 * time.Millisecond
	for call := range failuresToOpen {
		if isOpen(&cache.circuit) {
			t.Fatalf("open after %d calls", call)
		}
		doTimes(t, cache, 1)
	}
	eventually(t, "the circuit opens", func() bool { return isOpen(&cache.circuit) })
	if server.Gets.Load() != failuresToOpen {
		t.Errorf("%d Gets for %d failures", server.Gets.Load(), failuresToOpen)
	}
}

func TestTheFirstCallersAskOnceWhatTheServerCan(t *testing.T) {
	server := leasing(t, time.Hour)
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	var calls atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Add(1)
		go func() {
			defer all.Done()
			_, _ = cache.Do(context.Background(), asked, func(ctx context.Context) (Answer, error) {
				calls.Add(1)
				return fetched(ctx)
			})
		}()
	}
	all.Wait()
	if server.Configs.Load() != 1 || calls.Load() != 1 {
		t.Errorf("%d GetConfigs, %d calls of the model", server.Configs.Load(), calls.Load())
	}
}

func TestNoGoroutineIsLeftOfLeases(t *testing.T) {
	server := leasing(t, 100*time.Millisecond)
	before := runtime.NumGoroutine()
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	for range 20 {
		_, _ = cache.Do(context.Background(), asked, func(context.Context) (Answer, error) {
			return Answer{}, errors.New("mine")
		})
	}
	_ = cache.Close()
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}
