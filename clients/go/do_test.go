package paraclecache_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

// realCache is a cache on a real server, and a client of the same server to look behind it.
func realCache(t *testing.T, options ...paraclecache.Option) (*paraclecache.Cache, *paraclecache.Client) {
	t.Helper()
	server := serverprocess.Start(t)
	common := []paraclecache.Option{paraclecache.WithEndpoint(server.Endpoint), paraclecache.WithTimeout(10 * time.Second)}
	options = append(common, options...)
	cache := paraclecache.New(options...)
	t.Cleanup(func() { _ = cache.Close() })
	return cache, newClient(t, options...)
}

// model answers and counts.
type model struct {
	calls  atomic.Int64
	answer paraclecache.Answer
}

func (m *model) fetch(context.Context) (paraclecache.Answer, error) {
	m.calls.Add(1)
	return m.answer, nil
}

func answering(text string) *model {
	return &model{answer: paraclecache.Answer{Payload: []byte(text)}}
}

func mustDo(t *testing.T, cache *paraclecache.Cache, key paraclecache.Question, model *model) paraclecache.Answer {
	t.Helper()
	answer, err := cache.Do(ctx, key, model.fetch)
	if err != nil || string(answer.Payload) != string(model.answer.Payload) {
		t.Fatalf("%+v, %v", answer, err)
	}
	return answer
}

const wholeChat = `{"object":"chat.completion","model":"gpt-4-0613",
"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],
"usage":{"prompt_tokens":9,"completion_tokens":3}}`

func TestTheSecondCallIsAnsweredFromTheCache(t *testing.T) {
	prices := paraclecache.PriceTable{"gpt-4": {InputPerMillion: 10, OutputPerMillion: 20}}
	cache, client := realCache(t, paraclecache.WithCost(prices.Cost))
	upstream := answering(wholeChat)
	if mustDo(t, cache, question("a"), upstream).FromCache {
		t.Error("the first answer claims to come from the cache")
	}
	second := mustDo(t, cache, question("a"), upstream)
	if !second.FromCache || second.ContentType != "application/json" || upstream.calls.Load() != 1 {
		t.Errorf("%+v after %d calls", second, upstream.calls.Load())
	}
	origin := mustHit(t, client, question("a")).Origin
	if origin.PromptTokens != 9 || origin.CompletionTokens != 3 || origin.CostUSD != 150e-6 || origin.Latency <= 0 {
		t.Errorf("origin %+v", origin)
	}
}

func TestWhatTheCallerSaysOfTheCostIsKept(t *testing.T) {
	cache, client := realCache(t)
	upstream := answering(wholeChat)
	upstream.answer.Origin = paraclecache.Origin{PromptTokens: 1, CostUSD: 2, Latency: 3 * time.Second}
	upstream.answer.Tags = []string{"mine"}
	mustDo(t, cache, question("a"), upstream)
	if origin := mustHit(t, client, question("a")).Origin; origin != upstream.answer.Origin {
		t.Errorf("origin %+v", origin)
	}
	if removed, err := client.Invalidate(ctx, paraclecache.Invalidation{Tag: "mine"}); err != nil || removed.Count != 1 {
		t.Errorf("%+v, %v", removed, err)
	}
}

func TestWhatIsNotStored(t *testing.T) {
	cut := `{"choices":[{"message":{},"finish_reason":"length"}]}`
	for name, made := range map[string]struct {
		answer paraclecache.Answer
		calls  int64
	}{
		"cut short":                {paraclecache.Answer{Payload: []byte(cut)}, 2},
		"cut short, but wanted":    {paraclecache.Answer{Payload: []byte(cut), Store: paraclecache.StoreAlways}, 1},
		"an error":                 {paraclecache.Answer{Payload: []byte(`{"error":{"message":"no"}}`)}, 2},
		"whole, but not wanted":    {paraclecache.Answer{Payload: []byte(wholeChat), Store: paraclecache.StoreNever}, 2},
		"of no shape that is told": {paraclecache.Answer{Payload: []byte(`{"x":1}`)}, 1},
		"of another content type":  {paraclecache.Answer{Payload: []byte(`x`), ContentType: "text/plain"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			cache, _ := realCache(t)
			upstream := &model{answer: made.answer}
			mustDo(t, cache, question("a"), upstream)
			mustDo(t, cache, question("a"), upstream)
			if upstream.calls.Load() != made.calls {
				t.Errorf("%d calls, want %d", upstream.calls.Load(), made.calls)
			}
		})
	}
}

func TestAnEntryOfAnotherContentTypeIsAMiss(t *testing.T) {
	cache, client := realCache(t)
	mustSet(t, client, question("a"), paraclecache.Entry{Payload: []byte("HTTP/1.1"), ContentType: "application/http; msgtype=response"})
	upstream := answering("{}")
	if mustDo(t, cache, question("a"), upstream); upstream.calls.Load() != 1 {
		t.Error("answered with what another reader stored")
	}
}

func TestAQuestionWithoutAKeyIsAnsweredByTheModel(t *testing.T) {
	cache, _ := realCache(t)
	upstream := answering("{}")
	unkeyed := paraclecache.Key{Provider: "p", Params: json.RawMessage(`{"seed":1e400}`)}
	mustDo(t, cache, unkeyed, upstream)
	mustDo(t, cache, unkeyed, upstream)
	mustDo(t, cache, nil, upstream)
	if upstream.calls.Load() != 3 {
		t.Errorf("%d calls", upstream.calls.Load())
	}
}

func TestAnAnswerIsStoredThoughItsCallerLeft(t *testing.T) {
	cache, client := realCache(t)
	leaving, leave := context.WithCancel(ctx)
	if _, err := cache.Do(leaving, question("a"), func(context.Context) (paraclecache.Answer, error) {
		leave()
		return paraclecache.Answer{Payload: []byte("{}")}, nil
	}); err != nil {
		t.Fatal(err)
	}
	mustHit(t, client, question("a"))
}

func TestAPanicOfFetchGoesThroughAndNothingIsStored(t *testing.T) {
	cache, client := realCache(t)
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("the panic did not come through")
			}
		}()
		_, _ = cache.Do(ctx, question("a"), func(context.Context) (paraclecache.Answer, error) { panic("mine") })
	}()
	mustMiss(t, client, question("a"))
}

func TestAnAnswerOlderThanAnInvalidationIsNotStored(t *testing.T) {
	cache, client := realCache(t)
	_, err := cache.Do(ctx, question("a"), func(context.Context) (paraclecache.Answer, error) {
		_, err := client.Invalidate(ctx, paraclecache.Invalidation{Everything: true})
		return paraclecache.Answer{Payload: []byte("{}")}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	mustMiss(t, client, question("a"))
}

func TestAHitIsTheCallersOwnCopy(t *testing.T) {
	cache, _ := realCache(t)
	upstream := answering("{}")
	mustDo(t, cache, question("a"), upstream)
	spoilt := mustDo(t, cache, question("a"), upstream)
	copy(spoilt.Payload, "xx")
	if answer := mustDo(t, cache, question("a"), upstream); string(answer.Payload) != "{}" {
		t.Errorf("%s", answer.Payload)
	}
}
