package paraclecache_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

// issue returns a token and the line that makes a server know it.
func issue(identity, roles string) (token, line string) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	token = "paracle_" + identity + "_" + base64.RawURLEncoding.EncodeToString(secret)
	return token, fmt.Sprintf("id=%s sha256=%x roles=%s namespaces=acme\n", identity, sha256.Sum256([]byte(token)), roles)
}

func TestATokenThatOnlyReadsGoesOnReading(t *testing.T) {
	reader, readerLine := issue("reader", "reader")
	writer, writerLine := issue("writer", "writer")
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte(readerLine+writerLine), 0o600); err != nil {
		t.Fatal(err)
	}
	server := serverprocess.Start(t, "--tokens-file="+tokens)
	with := func(token string) *paraclecache.Cache {
		return quietCache(t, server.Endpoint, paraclecache.WithNamespace("acme"), paraclecache.WithToken(token),
			paraclecache.WithTimeout(10*time.Second))
	}
	ask := func(cache *paraclecache.Cache, text string) paraclecache.Answer {
		t.Helper()
		answer, err := cache.Do(ctx, question(text), func(context.Context) (paraclecache.Answer, error) {
			return paraclecache.Answer{Payload: []byte(`{"a":1}`)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	ask(with(writer), "stored")
	reading := with(reader)
	for i := range 10 {
		if ask(reading, fmt.Sprint(i)).FromCache || ask(reading, fmt.Sprint(i)).FromCache {
			t.Error("a reader has stored something")
		}
	}
	if !ask(reading, "stored").FromCache {
		t.Error("what the writer stored is not read")
	}
}

func TestAServerToldAnUnknownTokenSaysUnauthenticated(t *testing.T) {
	_, line := issue("reader", "reader")
	unknown, _ := issue("reader", "reader")
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	server := serverprocess.Start(t, "--tokens-file="+tokens)
	client, err := paraclecache.NewClient(paraclecache.WithEndpoint(server.Endpoint), paraclecache.WithToken(unknown))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	_, err = client.Stats(ctx, paraclecache.StatsQuery{})
	var failed *paraclecache.Error
	if !errors.As(err, &failed) || failed.Code != codes.Unauthenticated {
		t.Errorf("%v", err)
	}
}
