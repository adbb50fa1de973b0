package paraclecache_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

var ctx = context.Background()

func newClient(t *testing.T, options ...paraclecache.Option) *paraclecache.Client {
	t.Helper()
	client, err := paraclecache.NewClient(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// realClient is a client of a real server; its RPCs may take as long as a busy machine needs.
func realClient(t *testing.T, options ...paraclecache.Option) *paraclecache.Client {
	t.Helper()
	server := serverprocess.Start(t)
	common := []paraclecache.Option{paraclecache.WithEndpoint(server.Endpoint), paraclecache.WithTimeout(10 * time.Second)}
	return newClient(t, append(common, options...)...)
}

func question(text string) paraclecache.Key {
	return paraclecache.Key{
		Provider: "openai", Model: "gpt-4", Messages: []map[string]any{{"role": "user", "content": text}},
	}
}

func mustMiss(t *testing.T, client *paraclecache.Client, question paraclecache.Question) *paraclecache.Miss {
	t.Helper()
	outcome, err := client.Get(ctx, question)
	miss, ok := outcome.(*paraclecache.Miss)
	if err != nil || !ok {
		t.Fatalf("got %T, %v; want a miss", outcome, err)
	}
	return miss
}

func mustHit(t *testing.T, client *paraclecache.Client, question paraclecache.Question) *paraclecache.Hit {
	t.Helper()
	outcome, err := client.Get(ctx, question)
	hit, ok := outcome.(*paraclecache.Hit)
	if err != nil || !ok {
		t.Fatalf("got %T, %v; want a hit", outcome, err)
	}
	return hit
}

func mustSet(t *testing.T, client *paraclecache.Client, question paraclecache.Question, entry paraclecache.Entry) {
	t.Helper()
	if _, err := client.Set(ctx, question, entry); err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasSetIsHitWithEverythingThatWasSaid(t *testing.T) {
	client := realClient(t)
	miss := mustMiss(t, client, question("a"))
	origin := paraclecache.Origin{PromptTokens: 9, CompletionTokens: 3, CostUSD: 0.5, Latency: 1500 * time.Millisecond}
	stored, err := client.Set(ctx, question("a"), paraclecache.Entry{
		Payload: []byte("\x00answer\xff"), ContentType: "text/x", TTL: time.Minute, FillToken: miss.FillToken, Origin: origin,
	})
	if err != nil || len(stored.Tiers) != 1 || stored.Tiers[0] != paraclecache.TierMemory {
		t.Fatalf("stored %+v, %v", stored, err)
	}
	hit := mustHit(t, client, question("a"))
	if string(hit.Payload) != "\x00answer\xff" || hit.ContentType != "text/x" || hit.Origin != origin || hit.HitCount != 1 {
		t.Errorf("hit %+v", hit)
	}
	if life := hit.ExpireTime.Sub(hit.CreateTime).Round(time.Second); life != time.Minute {
		t.Errorf("it lives %v, want 1m", life)
	}
}

func TestTheClientsTTLIsForEntriesWithoutOne(t *testing.T) {
	client := realClient(t, paraclecache.WithTTL(5*time.Minute))
	mustSet(t, client, question("a"), paraclecache.Entry{})
	hit := mustHit(t, client, question("a"))
	if life := hit.ExpireTime.Sub(hit.CreateTime).Round(time.Second); life != 5*time.Minute {
		t.Errorf("it lives %v, want 5m", life)
	}
}

func TestAnEntryOverGRPCsOwnLimitIsRead(t *testing.T) {
	server := serverprocess.Start(t, "--max-entry-bytes=16MiB")
	client := newClient(t, paraclecache.WithEndpoint(server.Endpoint), paraclecache.WithTimeout(10*time.Second))
	payload := bytes.Repeat([]byte("x"), 8<<20)
	mustSet(t, client, question("a"), paraclecache.Entry{Payload: payload})
	if hit := mustHit(t, client, question("a")); !bytes.Equal(hit.Payload, payload) {
		t.Errorf("%d bytes came back", len(hit.Payload))
	}
}

func TestAFillThatBeganBeforeAnInvalidationIsRefused(t *testing.T) {
	client := realClient(t)
	miss := mustMiss(t, client, question("a"))
	if _, err := client.Invalidate(ctx, paraclecache.Invalidation{Question: question("a")}); err != nil {
		t.Fatal(err)
	}
	_, err := client.Set(ctx, question("a"), paraclecache.Entry{FillToken: miss.FillToken})
	var failed *paraclecache.Error
	if !errors.As(err, &failed) || failed.Code != codes.FailedPrecondition || failed.Reason != "STALE_FILL_TOKEN" {
		t.Errorf("got %v, want FailedPrecondition with reason STALE_FILL_TOKEN", err)
	}
}

func TestInvalidationByEachTarget(t *testing.T) {
	client := realClient(t)
	for name, what := range map[string]paraclecache.Invalidation{
		"question":   {Question: question("a")},
		"tag":        {Tag: "t"},
		"model":      {Model: "gpt-4"},
		"everything": {Everything: true},
	} {
		mustSet(t, client, question("a"), paraclecache.Entry{Tags: []string{"t"}})
		what.DryRun = true
		if removed, err := client.Invalidate(ctx, what); err != nil || removed.Count != 1 {
			t.Errorf("%s, dry: %+v, %v", name, removed, err)
		}
		mustHit(t, client, question("a"))
		what.DryRun = false
		if removed, err := client.Invalidate(ctx, what); err != nil || removed.Count != 1 {
			t.Errorf("%s: %+v, %v", name, removed, err)
		}
		mustMiss(t, client, question("a"))
	}
}

func TestAnInvalidationHasExactlyOneTarget(t *testing.T) {
	client := newClient(t)
	for _, what := range []paraclecache.Invalidation{{}, {Tag: "t", Everything: true}} {
		_, err := client.Invalidate(ctx, what)
		var failed *paraclecache.Error
		if !errors.As(err, &failed) || failed.Code != codes.InvalidArgument {
			t.Errorf("%+v: %v", what, err)
		}
	}
}

func TestClearEmptiesOneNamespace(t *testing.T) {
	client := realClient(t)
	mustSet(t, client, question("a"), paraclecache.Entry{})
	mustSet(t, client, question("b"), paraclecache.Entry{})
	if removed, err := client.Clear(ctx); err != nil || removed.Count != 2 {
		t.Errorf("%+v, %v", removed, err)
	}
	mustMiss(t, client, question("a"))
}

func TestBatchesAnswerInOrderAndEachEntryFailsAlone(t *testing.T) {
	client := realClient(t)
	stored, err := client.BatchSet(ctx, []paraclecache.BatchEntry{
		{Question: question("a"), Entry: paraclecache.Entry{Payload: []byte("A")}},
		{Question: question("b"), Entry: paraclecache.Entry{TTL: -time.Second}},
	})
	if err != nil || stored[0].Err != nil || stored[0].Stored == nil {
		t.Fatalf("%+v, %v", stored, err)
	}
	var failed *paraclecache.Error
	if !errors.As(stored[1].Err, &failed) || failed.Code != codes.InvalidArgument {
		t.Errorf("a negative ttl: %v", stored[1].Err)
	}
	found, err := client.BatchGet(ctx, []paraclecache.Question{question("b"), question("a")})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := found[0].Outcome.(*paraclecache.Miss); !ok {
		t.Errorf("b: %+v", found[0])
	}
	if hit, ok := found[1].Outcome.(*paraclecache.Hit); !ok || string(hit.Payload) != "A" {
		t.Errorf("a: %+v", found[1])
	}
}

func TestStatsConfigAndHealth(t *testing.T) {
	client := realClient(t)
	mustMiss(t, client, question("a"))
	mustSet(t, client, question("a"), paraclecache.Entry{Origin: paraclecache.Origin{CostUSD: 0.25}})
	mustHit(t, client, question("a"))
	stats, err := client.Stats(ctx, paraclecache.StatsQuery{})
	if err != nil || stats.Total.Hits != 1 || stats.Total.Misses != 1 || *stats.Total.HitRate != 0.5 ||
		stats.Total.SavedCostUSD != 0.25 || stats.Backend != "memory" || !stats.Enabled || stats.SharedTier != nil {
		t.Errorf("stats %+v, %v", stats, err)
	}
	if len(stats.ByModel) != 1 || stats.ByModel[0].Model != "gpt-4" {
		t.Errorf("by model: %+v", stats.ByModel)
	}
	config, err := client.Config(ctx)
	if err != nil || config.Version == "" || config.Limits.MaxEntryBytes != 3<<20 || len(config.Settings) == 0 {
		t.Errorf("config %+v, %v", config, err)
	}
	if err := client.Health(ctx); err != nil {
		t.Error(err)
	}
}

func TestErrorsAreTyped(t *testing.T) {
	client := newClient(t, paraclecache.WithEndpoint("127.0.0.1:1"))
	_, err := client.Get(ctx, question("a"))
	var failed *paraclecache.Error
	if !errors.As(err, &failed) || failed.Code != codes.Unavailable {
		t.Errorf("nobody listens: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := client.Get(cancelled, question("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	var refused *paraclecache.KeyRefusedError
	if _, err := client.Get(ctx, paraclecache.Key{}); !errors.As(err, &refused) || refused.Place != "/provider" {
		t.Errorf("no provider: %v", err)
	}
}

func TestACacheThatIsSwitchedOffAnswersWithoutAServer(t *testing.T) {
	client := newClient(t, paraclecache.WithEnabled(false), paraclecache.WithEndpoint("127.0.0.1:1"))
	mustMiss(t, client, question("a"))
	mustSet(t, client, question("a"), paraclecache.Entry{})
	mustMiss(t, client, question("a"))
	if results, err := client.BatchGet(ctx, []paraclecache.Question{question("a")}); err != nil || len(results) != 1 {
		t.Errorf("%v, %v", results, err)
	}
	var failed *paraclecache.Error
	if _, err := client.Stats(ctx, paraclecache.StatsQuery{}); !errors.As(err, &failed) || failed.Reason != "CACHE_DISABLED" {
		t.Errorf("stats: %v", err)
	}
}
