package answers

import (
	"slices"
	"strings"
)

// Which rule an answer is judged by.

func documentRule(answer object) rule {
	_, ends := answer["stop_reason"]
	switch {
	case hasChoices(answer, []string{"chat.completion", "text_completion"}, "message", "text"):
		return choicesRule
	case answer["object"] == "response":
		return responseRule
	case answer["type"] == "message" && ends:
		return messageRule
	case isGemini(answer):
		return geminiRule
	case isEmbeddings(answer):
		return embeddingsRule
	}
	return noRule
}

func chunkRule(chunk object) rule {
	kind, _ := chunk["type"].(string)
	switch {
	case hasChoices(chunk, []string{"chat.completion.chunk", "text_completion"}, "delta", "text"):
		return choicesRule
	case strings.HasPrefix(kind, "response."):
		return responseRule
	case strings.HasPrefix(kind, "message_") || strings.HasPrefix(kind, "content_block_"):
		return messageRule
	case isGemini(chunk):
		return geminiRule
	}
	return noRule
}

func hasChoices(answer object, names []string, members ...string) bool {
	choices, ok := answer["choices"].([]any)
	if !ok {
		return false
	}
	name, _ := answer["object"].(string)
	return slices.Contains(names, name) || anyHas(choices, members...)
}

func isGemini(answer object) bool {
	for _, name := range []string{"usageMetadata", "promptFeedback", "modelVersion"} {
		if answer[name] != nil {
			return true
		}
	}
	return anyHas(list(answer["candidates"]), "content", "finishReason")
}

func isEmbeddings(answer object) bool {
	data, isList := answer["data"].([]any)
	return isList && (answer["object"] == "list" || anyHas(data, "embedding")) ||
		anyHas(geminiEmbeddings(answer), "values")
}

// anyHas tells whether an object among the items has one of the members.
func anyHas(items []any, members ...string) bool {
	for _, item := range items {
		element, _ := item.(object)
		for _, member := range members {
			if _, has := element[member]; has {
				return true
			}
		}
	}
	return false
}

// geminiEmbeddings are one, of `embedContent`, or those of `batchEmbedContents`.
func geminiEmbeddings(answer object) []any {
	return append([]any{answer["embedding"]}, list(answer["embeddings"])...)
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}
