package paraclecache

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
	"github.com/paracle/paracle-cache/clients/go/internal/fakecache"
)

// logbook collects log lines of several goroutines.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logbook) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// steppedCache has a clock that moves when somebody sends on ticks.
func steppedCache(t *testing.T, options ...Option) (cache *Cache, ticks chan time.Time, log *logbook) {
	t.Helper()
	ticks, log = make(chan time.Time), &logbook{}
	options = append(options, WithLogger(slog.New(slog.NewTextHandler(log, nil))), WithTimeout(10*time.Second))
	cache = newCache(options, environmentOf(nil), func(time.Duration) <-chan time.Time { return ticks })
	t.Cleanup(func() { _ = cache.Close() })
	return cache, ticks, log
}

func fetched(context.Context) (Answer, error) { return Answer{Payload: []byte("{}")}, nil }

var asked = Key{Provider: "p", Model: "m"}

func doTimes(t *testing.T, cache *Cache, times int) {
	t.Helper()
	for range times {
		if answer, err := cache.Do(context.Background(), asked, fetched); err != nil || string(answer.Payload) != "{}" {
			t.Fatalf("%+v, %v", answer, err)
		}
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for give := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(give) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func TestAnOpenCircuitAsksNothingUntilAHealthCheckSaysServing(t *testing.T) {
	server := fakecache.Start()
	defer server.Stop()
	var sick atomic.Bool
	sick.Store(true)
	server.OnGet = func(*cachepb.GetRequest) error {
		if sick.Load() {
			return status.Error(codes.Internal, "sick")
		}
		return nil
	}
	cache, ticks, log := steppedCache(t, WithEndpoint(server.Endpoint))
	doTimes(t, cache, 50)
	if server.Gets.Load() != 3 || server.Sets.Load() != 0 {
		t.Errorf("%d Gets and %d Sets for 50 calls, want 3 and 0", server.Gets.Load(), server.Sets.Load())
	}
	if log.count("level=WARN") != 1 {
		t.Errorf("not one warning: %s", log.text.String())
	}
	sick.Store(false)
	ticks <- time.Now()
	eventually(t, "the circuit closes", func() bool { return !isOpen(&cache.circuit) })
	doTimes(t, cache, 2)
	if server.Gets.Load() != 5 || server.Sets.Load() != 1 || log.count("level=INFO") != 1 {
		t.Errorf("%d Gets, %d Sets: %s", server.Gets.Load(), server.Sets.Load(), log.text.String())
	}
}

func TestAProbeThatFailsIsFollowedByAnother(t *testing.T) {
	cache, ticks, _ := steppedCache(t, WithEndpoint("127.0.0.1:1"))
	doTimes(t, cache, 3)
	for range 3 {
		ticks <- time.Now() // Nobody takes it when no probe goes on.
	}
	if !isOpen(&cache.circuit) {
		t.Error("closed, where nobody listens")
	}
}

func TestCloseEndsTheProbeAndCallsGoOn(t *testing.T) {
	before := runtime.NumGoroutine()
	cache, _, log := steppedCache(t, WithEndpoint("127.0.0.1:1"))
	doTimes(t, cache, 3)
	if err := cache.Close(); err != nil {
		t.Fatal(err)
	}
	doTimes(t, cache, 10)
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
	if log.count("level=WARN") != 1 {
		t.Errorf("closing is no reason to warn: %s", log.text.String())
	}
}

func TestRefusedRequestsAndCallersWhoLeaveDoNotOpenTheCircuit(t *testing.T) {
	server := fakecache.Start()
	defer server.Stop()
	for _, code := range []codes.Code{codes.InvalidArgument, codes.FailedPrecondition} {
		server.OnGet = func(*cachepb.GetRequest) error { return status.Error(code, "refused") }
		cache, _, log := steppedCache(t, WithEndpoint(server.Endpoint))
		doTimes(t, cache, 10)
		if isOpen(&cache.circuit) || log.count("level=WARN") > 1 {
			t.Errorf("%v: open %v, %s", code, isOpen(&cache.circuit), log.text.String())
		}
	}
	server.OnGet = nil
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	for range 10 {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, _ = cache.Do(ctx, asked, fetched)
	}
	if isOpen(&cache.circuit) {
		t.Error("callers who left opened the circuit")
	}
}

func TestALookupLeavesHalfOfTheCallersTime(t *testing.T) {
	server := fakecache.Start()
	defer server.Stop()
	frozen := make(chan struct{})
	defer close(frozen)
	server.OnGet = func(*cachepb.GetRequest) error { <-frozen; return nil }
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint)) // Whose timeout is 10 s.
	for range failuresToOpen {
		ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
		_, err := cache.Do(ctx, asked, func(ctx context.Context) (Answer, error) { return Answer{}, ctx.Err() })
		cancel()
		if err != nil {
			t.Errorf("the model call had no time left: %v", err)
		}
	}
	if !isOpen(&cache.circuit) {
		t.Error("a service that is slower than its callers' deadlines is asked on and on")
	}
}

func TestBadSettingsAreOneWarningAndTheCacheIsOff(t *testing.T) {
	cache, _, log := steppedCache(t, WithEndpoint("nonsense"))
	doTimes(t, cache, 10)
	if log.count("level=WARN") != 1 || log.count("PARACLE_CACHE_ENDPOINT") != 1 {
		t.Error(log.text.String())
	}
}

func TestWarningsAreBounded(t *testing.T) {
	cache, _, log := steppedCache(t, WithEnabled(false))
	for i := range 1000 {
		cache.warnOnce(strings.Repeat("é", i))
	}
	if lines := log.count("\n"); lines != mostNotices {
		t.Errorf("%d lines", lines)
	}
	cache.warnOnce(strings.Repeat("é", 1))
	if lines := log.count("\n"); lines != mostNotices {
		t.Errorf("%d lines after a repetition", lines)
	}
}

func TestTheServersEntryLimitIsLearnt(t *testing.T) {
	server := fakecache.Start()
	defer server.Stop()
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	cache.limit.bytes.Store(1)
	doTimes(t, cache, 1)
	if server.Sets.Load() != 0 {
		t.Error("an answer over the limit was sent")
	}
	eventually(t, "the limit is learnt", func() bool { return cache.limit.bytes.Load() == 3<<20 })
	doTimes(t, cache, 100)
	if server.Configs.Load() != 1 || server.Sets.Load() != 1 {
		t.Errorf("%d questions for the limit, %d Sets", server.Configs.Load(), server.Sets.Load())
	}
}

func TestFetchsErrorIsReturnedUntouchedAndNothingIsStored(t *testing.T) {
	server := fakecache.Start()
	defer server.Stop()
	cache, _, _ := steppedCache(t, WithEndpoint(server.Endpoint))
	mine := errors.New("mine")
	answer, err := cache.Do(context.Background(), asked, func(context.Context) (Answer, error) {
		return Answer{Payload: []byte("partial")}, mine
	})
	if err != mine || string(answer.Payload) != "partial" || server.Sets.Load() != 0 {
		t.Errorf("%+v, %v, %d Sets", answer, err, server.Sets.Load())
	}
}
