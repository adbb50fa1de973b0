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
// Of callers who ask the same question at the same time, in whatever process, one calls fetch and the others wait for
// its answer: at most [WithLeaseWait], and at most half of the time that their ctx has left. When its fetch fails,
// panics or returns what is not stored, the next of them calls its own. Where ctx ends during the wait, its error is
// returned and fetch is not called. See [WithCoalesce] for who does not want that, and Key.Variant for who wants
// several answers to one question.
//
// fetch is given ctx; with it, a Do for the same question within fetch does not wait for itself. Asking takes at most
// one timeout of the client where the service does not answer; storing takes at most one more, also when ctx ends
// meanwhile. A panic of fetch goes through.
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
	hit, right, err := c.claim(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	defer right.end() // Also when fetch panics or ends the goroutine.
	if hit != nil && hit.ContentType == c.settings.contentType {
		return Answer{Payload: hit.Payload, ContentType: hit.ContentType, Origin: hit.Origin, FromCache: true}, nil
	}
	began := time.Now()
	answer, err := fetch(right.context(ctx))
	answer.FromCache = false
	if right != nil && err == nil && answer.Store != StoreNever {
		c.storeAnswer(ctx, id, right, answer, time.Since(began))
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

func (c *Cache) storeAnswer(ctx context.Context, id EntryID, right *fill, answer Answer, latency time.Duration) {
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
	c.store(ctx, id, right, Entry{
		Payload: answer.Payload, ContentType: own, TTL: answer.TTL, Tags: answer.Tags, Origin: origin,
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
