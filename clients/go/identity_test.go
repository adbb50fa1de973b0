package paraclecache_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

// Two identities of one process ask the same questions of one server at the same time; each has its own answers.
func TestIdentitiesAreNeverMixed(t *testing.T) {
	calls := 100_000
	if testing.Short() {
		calls = 5_000
	}
	const goroutines, questions = 32, 200
	server := serverprocess.Start(t, "--max-size=0")
	var crossed, fromCache atomic.Int64
	var all sync.WaitGroup
	for _, identity := range []string{"alice", "bob"} {
		cache := quietCache(t, server.Endpoint, paraclecache.WithNamespace(identity), paraclecache.WithTimeout(10*time.Second))
		for worker := range goroutines / 2 {
			all.Add(1)
			go func() {
				defer all.Done()
				for i := range calls / goroutines {
					number := (i*7 + worker*13) % questions
					want := fmt.Sprintf(`{"%s":%d}`, identity, number)
					answer, err := cache.Do(ctx, question(fmt.Sprint(number)), func(context.Context) (paraclecache.Answer, error) {
						return paraclecache.Answer{Payload: []byte(want)}, nil
					})
					if err != nil || string(answer.Payload) != want {
						crossed.Add(1)
					}
					if answer.FromCache {
						fromCache.Add(1)
					}
				}
			}()
		}
	}
	all.Wait()
	t.Logf("%d of %d calls from the cache", fromCache.Load(), calls)
	if crossed.Load() != 0 {
		t.Errorf("%d of %d answers were somebody else's", crossed.Load(), calls)
	}
	if fromCache.Load() < int64(calls)*9/10 {
		t.Errorf("only %d of %d calls came from the cache: too few to tell", fromCache.Load(), calls)
	}
}
