package paraclecache_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

// cachesOf are that many caches of one server, as processes of their own would have.
func cachesOf(
	t *testing.T, server *serverprocess.Process, count int, options ...paraclecache.Option,
) []*paraclecache.Cache {
	t.Helper()
	caches := make([]*paraclecache.Cache, count)
	for i := range caches {
		caches[i] = quietCache(t, server.Endpoint, append(options, paraclecache.WithTimeout(10*time.Second))...)
	}
	return caches
}

// callers asks one question of the caches in turn, all at once, and returns how many answers came from the cache.
// Every answer must be want.
func callers(
	t *testing.T, caches []*paraclecache.Cache, count int, want string,
	fetch func(context.Context) (paraclecache.Answer, error),
) (fromCache int64) {
	t.Helper()
	var all sync.WaitGroup
	var hits atomic.Int64
	for i := range count {
		all.Add(1)
		go func() {
			defer all.Done()
			answer, err := caches[i%len(caches)].Do(ctx, question("a"), fetch)
			if err != nil || string(answer.Payload) != want {
				t.Errorf("%+v, %v", answer, err)
			}
			if answer.FromCache {
				hits.Add(1)
			}
		}()
	}
	all.Wait()
	return hits.Load()
}

func TestOneQuestionOfManyCallersIsOneCall(t *testing.T) {
	caches := cachesOf(t, serverprocess.Start(t), 2)
	var calls atomic.Int64
	fromCache := callers(t, caches, 64, "1", func(context.Context) (paraclecache.Answer, error) {
		number := calls.Add(1)
		time.Sleep(200 * time.Millisecond) // As a model takes.
		return paraclecache.Answer{Payload: fmt.Append(nil, number)}, nil
	})
	if calls.Load() != 1 || fromCache != 63 {
		t.Errorf("%d calls, %d answers from the cache; want 1 and 63", calls.Load(), fromCache)
	}
}

func TestMoreCallersThanAConnectionHasRoomForAreOneCall(t *testing.T) {
	cache := quietCache(t, serverprocess.Start(t).Endpoint, paraclecache.WithTimeout(20*time.Second))
	var calls atomic.Int64
	fromCache := callers(t, []*paraclecache.Cache{cache}, 3000, "{}", func(context.Context) (paraclecache.Answer, error) {
		calls.Add(1)
		time.Sleep(200 * time.Millisecond) // As a model takes.
		return paraclecache.Answer{Payload: []byte("{}")}, nil
	})
	if calls.Load() != 1 || fromCache != 2999 {
		t.Errorf("%d calls, %d answers from the cache", calls.Load(), fromCache)
	}
}

func TestWhoDoesNotCoalesceCallsTheModelHimself(t *testing.T) {
	caches := cachesOf(t, serverprocess.Start(t), 2, paraclecache.WithCoalesce(false))
	var calling sync.WaitGroup
	calling.Add(64)
	fromCache := callers(t, caches, 64, "{}", func(context.Context) (paraclecache.Answer, error) {
		calling.Done()
		calling.Wait() // Would not end if one of them waited for another.
		return paraclecache.Answer{Payload: []byte("{}")}, nil
	})
	if fromCache != 0 {
		t.Errorf("%d answers from the cache", fromCache)
	}
}

func TestSeveralSamplesOfAQuestionAreSeveralCalls(t *testing.T) {
	cache := cachesOf(t, serverprocess.Start(t), 1)[0]
	var calling, all sync.WaitGroup
	calling.Add(5)
	for variant := range 5 {
		all.Add(1)
		go func() {
			defer all.Done()
			sample := question("a")
			sample.Variant = uint32(variant)
			_, _ = cache.Do(ctx, sample, func(context.Context) (paraclecache.Answer, error) {
				calling.Done()
				calling.Wait()
				return paraclecache.Answer{Payload: []byte("{}")}, nil
			})
		}()
	}
	all.Wait()
}

// hold has a call of the first cache under way until it is told to end, with the answer of end.
func hold(
	t *testing.T, cache *paraclecache.Cache, end func() (paraclecache.Answer, error),
) (finish, finished chan struct{}) {
	t.Helper()
	begun := make(chan struct{})
	finish, finished = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		defer func() { _ = recover() }()
		_, _ = cache.Do(ctx, question("a"), func(context.Context) (paraclecache.Answer, error) {
			close(begun)
			<-finish
			return end()
		})
	}()
	<-begun
	return finish, finished
}

func goexit() (paraclecache.Answer, error) {
	runtime.Goexit()
	return paraclecache.Answer{}, nil
}

// next asks as hold does, in the background, and says when its own model call begins.
func next(t *testing.T, cache *paraclecache.Cache) (called chan time.Time, done chan struct{}) {
	t.Helper()
	called, done = make(chan time.Time, 1), make(chan struct{})
	go func() {
		defer close(done)
		answer, err := cache.Do(ctx, question("a"), func(context.Context) (paraclecache.Answer, error) {
			called <- time.Now()
			return paraclecache.Answer{Payload: []byte(`"next"`)}, nil
		})
		if err != nil {
			t.Errorf("%+v, %v", answer, err)
		}
	}()
	return called, done
}

