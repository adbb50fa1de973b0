package paraclecache

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

// What GetConfigResponse.features may list.
const leasesFeature = "leases"

const factsKept = time.Minute

// serverFacts is what GetConfig told, kept for a while: servers are replaced. Who needs it first waits for it; later,
// the old answer holds while a new one is asked for. However many want to know, one RPC asks.
type serverFacts struct {
	mu     sync.Mutex
	known  *Config // Nil: not told yet.
	until  time.Time
	asking *factsQuestion // Nil: nobody asks.
}

type factsQuestion struct {
	done   chan struct{} // Closed when the others are set.
	config *Config
	err    error
}

// facts returns the server's configuration, a minute old at most but for one question. It is not to be modified.
func (c *Client) facts(ctx context.Context) (*Config, error) {
	known, question := c.told.current(func() (*Config, error) { return c.Config(context.WithoutCancel(ctx)) })
	if known != nil {
		return known, nil
	}
	select {
	case <-question.done:
		return question.config, question.err
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
}

// current returns what is known or, when nothing is, the question that is being asked.
func (f *serverFacts) current(ask func() (*Config, error)) (*Config, *factsQuestion) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asking == nil && !time.Now().Before(f.until) {
		f.asking = &factsQuestion{done: make(chan struct{})}
		go f.learn(f.asking, ask)
	}
	return f.known, f.asking
}

func (f *serverFacts) learn(question *factsQuestion, ask func() (*Config, error)) {
	question.config, question.err = ask()
	if code := codeOf(question.err); code == codes.PermissionDenied || code == codes.Unimplemented {
		// Who may not ask can still look up and store.
		question.config, question.err = &Config{}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asking = nil
	if question.err == nil {
		f.known = question.config
	}
	if f.known != nil {
		f.until = time.Now().Add(factsKept)
	}
	close(question.done)
}

// forget is for a server that cannot do what another one, or itself before, said that it could.
func (f *serverFacts) forget(feature string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil {
		return
	}
	config := *f.known
	config.Features = slices.DeleteFunc(slices.Clone(config.Features), func(listed string) bool { return listed == feature })
	f.known, f.until = &config, time.Now().Add(factsKept)
}
