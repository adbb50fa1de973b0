// Package answers judges whether an answer of a language model is whole, and reads its usage.
//
// Whole is what may be stored: an answer that was cut short, filtered, refused or failed must not be given to the next
// one who asks. The shapes are those of docs/clients.md. Pure functions of parsed JSON (as encoding/json parses it into
// any, with numbers as json.Number); nothing panics, whatever the value.
package answers

// Verdict is what is known of an answer.
type Verdict struct {
	Known  bool   // It has one of the shapes of docs/clients.md, or is an error of a provider.
	Whole  bool   // Nothing is missing. Never true of a shape that is not known.
	Reason string // Why it is not whole, for people; empty when it is.
	Usage  Usage
	Model  string // As the answer names it; empty when it does not.
}

var unknown = Verdict{Reason: "not a shape that is known"}

var failed = Verdict{Known: true, Reason: "error"}

type object = map[string]any

// rule says why an answer, or the events of a stream, is not whole; empty when it is.
type rule int

const (
	noRule rule = iota
	choicesRule
	responseRule
	messageRule
	geminiRule
	embeddingsRule
)

// Judge judges one parsed JSON answer.
func Judge(answer any) Verdict {
	document, ok := answer.(object)
	if !ok {
		return unknown
	}
	shape := documentRule(document)
	switch {
	case shape == noRule && isFailure(document):
		return failed
	case shape == noRule:
		return unknown
	}
	reason := "error"
	if !isFailure(document) {
		reason = documentComplaint(shape, document)
	}
	return verdict(reason, []object{document})
}

// JudgeChunks judges a stream by its parsed events or chunks, in their order. What has no shape of its own, as
// Anthropic's ping, is passed over. `[DONE]` is not JSON and not asked for here.
func JudgeChunks(chunks []any) Verdict {
	var shaped, bodies []object
	shape, mixed, failure := noRule, false, false
	for _, chunk := range chunks {
		event, ok := chunk.(object)
		if !ok {
			continue
		}
		failure = failure || isFailure(event)
		bodies = append(bodies, bodiesOf(event)...)
		if found := chunkRule(event); found != noRule {
			mixed = mixed || shape != noRule && shape != found
			shape = found
			shaped = append(shaped, event)
		}
	}
	switch {
	case shape == noRule && failure:
		return failed
	case shape == noRule:
		return unknown
	case failure:
		return verdict("error", bodies)
	case mixed:
		return verdict("events of different kinds", bodies)
	}
	return verdict(streamComplaint(shape, shaped), bodies)
}

func verdict(reason string, bodies []object) Verdict {
	return Verdict{Known: true, Whole: reason == "", Reason: reason, Usage: usageOf(bodies), Model: modelOf(bodies)}
}

func isFailure(answer object) bool { return answer["type"] == "error" || answer["error"] != nil }
