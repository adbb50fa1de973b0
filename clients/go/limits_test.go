package paraclecache_test

import (
	"errors"
	"testing"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

func TestANamespaceOverItsLimitIsToldWhenToComeBack(t *testing.T) {
	server := serverprocess.Start(t, "--namespace-limits", "greedy:rps=2")
	client := newClient(t, paraclecache.WithEndpoint(server.Endpoint), paraclecache.WithNamespace("greedy"),
		paraclecache.WithTimeout(10*time.Second))
	var err error
	for i := 0; i < 10 && err == nil; i++ {
		_, err = client.Get(ctx, question("limited"))
	}
	var refused *paraclecache.Error
	if !errors.As(err, &refused) || refused.Reason != "NAMESPACE_LIMIT" {
		t.Fatalf("got %v", err)
	}
	if refused.RetryAfter <= 0 || refused.RetryAfter > 500*time.Millisecond {
		t.Errorf("told to come back after %v", refused.RetryAfter)
	}
}
