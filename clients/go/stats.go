package paraclecache

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// StatsQuery says which statistics are wanted; zero is everything.
type StatsQuery struct {
	Namespace   string // Only this one; empty: all of them.
	ReplicaOnly bool   // Only the server that answers, not the sum over all that share a tier.
}

// Stats is what the cache did and saved since the start or the last reset.
type Stats struct {
	Total      Counters
	ByModel    []ModelStats // Bounded: what is beyond the server's limit of labels is one row with Overflow.
	Backend    string       // "memory", "redis" or "valkey".
	Enabled    bool
	SharedTier *SharedTier // Nil when there is none.
}

// SharedTier is how the Redis or Valkey that all servers share is, as the server that answers sees it.
type SharedTier struct {
	Connected  bool
	Reason     string    // Why it is degraded, for people.
	TotalsTime time.Time // When the sum over all servers was last read; zero: the others are not in the totals.
}

// ModelStats are the counters of one namespace and model.
type ModelStats struct {
	Namespace string
	Model     string // Empty: callers did not say.
	Overflow  bool   // The row that stands for all labels beyond the limit.
	Counters  Counters
}

// Counters, and what follows from them. A figure that is not known is nil, never zero or NaN.
type Counters struct {
	Hits, Misses, Sets                    int64
	Evictions, Expirations, Invalidations int64
	HitRate, MissRate                     *float64
	CachedTokens, UncachedTokens          int64 // Of the calls that hits made unnecessary, and of those made.
	SavedTime                             time.Duration
	SavedCostUSD                          float64
	AverageCachedTime                     *time.Duration
	AverageUncachedTime                   *time.Duration
	Speedup                               *float64
	Entries, MaxEntries                   int64 // In memory now; only in Total of all namespaces. MaxEntries 0: no limit.
	SizeBytes, MaxSizeBytes               int64
	Utilization                           *float64
	StartTime, UpdateTime                 time.Time
}

// Stats tells what the cache did and saved.
func (c *Client) Stats(ctx context.Context, query StatsQuery) (*Stats, error) {
	if c.conn == nil {
		return nil, errDisabled()
	}
	response, err := ask(ctx, c, c.admin.GetStats, &cachepb.GetStatsRequest{Namespace: query.Namespace, ReplicaOnly: query.ReplicaOnly})
	if err != nil {
		return nil, err
	}
	stats := &Stats{
		Total:      countersOf(response.GetTotal()),
		Backend:    response.GetBackend(),
		Enabled:    response.GetEnabled(),
		SharedTier: sharedTierOf(response.GetSharedTier()),
	}
	for _, row := range response.GetByModel() {
		stats.ByModel = append(stats.ByModel, ModelStats{
			Namespace: row.GetNamespace(), Model: row.GetModel(), Overflow: row.GetOverflow(), Counters: countersOf(row.GetStats()),
		})
	}
	return stats, nil
}

func sharedTierOf(message *cachepb.SharedTierStatus) *SharedTier {
	if message == nil {
		return nil
	}
	return &SharedTier{
		Connected:  message.GetState() == cachepb.SharedTierStatus_STATE_CONNECTED,
		Reason:     message.GetReason(),
		TotalsTime: timeOf(message.GetTotalsTime()),
	}
}

func countersOf(message *cachepb.Stats) Counters {
	if message == nil {
		return Counters{}
	}
	return Counters{
		Hits: message.Hits, Misses: message.Misses, Sets: message.Sets,
		Evictions: message.Evictions, Expirations: message.Expirations, Invalidations: message.Invalidations,
		HitRate: message.HitRate, MissRate: message.MissRate,
		CachedTokens: message.CachedTokens, UncachedTokens: message.UncachedTokens,
		SavedTime: message.SavedTime.AsDuration(), SavedCostUSD: message.SavedCostUsd,
		AverageCachedTime: durationOf(message.AverageCachedTime), AverageUncachedTime: durationOf(message.AverageUncachedTime),
		Speedup: message.Speedup,
		Entries: message.Entries, MaxEntries: message.MaxEntries,
		SizeBytes: message.SizeBytes, MaxSizeBytes: message.MaxSizeBytes, Utilization: message.Utilization,
		StartTime: timeOf(message.StartTime), UpdateTime: timeOf(message.UpdateTime),
	}
}

func durationOf(message *durationpb.Duration) *time.Duration {
	if message == nil {
		return nil
	}
	return Ptr(message.AsDuration())
}
