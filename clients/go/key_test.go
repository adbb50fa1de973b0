package paraclecache_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"testing"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/repository"
)

// checkKey compares a key with what a vector expects of it.
func checkKey(t *testing.T, expect repository.Expect, key paraclecache.Key, err error) {
	t.Helper()
	var document []byte
	if err == nil {
		document, err = key.Document()
	}
	var refused *paraclecache.KeyRefusedError
	place := ""
	if errors.As(err, &refused) {
		place = refused.Place
	}
	expect.Check(t, document, place, err)
	if id, err := key.EntryID(); expect.RefusedAt == nil && (err != nil || id.String() != expect.Digest) {
		t.Errorf("digest %s, %v; want %s", id, err, expect.Digest)
	}
}

func TestKeyVectorsOfDocuments(t *testing.T) {
	for _, vector := range repository.KeyVectors(t).Keys {
		t.Run(vector.Why, func(t *testing.T) {
			key, err := paraclecache.KeyFromDocument(vector.Document.Bytes(t, vector.DocumentBase64))
			checkKey(t, vector.Expect, key, err)
		})
	}
}

func TestKeyVectorsOfBodies(t *testing.T) {
	for _, vector := range repository.KeyVectors(t).Bodies {
		t.Run(vector.Why, func(t *testing.T) {
			header := http.Header{}
			for _, pair := range vector.Headers {
				header.Add(pair[0], pair[1])
			}
			key, err := paraclecache.KeyFromRequest(paraclecache.ProviderRequest{
				Provider: vector.Provider, Endpoint: vector.Endpoint, Header: header,
				Body: vector.Body.Bytes(t, vector.BodyBase64),
			})
			checkKey(t, vector.Expect, key, err)
		})
	}
}

func TestAKeyOfGoValuesIsThatOfItsDocument(t *testing.T) {
	key := paraclecache.Key{
		Provider: "openai", Endpoint: "/v1/chat/completions", Model: "gpt-4",
		Messages:    []map[string]any{{"role": "user", "content": "a < b & \u2028"}},
		Temperature: paraclecache.Ptr(0.705), MaxTokens: paraclecache.Ptr(int64(100)), Variant: 2,
		Params: struct {
			Seed int      `json:"seed"`
			Stop []string `json:"stop"`
		}{7, []string{"\n"}},
		Headers: map[string]string{"openai-beta": "x"},
	}
	got, err := key.Document()
	want := `{"endpoint":"/v1/chat/completions","headers":{"openai-beta":"x"},"max_tokens":100,` +
		`"messages":[{"content":"a < b & ` + "\u2028" + `","role":"user"}],"model":"gpt-4",` +
		`"params":{"seed":7,"stop":["\n"]},"provider":"openai","temperature":0.7,"v":1,"variant":2}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	again, err := paraclecache.KeyFromDocument(got)
	if text, _ := again.Document(); err != nil || string(text) != want {
		t.Errorf("read again: %s, %v", text, err)
	}
}

func TestGoValuesThatHaveNoKeyAreRefusedWithTheirPlace(t *testing.T) {
	type object = map[string]any
	deep := json.RawMessage(fmt.Sprintf(`{"x":%s%s}`, repeat("[", 99), repeat("]", 99)))
	for place, key := range map[string]paraclecache.Key{
		"/provider":                    {},
		"/messages":                    {Provider: "p", Messages: []object{{"content": "a\xffb"}}},
		"/messages/1":                  {Provider: "p", Messages: []any{object{}, 1}},
		"/messages/0/content":          {Provider: "p", Messages: json.RawMessage(`[{"content":"\ud800"}]`)},
		"/params":                      {Provider: "p", Params: []byte("{}")},
		"/params/seed":                 {Provider: "p", Params: object{"seed": int64(1 << 53)}},
		"/temperature":                 {Provider: "p", Temperature: paraclecache.Ptr(math.NaN())},
		"/max_tokens":                  {Provider: "p", MaxTokens: paraclecache.Ptr(int64(math.MaxInt64))},
		"/model":                       {Provider: "p", Model: "\xff"},
		"/params/x" + repeat("/0", 98): {Provider: "p", Params: deep},
	} {
		_, err := key.EntryID()
		var refused *paraclecache.KeyRefusedError
		if !errors.As(err, &refused) || refused.Place != place {
			t.Errorf("got %v, want a refusal at %s", err, place)
		}
	}
}

func repeat(text string, count int) string {
	out := ""
	for range count {
		out += text
	}
	return out
}
