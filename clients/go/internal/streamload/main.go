// Command streamload reads one answer many times while it comes, and tells when each reader had what: for drills that
// run it beside programs of other languages. A plan (JSON) is read from its input, once for all; a report (JSON, one
// line) is printed at the end. It prints `ready` when it is connected.
//
// Moments are seconds of the machine's clock since 1970, so that processes can compare them; times are in seconds.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// plan says who reads what, and when. Endpoints are those of the replicas.
type plan struct {
	Endpoints []string  `json:"endpoints"`
	Begin     float64   `json:"begin"` // The moment that arrivals count from.
	Arrivals  []arrival `json:"arrivals"`

	// Digest (hexadecimal) makes them raw followers. Each rests for Pause after each message, until PausedUntil.
	Digest      string  `json:"digest"`
	Pause       float64 `json:"pause"`
	PausedUntil float64 `json:"paused_until"`

	// URL and Body make them readers of a provider's stream, through the client's transport.
	URL  string `json:"url"`
	Body string `json:"body"`
}

type arrival struct {
	Replica int     `json:"replica"`
	At      float64 `json:"at"`
}

// reader is what became of one.
type reader struct {
	Replica int       `json:"replica"`
	How     string    `json:"how"`    // What it was told first: hit, pending, lease; of the transport its header.
	Live    bool      `json:"live"`   // It read while the answer came.
	First   float64   `json:"first"`  // From its arrival to its first chunk.
	SHA256  string    `json:"sha256"` // Of all chunks.
	Lags    []float64 `json:"lags"`   // Of live chunks, from sent to read.
	Error   string    `json:"error"`
}

type report struct {
	Readers  []reader  `json:"readers"`
	Lateness []float64 `json:"lateness"` // Of this process itself.
}

type crowd interface {
	read(ctx context.Context, replica int) reader
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "streamload:", err)
		os.Exit(1)
	}
}

func run() error {
	var p plan
	if err := json.NewDecoder(os.Stdin).Decode(&p); err != nil {
		return fmt.Errorf("the plan: %w", err)
	}
	readers, err := crowdOf(p)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return json.NewEncoder(os.Stdout).Encode(readAll(p, readers))
}

func crowdOf(p plan) (crowd, error) {
	if p.Digest != "" {
		return newFollowers(p)
	}
	return newBuyers(p), nil
}

func readAll(p plan, readers crowd) report {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	found := report{Readers: make([]reader, len(p.Arrivals))}
	late := measureLateness()
	var all sync.WaitGroup
	for i, each := range p.Arrivals {
		all.Add(1)
		time.AfterFunc(time.Until(moment(p.Begin+each.At)), func() {
			defer all.Done()
			found.Readers[i] = readers.read(ctx, each.Replica)
		})
	}
	all.Wait()
	found.Lateness = late.stop()
	return found
}

func moment(seconds float64) time.Time { return time.Unix(0, int64(seconds*1e9)) }

func sinceEpoch() float64 { return float64(time.Now().UnixNano()) / 1e9 }
