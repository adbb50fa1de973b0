package answers

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

var (
	chatEnds       = []string{"stop", "tool_calls", "function_call"}
	completionEnds = []string{"stop"}
	messageEnds    = []string{"end_turn", "tool_use", "stop_sequence"}
	geminiEnds     = []string{"STOP"}
	responseEnds   = []string{"completed"}
)

func documentComplaint(shape rule, answer object) string {
	switch shape {
	case choicesRule:
		return complaintOfChoices([]object{answer})
	case responseRule:
		return complaintOfEnd("status", answer["status"], responseEnds)
	case messageRule:
		return complaintOfEnd("stop_reason", answer["stop_reason"], messageEnds)
	case geminiRule:
		return complaintOfCandidates([]object{answer})
	}
	return complaintOfEmbeddings(answer)
}

func streamComplaint(shape rule, events []object) string {
	switch shape {
	case choicesRule:
		return complaintOfChoices(events)
	case responseRule:
		return complaintOfResponseEvents(events)
	case messageRule:
		return complaintOfMessageEvents(events)
	}
	return complaintOfCandidates(events)
}

func complaintOfEnd(name string, end any, whole []string) string {
	said, isText := end.(string)
	switch {
	case isText && slices.Contains(whole, said):
		return ""
	case isText:
		return fmt.Sprintf("%s is %.40s", name, said)
	}
	return name + " is missing"
}

// ends are the last reasons told for each index of a choice or candidate, by index.
type ends map[string]any

func (e ends) note(index any, position int, end any) {
	place := strconv.Itoa(position)
	if number, ok := index.(json.Number); ok {
		place = number.String()
	}
	if end != nil || e[place] == nil {
		e[place] = end
	}
}

func (e ends) complaint(what, name string, whole []string) string {
	if len(e) == 0 {
		return "no " + what
	}
	for _, end := range e {
		if complaint := complaintOfEnd(name, end, whole); complaint != "" {
			return complaint
		}
	}
	return ""
}

// complaintOfChoices is of a document, or of a stream's chunks.
func complaintOfChoices(chunks []object) string {
	found, whole := ends{}, chatEnds
	for _, chunk := range chunks {
		for position, item := range list(chunk["choices"]) {
			choice, ok := item.(object)
			if !ok {
				return "a choice is not an object"
			}
			if _, legacy := choice["text"]; legacy {
				whole = completionEnds
			}
			found.note(choice["index"], position, choice["finish_reason"])
		}
	}
	return found.complaint("choice", "finish_reason", whole)
}

// complaintOfCandidates is as that of choices, for Gemini.
func complaintOfCandidates(chunks []object) string {
	found := ends{}
	for _, chunk := range chunks {
		if feedback, ok := chunk["promptFeedback"].(object); ok && feedback["blockReason"] != nil {
			return "the prompt was blocked"
		}
		for position, item := range list(chunk["candidates"]) {
			candidate, ok := item.(object)
			if !ok {
				return "a candidate is not an object"
			}
			found.note(candidate["index"], position, candidate["finishReason"])
		}
	}
	return found.complaint("candidate", "finishReason", geminiEnds)
}

func complaintOfResponseEvents(events []object) string {
	last := events[len(events)-1]
	response, ok := last["response"].(object)
	switch {
	case last["type"] != "response.completed" || !ok:
		return "no response.completed at the end"
	case response["error"] != nil:
		return "error"
	}
	return complaintOfEnd("status", response["status"], responseEnds)
}

func complaintOfMessageEvents(events []object) string {
	if events[0]["type"] != "message_start" || events[len(events)-1]["type"] != "message_stop" {
		return "not from message_start to message_stop"
	}
	var end any
	for _, event := range events {
		delta, _ := event["delta"].(object)
		if event["type"] == "message_delta" && delta["stop_reason"] != nil {
			end = delta["stop_reason"]
		}
	}
	return complaintOfEnd("stop_reason", end, messageEnds)
}

func complaintOfEmbeddings(answer object) string {
	if data, has := answer["data"]; has {
		if len(list(data)) == 0 {
			return "no embeddings"
		}
		return ""
	}
	for _, item := range geminiEmbeddings(answer) {
		if embedding, ok := item.(object); ok && len(list(embedding["values"])) == 0 {
			return "an embedding without values"
		}
	}
	return ""
}
