package paraclecache

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// Requests are built and responses are read here.

func (c *Client) entryRef(question Question) (*cachepb.EntryRef, error) {
	if question == nil {
		return nil, invalid("a Question is required, got nil")
	}
	id, err := question.EntryID()
	if err != nil {
		return nil, err
	}
	return &cachepb.EntryRef{
		Namespace: c.settings.namespace,
		Id:        &cachepb.EntryRef_Digest{Digest: id.Digest[:]},
		Provider:  id.Provider,
		Model:     id.Model,
	}, nil
}

func (c *Client) setRequest(question Question, entry Entry) (*cachepb.SetRequest, error) {
	ref, err := c.entryRef(question)
	if err != nil {
		return nil, err
	}
	request := &cachepb.SetRequest{
		Entry:       ref,
		ContentType: entry.ContentType,
		Tags:        entry.Tags,
		FillToken:   entry.FillToken,
		Origin:      originMessage(entry.Origin),
		Payload:     entry.Payload,
	}
	if ttl := entry.TTL; ttl != 0 {
		request.Ttl = durationpb.New(ttl)
	} else if ttl := *c.settings.ttl; ttl != 0 {
		request.Ttl = durationpb.New(ttl)
	}
	return request, nil
}

func originMessage(origin Origin) *cachepb.Origin {
	if origin == (Origin{}) {
		return nil
	}
	message := &cachepb.Origin{
		PromptTokens:     origin.PromptTokens,
		CompletionTokens: origin.CompletionTokens,
		CostUsd:          origin.CostUSD,
	}
	if origin.Latency != 0 {
		message.Latency = durationpb.New(origin.Latency)
	}
	return message
}

func (c *Client) invalidateRequest(what Invalidation) (*cachepb.InvalidateRequest, error) {
	request := &cachepb.InvalidateRequest{Namespace: c.settings.namespace, DryRun: what.DryRun}
	targets := 0
	if what.Question != nil {
		id, err := what.Question.EntryID()
		if err != nil {
			return nil, err
		}
		request.Target, targets = &cachepb.InvalidateRequest_Digest{Digest: id.Digest[:]}, targets+1
	}
	if what.Tag != "" {
		request.Target, targets = &cachepb.InvalidateRequest_Tag{Tag: what.Tag}, targets+1
	}
	if what.Model != "" {
		request.Target, targets = &cachepb.InvalidateRequest_Model{Model: what.Model}, targets+1
	}
	if what.Everything {
		request.Target, targets = &cachepb.InvalidateRequest_Everything{Everything: true}, targets+1
	}
	if targets != 1 {
		return nil, invalid("an Invalidation has exactly one of Question, Tag, Model and Everything, this one has %d", targets)
	}
	return request, nil
}

func invalid(format string, values ...any) error {
	return &Error{Code: codes.InvalidArgument, Reason: "INVALID_FIELD", Message: fmt.Sprintf(format, values...)}
}

func wrongCount(got, want int) error {
	return &Error{Code: codes.Internal, Message: fmt.Sprintf("the service answered %d of %d entries", got, want)}
}

// outcomeOf takes an outcome that this client does not know for a miss, as the proto says.
func outcomeOf(response *getResponse) Outcome {
	switch outcome := response.message.GetOutcome().(type) {
	case *cachepb.GetResponse_Hit:
		return hitOf(outcome.Hit, response.payload)
	case *cachepb.GetResponse_Lease:
		return &Lease{FillToken: outcome.Lease.GetFillToken(), Hold: outcome.Lease.GetHold().AsDuration()}
	case *cachepb.GetResponse_Pending:
		return &Pending{
			LeaseExpireTime: timeOf(outcome.Pending.GetLeaseExpireTime()),
			RetryAfter:      outcome.Pending.GetRetryAfter().AsDuration(),
		}
	}
	return &Miss{FillToken: response.message.GetMiss().GetFillToken()}
}

func hitOf(hit *cachepb.Hit, payload []byte) *Hit {
	origin := hit.GetOrigin()
	return &Hit{
		Payload:     payload,
		ContentType: hit.GetContentType(),
		Origin: Origin{
			PromptTokens:     origin.GetPromptTokens(),
			CompletionTokens: origin.GetCompletionTokens(),
			CostUSD:          origin.GetCostUsd(),
			Latency:          origin.GetLatency().AsDuration(),
		},
		CreateTime: timeOf(hit.GetCreateTime()),
		ExpireTime: timeOf(hit.GetExpireTime()),
		HitCount:   hit.GetHitCount(),
		Tier:       Tier(hit.GetTier()),
		Degraded:   hit.GetDegraded(),
	}
}

func storedOf(response *cachepb.SetResponse) *Stored {
	stored := &Stored{ExpireTime: timeOf(response.GetExpireTime())}
	for _, tier := range response.GetStoredIn() {
		stored.Tiers = append(stored.Tiers, Tier(tier))
	}
	return stored
}

// timeOf returns the zero time, not 1970, for what is unset.
func timeOf(stamp *timestamppb.Timestamp) time.Time {
	if stamp == nil {
		return time.Time{}
	}
	return stamp.AsTime()
}
