// Command leaseload asks a cache the same questions from many goroutines at once, through Do, and counts what came of
// it: for drills that run it beside programs of other languages. Settings that no flag has are the environment's.
//
//	leaseload -endpoints 127.0.0.1:50051,127.0.0.1:50052 -model-url http://127.0.0.1:8080 -keys 10 -waiters 200
//
// The model is sent {"key": "k17"} and answers JSON that has "k17" in it. At the end one line of JSON is printed.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
)

const (
	atOnce   = 20 * time.Millisecond // Longer than a hit takes that nobody waited for.
	mostTold = 10                    // Errors, and answers of one key.
)

// result is what is printed.
type result struct {
	Answers int `json:"answers"`
	Wrong   int `json:"wrong"` // Answers that are another key's.
	// Keys with more than one answer, and the first of those.
	Distinct map[string][]string `json:"distinct"`
	Errors   int                 `json:"errors"`
	Waited   int                 `json:"waited"` // Hits that took longer than atOnce.
	Slowest  float64             `json:"slowest_seconds"`
	// When the last one asked, in seconds since 1970.
	LastAsked float64 `json:"last_asked"`
}

// tally collects from all goroutines.
type tally struct {
	mu     sync.Mutex
	result result
	seen   map[string][]string
}

func main() {
	endpoints := flag.String("endpoints", "localhost:50051", "one of each replica, by commas; callers take turns")
	modelURL := flag.String("model-url", "", "where the model answers; required")
	first := flag.Int("first", 0, "number of the first key")
	keys := flag.Int("keys", 1, "how many keys")
	waiters := flag.Int("waiters", 20, "callers of each key, all at once")
	coalesce := flag.Bool("coalesce", true, "false: every caller that misses calls the model")
	flag.Parse()
	if *modelURL == "" || *keys < 1 || *waiters < 1 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	caches := cachesOf(strings.Split(*endpoints, ","), *coalesce)
	counted := run(caches, &model{url: *modelURL, client: clientFor(*keys)}, *first, *keys, *waiters)
	for _, cache := range caches {
		_ = cache.Close()
	}
	if err := json.NewEncoder(os.Stdout).Encode(counted); err != nil {
		fmt.Fprintln(os.Stderr, "leaseload:", err)
		os.Exit(1)
	}
}

func cachesOf(endpoints []string, coalesce bool) []*paraclecache.Cache {
	var caches []*paraclecache.Cache
	for _, endpoint := range endpoints {
		caches = append(caches, paraclecache.New(
			paraclecache.WithEndpoint(endpoint), paraclecache.WithCoalesce(coalesce)))
	}
	return caches
}

// clientFor keeps as many connections as calls go on at once.
func clientFor(calls int) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = calls, calls
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func run(caches []*paraclecache.Cache, model *model, first, keys, waiters int) result {
	counted := tally{seen: map[string][]string{}}
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range keys * waiters {
		name, cache := fmt.Sprint("k", first+i%keys), caches[(i+i/keys)%len(caches)]
		all.Add(1)
		go func() {
			defer all.Done()
			<-start
			began := time.Now()
			counted.asked(began)
			answer, err := cache.Do(context.Background(), questionOf(name), model.asked(name))
			counted.add(name, answer, err, time.Since(began))
		}()
	}
	close(start)
	all.Wait()
	return counted.total()
}

func questionOf(name string) paraclecache.Key {
	return paraclecache.Key{
		Provider: "fake", Model: "counting", Messages: []map[string]any{{"role": "user", "content": name}},
	}
}

// model is the counting one.
type model struct {
	url    string
	client *http.Client
}

func (m *model) asked(name string) func(context.Context) (paraclecache.Answer, error) {
	return func(ctx context.Context) (paraclecache.Answer, error) {
		body, err := json.Marshal(map[string]string{"key": name})
		if err != nil {
			return paraclecache.Answer{}, err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, bytes.NewReader(body))
		if err != nil {
			return paraclecache.Answer{}, err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := m.client.Do(request)
		if err != nil {
			return paraclecache.Answer{}, err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("the model answers %s", response.Status)
		}
		return paraclecache.Answer{Payload: text}, err
	}
}

func (t *tally) asked(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.result.LastAsked = max(t.result.LastAsked, float64(at.UnixMicro())/1e6)
}

func (t *tally) add(name string, answer paraclecache.Answer, err error, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.result.Slowest = max(t.result.Slowest, took.Seconds())
	if err != nil {
		if t.result.Errors++; t.result.Errors <= mostTold {
			fmt.Fprintln(os.Stderr, "leaseload:", name, err)
		}
		return
	}
	text := string(answer.Payload)
	t.result.Answers++
	if !strings.Contains(text, `"`+name+`"`) {
		t.result.Wrong++
	}
	if answer.FromCache && took > atOnce {
		t.result.Waited++
	}
	if len(t.seen[name]) < mostTold && !slices.Contains(t.seen[name], text) {
		t.seen[name] = append(t.seen[name], text)
	}
}

func (t *tally) total() result {
	t.result.Distinct = map[string][]string{}
	for name, texts := range t.seen {
		if len(texts) > 1 {
			t.result.Distinct[name] = texts
		}
	}
	return t.result
}
