package paraclecache

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/paracle/paracle-cache/clients/go/internal/answers"
)

// Answer is what a model answered.
type Answer struct {
	Payload     []byte
	ContentType string        // Media type; empty from fetch: that of [WithContentType].
	Origin      Origin        // What the call cost. What is left 0 is filled in where it is known: see Do.
	TTL         time.Duration // 0: the cache's, else the server's default.
	Tags        []string      // Labels to invalidate by. At most 16, each 1 to 128 bytes, no two alike.
	Store       StorePolicy
	FromCache   bool // Set by Do.
}

// StorePolicy says whether an answer is stored.
type StorePolicy int

const (
	// StoreIfWhole does not store an answer that is known to be cut short, filtered or an error, by the shapes that
	// docs/clients.md lists.
	StoreIfWhole StorePolicy = iota
	// StoreAlways stores what fetch returned.
	StoreAlways
	// StoreNever gives the answer to this caller alone.
	StoreNever
)

// Do answers from the cache or calls fetch, once, and stores what it returned. Do returns no other error than fetch's,
// untouched, and then nothing is stored. A cache that is sick or missing, or a question without a key, means that fetch
// is called and nothing is stored.
//
// fetch is given ctx. The lookup before it takes at most one timeout of the client, and at most half of the time that
// ctx has left; storing takes at most one more timeout, also when ctx ends meanwhile. A panic of fetch goes through.
//
// The payload belongs to the caller; on a hit it is a copy of its own. For an answer of a shape that is known, tokens
// are read from the provider's own usage, the latency is measured and the cost is that of [WithCost], where Origin
// leaves them 0.
func (c *Cache) Do(
	ctx context.Context, question Question, fetch func(context.Context) (Answer, error),
) (Answer, error) {
	id, ok := c.idOf(question)
	if !ok {
		return fetch(ctx)
	}
	outcome := c.lookup(ctx, id)
	if hit, isHit := outcome.(*Hit); isHit && hit.ContentType == c.settings.contentType {
		return Answer{Payload: hit.Payload, ContentType: hit.ContentType, Origin: hit.Origin, FromCache: true}, nil
	}
	began := time.Now()
	answer, err := fetch(ctx)
	answer.FromCache = false
	if miss, isMiss := outcome.(*Miss); isMiss && err == nil && answer.Store != StoreNever {
		c.storeAnswer(ctx, id, miss.FillToken, answer, time.Since(began))
	}
	return answer, err
}

// idOf returns what names the entry; false when the question has no key or the service is not asked.
func (c *Cache) idOf(question Question) (EntryID, bool) {
	if !c.isAsking() {
		return EntryID{}, false
	}
	if question == nil {
		c.warnOnce("not cached: a Question is required, got nil")
		return EntryID{}, false
	}
	id, err := question.EntryID()
	if err != nil {
		c.warnOnce("not cached: " + err.Error())
	}
	return id, err == nil
}

func (c *Cache) storeAnswer(ctx context.Context, id EntryID, fillToken []byte, answer Answer, latency time.Duration) {
	own := c.settings.contentType
	if answer.ContentType != "" && answer.ContentType != own {
		c.warnOnce(fmt.Sprintf("not stored: content type %q of an answer, where WithContentType says %q", answer.ContentType, own))
		return
	}
	origin := answer.Origin
	if strings.HasPrefix(own, "application/json") {
		verdict := answers.JudgeText(answer.Payload)
		if verdict.Known && !verdict.Whole && answer.Store == StoreIfWhole {
			return
		}
		origin = c.complete(origin, id.Model, verdict)
	}
	if origin.Latency == 0 {
		origin.Latency = latency
	}
	c.store(ctx, id, Entry{
		Payload: answer.Payload, ContentType: own, TTL: answer.TTL, Tags: answer.Tags, FillToken: fillToken, Origin: origin,
	})
}

// complete fills in what the answer itself tells of its cost.
func (c *Cache) complete(origin Origin, model string, verdict answers.Verdict) Origin {
	if origin.PromptTokens == 0 && origin.CompletionTokens == 0 {
		origin.PromptTokens, origin.CompletionTokens = verdict.Usage.PromptTokens, verdict.Usage.CompletionTokens
	}
	if model == "" {
		model = verdict.Model
	}
	if origin.CostUSD == 0 && c.settings.cost != nil {
		origin.CostUSD = c.settings.cost(model, Usage{origin.PromptTokens, origin.CompletionTokens})
	}
	return origin
}