// mustWait gives a call that would not wait the time to show it.
func mustWait(t *testing.T, called chan time.Time, done chan struct{}) {
	t.Helper()
	select {
	case <-called:
		t.Fatal("called the model though somebody else is at it")
	case <-done:
		t.Fatal("has an answer that nobody has made")
	case <-time.After(150 * time.Millisecond):
	}
}

// mustBeCalledWithin fails when the model is not called, or only later than that.
func mustBeCalledWithin(t *testing.T, bound time.Duration, called chan time.Time) {
	t.Helper()
	began := time.Now()
	select {
	case at := <-called:
		if took := at.Sub(began); took > bound {
			t.Errorf("called after %v, want at most %v", took, bound)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("still waiting after 20 s")
	}
}

func TestTheNextCallerCallsAtOnceWhenAnAnswerIsNotToBeStored(t *testing.T) {
	cut := []byte(`{"choices":[{"message":{},"finish_reason":"length"}]}`)
	returning := func(answer paraclecache.Answer) func() (paraclecache.Answer, error) {
		return func() (paraclecache.Answer, error) { return answer, nil }
	}
	for why, end := range map[string]func() (paraclecache.Answer, error){
		"an error":              func() (paraclecache.Answer, error) { return paraclecache.Answer{}, context.Canceled },
		"a panic":               func() (paraclecache.Answer, error) { panic("mine") },
		"the goroutine's end":   goexit,
		"cut short":             returning(paraclecache.Answer{Payload: cut}),
		"not wanted":            returning(paraclecache.Answer{Store: paraclecache.StoreNever}),
		"another content type":  returning(paraclecache.Answer{ContentType: "text/x"}),
		"over the limit":        returning(paraclecache.Answer{Payload: make([]byte, 3<<20+1)}),
		"refused by the server": returning(paraclecache.Answer{Payload: []byte("{}"), Tags: []string{""}}),
	} {
		t.Run(why, func(t *testing.T) {
			caches := cachesOf(t, serverprocess.Start(t), 2)
			finish, finished := hold(t, caches[0], end)
			called, done := next(t, caches[1])
			mustWait(t, called, done)
			close(finish)
			mustBeCalledWithin(t, time.Second, called) // A lease holds for 30 s.
			<-finished
			<-done
		})
	}
}

func TestALeaseOfAProcessThatWasKilledIsOverWhenItsHoldIs(t *testing.T) {
	server := serverprocess.Start(t, "--lease-hold", "1s")
	_, signal := childProcess(t, holderInChild+"="+server.Endpoint)
	called, done := next(t, cachesOf(t, server, 1)[0])
	select {
	case <-called:
		t.Fatal("a lease that is renewed was given to another")
	case <-time.After(2 * time.Second): // Twice its hold.
	}
	signal(syscall.SIGKILL)
	mustBeCalledWithin(t, 2*time.Second, called)
	<-done
}

func TestClosingACacheGivesBackWhatItHolds(t *testing.T) {
	caches := cachesOf(t, serverprocess.Start(t), 2)
	finish, finished := hold(t, caches[0], func() (paraclecache.Answer, error) { return paraclecache.Answer{}, nil })
	called, done := next(t, caches[1])
	mustWait(t, called, done)
	_ = caches[0].Close()
	mustBeCalledWithin(t, time.Second, called)
	<-done
	close(finish)
	<-finished
}

func TestACallWithinACallForTheSameQuestionDoesNotWaitForItself(t *testing.T) {
	caches := cachesOf(t, serverprocess.Start(t), 2) // The inner one may be asked through another cache.
	for i, inner := range caches {
		var calls atomic.Int64
		asked := question(fmt.Sprint("within", i))
		answer, err := caches[0].Do(ctx, asked, func(ctx context.Context) (paraclecache.Answer, error) {
			calls.Add(1)
			return inner.Do(ctx, asked, func(context.Context) (paraclecache.Answer, error) {
				calls.Add(1)
				return paraclecache.Answer{Payload: []byte("{}")}, nil
			})
		})
		if err != nil || string(answer.Payload) != "{}" || calls.Load() != 2 {
			t.Errorf("%+v, %v, %d calls", answer, err, calls.Load())
		}
	}
}

func TestAServerThatFreezesWhileManyWaitCostsEachOneTimeout(t *testing.T) {
	server := serverprocess.Start(t)
	cache := quietCache(t, server.Endpoint) // Of 0.5 s.
	finish, finished := hold(t, cache, func() (paraclecache.Answer, error) {
		return paraclecache.Answer{Payload: []byte("{}")}, nil
	})
	called, done := next(t, cache)
	mustWait(t, called, done)
	server.Pause()
	began := time.Now()
	callers(t, []*paraclecache.Cache{cache}, 64, "{}", func(context.Context) (paraclecache.Answer, error) {
		return paraclecache.Answer{Payload: []byte("{}")}, nil
	})
	<-done
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("took %v", took)
	}
	close(finish)
	<-finished
	server.Resume()
}
