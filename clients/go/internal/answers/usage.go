package answers

import (
	"encoding/json"
	"maps"
	"math"
)

// Usage is what the provider counted; 0: it did not tell.
type Usage struct {
	PromptTokens     int64
	CompletionTokens int64
}

// bodiesOf returns where an event may tell usage and model: itself, and what Anthropic and OpenAI's responses nest.
func bodiesOf(event object) []object {
	bodies := []object{event}
	for _, name := range []string{"message", "response"} {
		if nested, ok := event[name].(object); ok {
			bodies = append(bodies, nested)
		}
	}
	return bodies
}

// usageOf takes the last figure that is told for each name: streams tell some early, some late, some again.
func usageOf(bodies []object) Usage {
	told := object{}
	for _, body := range bodies {
		for _, name := range []string{"usage", "usageMetadata"} {
			usage, _ := body[name].(object)
			for figure, count := range maps.All(usage) {
				if count != nil {
					told[figure] = count
				}
			}
		}
	}
	prompt := firstCount(told, "prompt_tokens", "input_tokens", "promptTokenCount")
	// Anthropic counts what its own cache of prompts wrote and read apart from input_tokens.
	prompt += countOf(told["cache_creation_input_tokens"]) + countOf(told["cache_read_input_tokens"])
	completion := firstCount(told, "completion_tokens", "output_tokens")
	// Gemini counts thoughts apart from candidates.
	completion += countOf(told["candidatesTokenCount"]) + countOf(told["thoughtsTokenCount"])
	return Usage{PromptTokens: min(prompt, math.MaxUint32), CompletionTokens: min(completion, math.MaxUint32)}
}

func firstCount(told object, names ...string) int64 {
	for _, name := range names {
		if count := countOf(told[name]); count > 0 {
			return count
		}
	}
	return 0
}

func countOf(value any) int64 {
	number, _ := value.(json.Number)
	count, err := number.Int64()
	if err != nil || count < 0 || count > math.MaxUint32 { // What the wire counts to.
		return 0
	}
	return count
}

func modelOf(bodies []object) string {
	for _, body := range bodies {
		for _, name := range []string{"model", "modelVersion"} {
			if model, _ := body[name].(string); model != "" {
				return model
			}
		}
	}
	return ""
}
