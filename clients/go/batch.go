package paraclecache

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// BatchGet looks up as many as 256 answers; results stand in the order of the questions, and each fails alone. Not
// atomic. A question without a key fails the whole call.
func (c *Client) BatchGet(ctx context.Context, questions []Question) ([]BatchGetResult, error) {
	request := &cachepb.BatchGetRequest{Entries: make([]*cachepb.EntryRef, len(questions))}
	for i, question := range questions {
		entry, err := c.entryRef(question)
		if err != nil {
			return nil, err
		}
		request.Entries[i] = entry
	}
	if c.conn == nil {
		return allMiss(len(questions)), nil
	}
	response, err := ask(ctx, c, c.cache.BatchGet, request)
	if err != nil {
		return nil, err
	}
	if len(response.GetResults()) != len(questions) {
		return nil, wrongCount(len(response.GetResults()), len(questions))
	}
	results := make([]BatchGetResult, len(questions))
	for i, result := range response.GetResults() {
		results[i] = batchGetResultOf(result)
	}
	return results, nil
}

func allMiss(count int) []BatchGetResult {
	results := make([]BatchGetResult, count)
	for i := range results {
		results[i].Outcome = &Miss{}
	}
	return results
}

func batchGetResultOf(result *cachepb.BatchGetResult) BatchGetResult {
	switch outcome := result.GetOutcome().(type) {
	case *cachepb.BatchGetResult_Hit:
		return BatchGetResult{Outcome: hitOf(outcome.Hit, outcome.Hit.GetPayload())}
	case *cachepb.BatchGetResult_TooLarge:
		return BatchGetResult{Outcome: &TooLarge{PayloadBytes: outcome.TooLarge.GetPayloadBytes()}}
	case *cachepb.BatchGetResult_Error:
		return BatchGetResult{Err: itemError(outcome.Error)}
	}
	return BatchGetResult{Outcome: &Miss{FillToken: result.GetMiss().GetFillToken()}}
}

// BatchSet stores as many as 256 answers; results stand in the order of the entries, and each fails alone. Not atomic.
// A question without a key fails the whole call, before anything is stored.
func (c *Client) BatchSet(ctx context.Context, entries []BatchEntry) ([]BatchSetResult, error) {
	request := &cachepb.BatchSetRequest{Entries: make([]*cachepb.SetRequest, len(entries))}
	for i, entry := range entries {
		set, err := c.setRequest(entry.Question, entry.Entry)
		if err != nil {
			return nil, err
		}
		request.Entries[i] = set
	}
	results := make([]BatchSetResult, len(entries))
	if c.conn == nil {
		for i := range results {
			results[i].Stored = &Stored{}
		}
		return results, nil
	}
	response, err := ask(ctx, c, c.cache.BatchSet, request)
	if err != nil {
		return nil, err
	}
	if len(response.GetResults()) != len(entries) {
		return nil, wrongCount(len(response.GetResults()), len(entries))
	}
	for i, result := range response.GetResults() {
		if refused := result.GetError(); refused != nil {
			results[i].Err = itemError(refused)
		} else {
			results[i].Stored = storedOf(result.GetStored())
		}
	}
	return results, nil
}

func itemError(item *cachepb.ItemError) error {
	return &Error{Code: codes.Code(item.GetCode()), Reason: item.GetReason(), Message: item.GetMessage()}
}
