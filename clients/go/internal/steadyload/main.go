// Command steadyload asks a cache so many times a second, evenly, until its standard input ends, and then prints what
// came of it as one line of JSON: for drills that do something to the replicas meanwhile. The endpoint and all else are
// the environment's; a line on standard input, NAME=VALUE of those that change, makes a new client.
//
//	PARACLE_CACHE_ENDPOINT=dns:///cache:50051 steadyload -rate 250
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
)

const (
	keys      = 2000
	callers   = 64
	mostTold  = 20
	batchSize = 16
)

// result is what is printed.
type result struct {
	Operations int       `json:"operations"`
	Hits       int       `json:"hits"`
	Stored     int       `json:"stored"`
	Wrong      int       `json:"wrong"` // Answers that are another key's.
	Errors     []string  `json:"errors"`
	ErrorCount int       `json:"error_count"`
	Seconds    []float64 `json:"seconds"` // From when an operation was due until it ended.
}

type tally struct {
	mu     sync.Mutex
	result result
}

func main() {
	rate := flag.Float64("rate", 250, "operations a second")
	flag.Parse()
	if *rate <= 0 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	var client atomic.Pointer[paraclecache.Client]
	client.Store(newClient())
	counted := tally{result: result{Errors: []string{}}}
	var all sync.WaitGroup
	over := make(chan struct{})
	due := make(chan time.Time, callers)
	go pace(due, over, time.Duration(float64(time.Second) / *rate))
	for range callers {
		all.Add(1)
		go func() {
			defer all.Done()
			for at := range due {
				counted.operate(client.Load(), at)
			}
		}()
	}
	fmt.Println("begun")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		_ = os.Setenv(name, value)
		replaced := client.Swap(newClient())
		time.AfterFunc(2*time.Second, func() { _ = replaced.Close() }) // What uses it has ended by then.
		fmt.Println("used")
	}
	close(over)
	all.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(counted.result); err != nil {
		fmt.Fprintln(os.Stderr, "steadyload:", err)
		os.Exit(1)
	}
}

func newClient() *paraclecache.Client {
	client, err := paraclecache.NewClient()
	if err != nil {
		fmt.Fprintln(os.Stderr, "steadyload:", err)
		os.Exit(2)
	}
	return client
}

// pace tells when each operation is due. One that finds no caller free waits, and is told when it was due.
func pace(due chan<- time.Time, over <-chan struct{}, interval time.Duration) {
	defer close(due)
	for at := time.Now(); ; at = at.Add(interval) {
		select {
		case <-over:
			return
		case <-time.After(time.Until(at)):
			due <- at
		}
	}
}

func (t *tally) operate(client *paraclecache.Client, due time.Time) {
	one := result{Operations: 1}
	var err error
	switch chance := rand.IntN(100); {
	case chance < 80:
		err = one.get(client)
	case chance < 90:
		err = one.set(client, rand.IntN(keys), nil)
	case chance < 95:
		err = one.batch(client)
	default:
		err = one.lease(client)
	}
	t.add(one, err, time.Since(due))
}

func (t *tally) add(one result, err error, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	total := &t.result
	total.Operations += one.Operations
	total.Hits += one.Hits
	total.Stored += one.Stored
	total.Wrong += one.Wrong
	total.Seconds = append(total.Seconds, took.Seconds())
	if err == nil {
		return
	}
	total.ErrorCount++
	if len(total.Errors) < mostTold {
		total.Errors = append(total.Errors, err.Error())
	}
}

func (r *result) get(client *paraclecache.Client) error {
	number := rand.IntN(keys)
	outcome, err := client.Get(context.Background(), question(number))
	if err != nil {
		return err
	}
	if hit, is := outcome.(*paraclecache.Hit); is {
		r.take(number, hit)
		return nil
	}
	return r.set(client, number, outcome.(*paraclecache.Miss).FillToken)
}

func (r *result) set(client *paraclecache.Client, number int, token []byte) error {
	entry := paraclecache.Entry{Payload: answer(number), FillToken: token}
	_, err := client.Set(context.Background(), question(number), entry)
	if err == nil {
		r.Stored++
	}
	return err
}

func (r *result) batch(client *paraclecache.Client) error {
	numbers := make([]int, batchSize)
	questions := make([]paraclecache.Question, batchSize)
	for i := range numbers {
		numbers[i] = rand.IntN(keys)
		questions[i] = question(numbers[i])
	}
	results, err := client.BatchGet(context.Background(), questions)
	if err != nil {
		return err
	}
	for i, one := range results {
		if one.Err != nil {
			return one.Err
		}
		if hit, is := one.Outcome.(*paraclecache.Hit); is {
			r.take(numbers[i], hit)
		}
	}
	return nil
}

// lease asks what nobody has asked.
func (r *result) lease(client *paraclecache.Client) error {
	number := keys + rand.IntN(1<<40)
	outcome, err := client.GetOrWait(context.Background(), question(number))
	if err != nil {
		return err
	}
	switch outcome := outcome.(type) {
	case *paraclecache.Lease:
		return r.set(client, number, outcome.FillToken)
	case *paraclecache.Miss:
		return r.set(client, number, outcome.FillToken)
	}
	return fmt.Errorf("an answer to what nobody has asked: %T", outcome)
}

func (r *result) take(number int, hit *paraclecache.Hit) {
	r.Hits++
	if !bytes.Equal(hit.Payload, answer(number)) {
		r.Wrong++
	}
}

func question(number int) paraclecache.Key {
	return paraclecache.Key{
		Provider: "fake", Model: "steady", Messages: []map[string]any{{"role": "user", "content": fmt.Sprint("k", number)}},
	}
}

// answer is what the drill's callers in Python store, too.
func answer(number int) []byte {
	return bytes.Repeat([]byte(fmt.Sprintf("answer of k%d;", number)), 1+number%200)
}
