package main

import (
	"context"
	"fmt"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
)

func main() {
	cache := paraclecache.New()
	defer cache.Close()
	key := paraclecache.Key{
		Provider:    "openai",
		Model:       "gpt-4",
		Messages:    []map[string]any{{"role": "user", "content": "Hello!"}},
		Temperature: paraclecache.Ptr(0.7),
	}
	answer, err := cache.Do(context.Background(), key, func(context.Context) (paraclecache.Answer, error) {
		fmt.Println("calling the model")
		return paraclecache.Answer{Payload: []byte(`{"text": "Hi there!"}`)}, nil
	})
	fmt.Println(string(answer.Payload), answer.FromCache, err)
}
