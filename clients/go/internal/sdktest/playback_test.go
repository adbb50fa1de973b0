package sdktest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/repository"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

// ask makes a recorded call through an SDK and returns the JSON of the answer, or of each event of a stream.
type ask func(t *testing.T, baseURL string, client *http.Client, exchange repository.Exchange) []string

// playBack makes each recorded call of the endpoints twice: the first reaches the provider, the second does not, and
// both give the same.
func playBack(t *testing.T, asks map[string]ask) {
	t.Helper()
	server := serverprocess.Start(t, "--max-size=0")
	transport := paraclecache.NewTransport(nil,
		paraclecache.WithEndpoint(server.Endpoint), paraclecache.WithTimeout(10*time.Second))
	defer transport.Close()
	played := map[string]int{}
	for _, exchange := range repository.Recorded(t) {
		ask, wanted := asks[exchange.Endpoint]
		if !wanted || exchange.Status != http.StatusOK || isBackground(exchange) {
			continue
		}
		category, _, _ := strings.Cut(exchange.Source.Category, "-")
		played[category]++
		playTwice(t, &http.Client{Transport: transport}, ask, exchange)
	}
	t.Logf("played %v", played)
	if _, embeddings := asks["/v1/embeddings"]; !embeddings && played["tools"] == 0 {
		t.Error("no tool call among the recordings")
	}
}

func isBackground(exchange repository.Exchange) bool {
	var request struct{ Background bool }
	return json.Unmarshal(exchange.RequestBody, &request) == nil && request.Background
}

func playTwice(t *testing.T, client *http.Client, ask ask, exchange repository.Exchange) {
	t.Helper()
	var calls atomic.Int64
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", exchange.ContentType())
		_, _ = w.Write(exchange.Response())
	}))
	defer provider.Close()
	first := ask(t, provider.URL, client, exchange)
	second := ask(t, provider.URL, client, exchange)
	name := exchange.Endpoint + " " + exchange.Source.Category
	if calls.Load() != 1 {
		t.Errorf("%s: %d calls reached the provider, want 1", name, calls.Load())
	}
	if !slices.Equal(first, second) || len(first) == 0 {
		t.Errorf("%s:\nfirst  %.300q\nsecond %.300q", name, first, second)
	}
	if exchange.IsStream() && len(first) < 2 {
		t.Errorf("%s: a stream of %d events", name, len(first))
	}
}

// raw is what the SDKs' answers and events have.
type raw interface{ RawJSON() string }

type events[T raw] interface {
	Next() bool
	Current() T
	Err() error
	Close() error
}

func drain[T raw](t *testing.T, stream events[T]) (found []string) {
	t.Helper()
	for stream.Next() {
		found = append(found, stream.Current().RawJSON())
	}
	if err := stream.Err(); err != nil {
		t.Error(err)
	}
	_ = stream.Close()
	return found
}

func one[T raw](t *testing.T, answer T, err error) []string {
	t.Helper()
	if err != nil {
		t.Error(err)
		return nil
	}
	return []string{answer.RawJSON()}
}
