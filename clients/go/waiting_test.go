package paraclecache_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
	"github.com/paracle/paracle-cache/clients/go/internal/fakecache"
)

func leaseClient(t *testing.T, endpoint string, options ...paraclecache.Option) *paraclecache.Client {
	t.Helper()
	return newClient(t, append(options, paraclecache.WithEndpoint(endpoint))...)
}

func mustLease(t *testing.T, client *paraclecache.Client, question paraclecache.Question) *paraclecache.Lease {
	t.Helper()
	outcome, err := client.GetOrWait(ctx, question)
	lease, ok := outcome.(*paraclecache.Lease)
	if err != nil || !ok {
		t.Fatalf("got %T, %v; want a lease", outcome, err)
	}
	return lease
}

func TestAWaiterIsGivenTheAnswerOfTheLeaseHolder(t *testing.T) {
	endpoint, _ := fakeProcess(t)
	client := leaseClient(t, endpoint)
	lease := mustLease(t, client, question("a"))
	if hold, err := client.RenewLease(ctx, question("a"), lease); err != nil || hold != 30*time.Second {
		t.Errorf("renewed: %v, %v", hold, err)
	}
	waited := make(chan paraclecache.Outcome, 1)
	go func() {
		outcome, err := client.GetOrWait(ctx, question("a"))
		if err != nil {
			t.Error(err)
		}
		waited <- outcome
	}()
	select {
	case outcome := <-waited:
		t.Fatalf("did not wait: %T", outcome)
	case <-time.After(1200 * time.Millisecond): // More than two timeouts: it asked again.
	}
	mustSet(t, client, question("a"), paraclecache.Entry{Payload: []byte("A"), FillToken: lease.FillToken})
	select {
	case outcome := <-waited:
		if hit, ok := outcome.(*paraclecache.Hit); !ok || string(hit.Payload) != "A" {
			t.Errorf("got %T", outcome)
		}
	case <-time.After(5 * time.Second):
		t.Error("still waiting")
	}
}

func TestAFrozenServerCostsAWaiterOneTimeout(t *testing.T) {
	endpoint, signal := fakeProcess(t)
	client := leaseClient(t, endpoint) // Would wait for 120 s.
	lease := mustLease(t, client, question("a"))
	signal(syscall.SIGSTOP)
	began := time.Now()
	outcome, err := client.GetOrWait(ctx, question("a"))
	took := time.Since(began)
	var failed *paraclecache.Error
	if !errors.As(err, &failed) || failed.Code != codes.DeadlineExceeded {
		t.Errorf("got %T, %v", outcome, err)
	}
	if took < 400*time.Millisecond || took > 900*time.Millisecond {
		t.Errorf("it cost %v, want the timeout of 0.5 s", took)
	}
	signal(syscall.SIGCONT)
	for give := time.Now().Add(10 * time.Second); client.Health(ctx) != nil; {
		if time.Now().After(give) {
			t.Fatal("not back within 10 s")
		}
	}
	if err := client.ReleaseLease(ctx, question("a"), lease); err != nil {
		t.Error(err)
	}
	mustLease(t, client, question("a"))
}

func TestAServerThatFreezesWhileSomebodyWaitsCostsOneTimeout(t *testing.T) {
	endpoint, signal := fakeProcess(t)
	client := leaseClient(t, endpoint)
	mustLease(t, client, question("a"))
	ended := make(chan error, 1)
	go func() {
		_, err := client.GetOrWait(ctx, question("a"))
		ended <- err
	}()
	time.Sleep(700 * time.Millisecond) // In its second slice.
	signal(syscall.SIGSTOP)
	select {
	case err := <-ended:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	case <-time.After(time.Second):
		t.Error("still waiting after two timeouts")
	}
}

func TestWhenTheWaitIsOverAPlainLookupDecides(t *testing.T) {
	endpoint, _ := fakeProcess(t)
	for _, wait := range []time.Duration{0, 700 * time.Millisecond} {
		client := leaseClient(t, endpoint, paraclecache.WithLeaseWait(wait))
		_, _ = client.GetOrWait(ctx, question("a")) // The lease, the first time.
		began := time.Now()
		outcome, err := client.GetOrWait(ctx, question("a"))
		if _, ok := outcome.(*paraclecache.Miss); err != nil || !ok {
			t.Errorf("wait %v: got %T, %v", wait, outcome, err)
		}
		if took := time.Since(began); took < wait-20*time.Millisecond || took > wait+600*time.Millisecond {
			t.Errorf("wait %v: took %v", wait, took)
		}
	}
}

func TestLeasesAreNotAskedForWhereTheFeatureIsNotListed(t *testing.T) {
	server := fakecache.Start()
	defer server.Stop()
	client := leaseClient(t, server.Endpoint)
	for range 5 {
		if outcome, err := client.GetOrWait(ctx, question("a")); err != nil {
			t.Error(err)
		} else if _, ok := outcome.(*paraclecache.Miss); !ok {
			t.Errorf("got %T from a server without leases", outcome)
		}
	}
	if server.Configs.Load() != 1 || server.Gets.Load() != 5 {
		t.Errorf("%d GetConfigs and %d Gets", server.Configs.Load(), server.Gets.Load())
	}
}

func TestAServerThatTakesBackItsLeasesIsAskedPlainly(t *testing.T) {
	server := fakecache.Start()
	defer server.Stop()
	server.Features = []string{"leases"}
	server.OnGet = func(request *cachepb.GetRequest) error {
		if request.GetLease() != nil {
			return status.Error(codes.Unimplemented, "this server has no leases")
		}
		return nil
	}
	client := leaseClient(t, server.Endpoint)
	for range 3 {
		if outcome, err := client.GetOrWait(ctx, question("a")); err != nil {
			t.Error(err)
		} else if _, ok := outcome.(*paraclecache.Miss); !ok {
			t.Errorf("got %T", outcome)
		}
	}
	if server.Gets.Load() != 4 {
		t.Errorf("%d Gets, want one with a lease and three without", server.Gets.Load())
	}
}
