package paraclecache_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/fakecache"
)

// The examples run against a cache in this process; yours is at localhost:50051 or where PARACLE_CACHE_ENDPOINT says.
func startCache() (endpoint string, stop func()) {
	server := fakecache.Start()
	return server.Endpoint, server.Stop
}

func Example() {
	endpoint, stop := startCache()
	defer stop()

	cache := paraclecache.New(paraclecache.WithEndpoint(endpoint))
	defer cache.Close()
	key := paraclecache.Key{
		Provider:    "openai",
		Model:       "gpt-4",
		Messages:    []map[string]any{{"role": "user", "content": "Hello!"}},
		Temperature: paraclecache.Ptr(0.7),
	}
	for range 2 {
		answer, err := cache.Do(context.Background(), key, func(context.Context) (paraclecache.Answer, error) {
			fmt.Println("the model is called")
			return paraclecache.Answer{Payload: []byte(`"Hi there!"`)}, nil
		})
		fmt.Println(string(answer.Payload), answer.FromCache, err)
	}
	// Output:
	// the model is called
	// "Hi there!" false <nil>
	// "Hi there!" true <nil>
}

func ExampleNewTransport() {
	endpoint, stop := startCache()
	defer stop()
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Println("the provider is called")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"Hi there!"},"finish_reason":"stop"}]}`)
	}))
	defer provider.Close()

	transport := paraclecache.NewTransport(nil, paraclecache.WithEndpoint(endpoint))
	defer transport.Close()
	client := &http.Client{Transport: transport} // Give this to any SDK.
	for range 2 {
		response, err := client.Post(provider.URL+"/v1/chat/completions", "application/json",
			strings.NewReader(`{"model":"gpt-4","messages":[{"role":"user","content":"Hello!"}]}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		fmt.Println(response.Header.Get("X-Paracle-Cache"), string(body))
	}
	// Output:
	// the provider is called
	// miss {"choices":[{"message":{"content":"Hi there!"},"finish_reason":"stop"}]}
	// hit {"choices":[{"message":{"content":"Hi there!"},"finish_reason":"stop"}]}
}

func ExampleClient() {
	endpoint, stop := startCache()
	defer stop()

	client, err := paraclecache.NewClient(
		paraclecache.WithEndpoint(endpoint), paraclecache.WithNamespace("team-a"), paraclecache.WithTimeout(time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx := context.Background()
	key := paraclecache.Key{Provider: "openai", Model: "gpt-4", Params: map[string]any{"input": "Hello!"}}
	outcome, err := client.Get(ctx, key)
	if err != nil {
		fmt.Println(err)
		return
	}
	switch found := outcome.(type) {
	case *paraclecache.Hit:
		fmt.Println("stored already:", string(found.Payload))
	case *paraclecache.Miss:
		_, err = client.Set(ctx, key, paraclecache.Entry{
			Payload:   []byte(`"Hi there!"`),
			FillToken: found.FillToken,
			Origin:    paraclecache.Origin{PromptTokens: 9, CompletionTokens: 3, CostUSD: 0.0004},
		})
		fmt.Println("stored now:", err)
	}
	// Output: stored now: <nil>
}

func ExampleKey() {
	key := paraclecache.Key{Provider: "p"}
	id, err := key.EntryID()
	fmt.Println(id, err)
	_, err = paraclecache.Key{Provider: "p", Params: map[string]any{"seed": int64(1) << 53}}.EntryID()
	fmt.Println(err)
	// Output:
	// 8b507409bd2c339f403d12a566d9e65b4dd291f8d976fa135b0bf4851586a74a <nil>
	// paraclecache: no key: "/params/seed": number beyond 2^53-1
}
