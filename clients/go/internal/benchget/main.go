// Benchget measures Get hits of 4 KiB over one connection of this client, or of a bare grpc-go client that sends the
// same request's bytes to the same server and does not look at the answers. It prints hits per second.
//
//	benchget -endpoint HOST:PORT -client paracle|bare [-goroutines 64] [-duration 2s]
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
)

const payloadBytes = 4096

var (
	id      = paraclecache.EntryID{Digest: [32]byte{1}, Provider: "bench", Model: "bench"}
	payload = bytes.Repeat([]byte("x"), payloadBytes)
)

// get makes one call and returns an error unless it was a hit.
type get func(context.Context) error

func main() {
	endpoint := flag.String("endpoint", "localhost:50051", "of a cache that may be written to")
	client := flag.String("client", "paracle", "paracle or bare")
	goroutines := flag.Int("goroutines", 64, "calls at a time")
	duration := flag.Duration("duration", 2*time.Second, "how long to measure")
	flag.Parse()
	rate, err := measure(*client, *endpoint, *goroutines, *duration)
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchget:", err)
		os.Exit(1)
	}
	fmt.Printf("%.0f\n", rate)
}

func measure(name, endpoint string, goroutines int, duration time.Duration) (float64, error) {
	ours, err := paraclecache.NewClient(paraclecache.WithEndpoint(endpoint), paraclecache.WithTimeout(10*time.Second))
	if err != nil {
		return 0, err
	}
	defer ours.Close()
	if _, err := ours.Set(context.Background(), id, paraclecache.Entry{Payload: payload}); err != nil {
		return 0, err
	}
	var call get
	switch name {
	case "paracle":
		call = func(ctx context.Context) error { return getWith(ctx, ours) }
	case "bare":
		bare, err := connectBare(endpoint)
		if err != nil {
			return 0, err
		}
		defer bare.conn.Close()
		call = bare.get
	default:
		return 0, fmt.Errorf("-client %q; accepted: paracle, bare", name)
	}
	if _, err := run(call, goroutines, 300*time.Millisecond); err != nil { // To warm up.
		return 0, err
	}
	return run(call, goroutines, duration)
}

func getWith(ctx context.Context, client *paraclecache.Client) error {
	outcome, err := client.Get(ctx, id)
	if err != nil {
		return err
	}
	if hit, ok := outcome.(*paraclecache.Hit); !ok || len(hit.Payload) != payloadBytes {
		return fmt.Errorf("no hit of %d bytes: %T", payloadBytes, outcome)
	}
	return nil
}

// run returns calls per second.
func run(call get, goroutines int, duration time.Duration) (float64, error) {
	var calls atomic.Int64
	var failed atomic.Value
	var all sync.WaitGroup
	began := time.Now()
	for range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			count := 0
			for ; time.Since(began) < duration; count++ {
				if err := call(context.Background()); err != nil {
					failed.Store(err)
					break
				}
			}
			calls.Add(int64(count))
		}()
	}
	all.Wait()
	if err, bad := failed.Load().(error); bad {
		return 0, err
	}
	return float64(calls.Load()) / time.Since(began).Seconds(), nil
}
