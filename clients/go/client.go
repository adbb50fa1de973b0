package paraclecache

import (
	"context"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// Client asks a Paracle Cache service and tells when that fails: see [Cache] for what never does.
//
// Every method is bounded by the sooner of its context's deadline and the client's timeout, retries included, and
// returns an *[Error] when the service did not answer as asked, or a *[KeyRefusedError] when a question has no key.
// Safe for concurrent use. With the cache switched off, lookups miss, what is stored is dropped, nothing is removed, and
// Stats, Config and Health fail.
type Client struct {
	settings *settings
	conn     *grpc.ClientConn // Nil when the cache is switched off.
	cache    cachepb.CacheServiceClient
	admin    cachepb.AdminServiceClient
	health   healthpb.HealthClient
	told     serverFacts
	waits    slots
	asks     slots
	streams  slots
}

// NewClient makes a client; it connects when it is first used. The error is a *[ConfigError], which names the setting,
// its value and what is accepted.
func NewClient(options ...Option) (*Client, error) {
	settings, err := resolve(options, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	return newClient(settings)
}

func newClient(settings *settings) (*Client, error) {
	client := &Client{
		settings: settings, waits: newSlots(waitsAtOnce), asks: newSlots(asksAtOnce), streams: newSlots(streamsAtOnce),
	}
	if !*settings.enabled {
		return client, nil
	}
	conn, err := connect(settings)
	if err != nil {
		return nil, err
	}
	client.conn = conn
	client.cache = cachepb.NewCacheServiceClient(conn)
	client.admin = cachepb.NewAdminServiceClient(conn)
	client.health = healthpb.NewHealthClient(conn)
	return client, nil
}

// Close ends the connection. RPCs that are under way fail.
func (c *Client) Close() error {
	if c.conn == nil {
		return nil
	}
	return errorOf(c.conn.Close())
}

// ask makes one RPC, bounded as every method is.
func ask[Request, Response any](
	ctx context.Context, c *Client,
	method func(context.Context, *Request, ...grpc.CallOption) (*Response, error), request *Request,
) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, *c.settings.timeout)
	defer cancel()
	response, err := method(ctx, request)
	if err != nil {
		return nil, errorOf(err)
	}
	return response, nil
}

// Get looks up one answer: a *[Hit] or a *[Miss].
func (c *Client) Get(ctx context.Context, question Question) (Outcome, error) {
	return c.get(ctx, question, nil)
}

func (c *Client) get(ctx context.Context, question Question, lease *cachepb.LeaseRequest) (Outcome, error) {
	entry, err := c.entryRef(question)
	if err != nil {
		return nil, err
	}
	if c.conn == nil {
		return &Miss{}, nil
	}
	response, err := c.callGet(ctx, &cachepb.GetRequest{Entry: entry, Lease: lease})
	if err != nil {
		return nil, err
	}
	return outcomeOf(response), nil
}

// Set stores one answer, replacing what was there. A FailedPrecondition says that the question was invalidated after
// the fill began: nothing was stored, do not retry.
func (c *Client) Set(ctx context.Context, question Question, entry Entry) (*Stored, error) {
	request, err := c.setRequest(question, entry)
	if err != nil {
		return nil, err
	}
	if c.conn == nil {
		return &Stored{}, nil
	}
	response, err := ask(ctx, c, c.cache.Set, request)
	if err != nil {
		return nil, err
	}
	return storedOf(response), nil
}

// Invalidate forgets answers of the namespace. When it returns, no later Get on that server sees them, and no answer
// whose fill began before can bring one back. Unavailable: a shared tier could not be told; repeat it.
func (c *Client) Invalidate(ctx context.Context, what Invalidation) (Removed, error) {
	request, err := c.invalidateRequest(what)
	if err != nil || c.conn == nil {
		return Removed{}, err
	}
	response, err := ask(ctx, c, c.cache.Invalidate, request)
	if err != nil {
		return Removed{}, err
	}
	return Removed{Count: response.GetRemovedCount(), Estimated: response.GetEstimated()}, nil
}

// Clear forgets every answer of the namespace. Promises and errors as for Invalidate.
func (c *Client) Clear(ctx context.Context) (Removed, error) {
	if c.conn == nil {
		return Removed{}, nil
	}
	response, err := ask(ctx, c, c.cache.Clear, &cachepb.ClearRequest{Namespace: c.settings.namespace})
	if err != nil {
		return Removed{}, err
	}
	return Removed{Count: response.GetRemovedCount(), Estimated: response.GetEstimated()}, nil
}

// Health returns nil when the service says that it is serving.
func (c *Client) Health(ctx context.Context) error {
	if c.conn == nil {
		return errDisabled()
	}
	response, err := ask(ctx, c, c.health.Check, &healthpb.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if status := response.GetStatus(); status != healthpb.HealthCheckResponse_SERVING {
		return &Error{Code: codes.Unavailable, Reason: "NOT_SERVING", Message: "the service says " + status.String()}
	}
	return nil
}
