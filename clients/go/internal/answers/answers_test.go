package answers_test

import (
	"testing"

	"github.com/paracle/paracle-cache/clients/go/internal/answers"
	"github.com/paracle/paracle-cache/clients/go/internal/repository"
)

func TestDocuments(t *testing.T) {
	for _, c := range []struct {
		why, text    string
		known, whole bool
	}{
		{"chat", `{"choices":[{"message":{},"finish_reason":"stop"}]}`, true, true},
		{"chat with tools", `{"choices":[{"message":{},"finish_reason":"tool_calls"}],"error":null}`, true, true},
		{"chat with the old kind of tools", `{"choices":[{"message":{},"finish_reason":"function_call"}]}`, true, true},
		{"one choice of two cut short", `{"choices":[{"message":{},"finish_reason":"stop","index":0},{"message":{},"finish_reason":"length","index":1}]}`, true, false},
		{"filtered", `{"choices":[{"message":{},"finish_reason":"content_filter"}]}`, true, false},
		{"no reason", `{"choices":[{"message":{}}]}`, true, false},
		{"no choice", `{"object":"chat.completion","choices":[]}`, true, false},
		{"a choice that is none", `{"object":"chat.completion","choices":[1]}`, true, false},
		{"chat beside an error", `{"choices":[{"message":{},"finish_reason":"stop"}],"error":{}}`, true, false},
		{"completion", `{"choices":[{"text":"x","finish_reason":"stop"}]}`, true, true},
		{"completion with a reason of chat", `{"choices":[{"text":"x","finish_reason":"tool_calls"}]}`, true, false},
		{"response", `{"object":"response","status":"completed","error":null}`, true, true},
		{"response that goes on", `{"object":"response","status":"in_progress"}`, true, false},
		{"response cut short", `{"object":"response","status":"incomplete"}`, true, false},
		{"embeddings", `{"object":"list","data":[{"embedding":[1]}]}`, true, true},
		{"no embeddings", `{"object":"list","data":[]}`, true, false},
		{"message", `{"type":"message","stop_reason":"end_turn"}`, true, true},
		{"message with tools", `{"type":"message","stop_reason":"tool_use"}`, true, true},
		{"message at a stop sequence", `{"type":"message","stop_reason":"stop_sequence"}`, true, true},
		{"message cut short", `{"type":"message","stop_reason":"max_tokens"}`, true, false},
		{"message that pauses", `{"type":"message","stop_reason":"pause_turn"}`, true, false},
		{"message refused", `{"type":"message","stop_reason":"refusal"}`, true, false},
		{"message without a reason", `{"type":"message","stop_reason":null}`, true, false},
		{"Gemini", `{"candidates":[{"content":{},"finishReason":"STOP"}]}`, true, true},
		{"Gemini, unsafe", `{"candidates":[{"content":{},"finishReason":"SAFETY"}]}`, true, false},
		{"Gemini, one of two cut short", `{"candidates":[{"finishReason":"STOP","index":0},{"finishReason":"MAX_TOKENS","index":1}]}`, true, false},
		{"Gemini, blocked", `{"promptFeedback":{"blockReason":"SAFETY"}}`, true, false},
		{"Gemini, blocked beside a candidate", `{"candidates":[{"finishReason":"STOP"}],"promptFeedback":{"blockReason":"OTHER"}}`, true, false},
		{"Gemini, no candidate", `{"usageMetadata":{}}`, true, false},
		{"Gemini's array of chunks", `[{"candidates":[{"content":{}}]},{"candidates":[{"finishReason":"STOP"}]}]`, true, true},
		{"Gemini's array, unfinished", `[{"candidates":[{"content":{}}]}]`, true, false},
		{"Gemini embedding", `{"embedding":{"values":[1]}}`, true, true},
		{"Gemini embeddings", `{"embeddings":[{"values":[1]},{"values":[]}]}`, true, false},
		{"an error", `{"error":{"message":"x"}}`, true, false},
		{"Anthropic's error", `{"type":"error","error":{}}`, true, false},
		{"something else", `{"x":1}`, false, false},
		{"no object", `5`, false, false},
		{"no JSON", `{`, false, false},
		{"two values", `{} {}`, false, false},
	} {
		verdict := answers.JudgeText([]byte(c.text))
		if verdict.Known != c.known || verdict.Whole != c.whole || verdict.Whole != (verdict.Reason == "") {
			t.Errorf("%s: %+v, want known %v, whole %v", c.why, verdict, c.known, c.whole)
		}
	}
}

func TestStreams(t *testing.T) {
	const (
		start  = "data: {\"choices\":[{\"index\":0,\"delta\":{}}]}\n\n"
		stop   = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
		cut    = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
		other  = "data: {\"choices\":[{\"index\":1,\"delta\":{}}]}\n\n"
		tokens = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n"
		done   = "data: [DONE]\n\n"
		begin  = "event: message_start\ndata: {\"type\":\"message_start\"}\n\n"
		ping   = "event: ping\ndata: {\"type\":\"ping\"}\n\n"
		turn   = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
		bye    = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
		ready  = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"error\":null}}\n\n"
		gemini = "data: {\"candidates\":[{\"content\":{}}]}\r\n\r\n"
		geminE = "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\r\n\r\n"
	)
	for _, c := range []struct {
		why, text string
		atEnd     bool
		whole     bool
	}{
		{"chat", start + stop + tokens + done, true, true},
		{"chat left after its last event", start + stop + done, false, true},
		{"chat without [DONE]", start + stop, true, false},
		{"chat whose last event is open", start + stop + "data: [DONE]\n", true, false},
		{"chat cut short", start + cut + done, true, false},
		{"chat with a choice that never ended", start + other + stop + done, true, false},
		{"chat with an error in it", start + "data: {\"error\":{}}\n\n" + stop + done, true, false},
		{"[DONE] in the middle", start + done + stop, true, false},
		{"message", begin + ping + turn + bye, true, true},
		{"message left after its last event", begin + turn + bye, false, true},
		{"message without an end", begin + turn, true, false},
		{"message without a reason", begin + bye, true, false},
		{"message with an error", begin + "event: error\ndata: {\"type\":\"error\"}\n\n" + turn + bye, true, false},
		{"response", "data: {\"type\":\"response.created\"}\n\n" + ready, false, true},
		{"response that goes on", "data: {\"type\":\"response.created\"}\n\n", true, false},
		{"response with something behind its end", ready + "data: {\"type\":\"response.failed\"}\n\n", true, false},
		{"Gemini", gemini + geminE, true, true},
		{"Gemini, left before its end", gemini + geminE, false, false},
		{"Gemini, its last event open", gemini + geminE + "data: {}", true, false},
		{"two kinds", begin + turn + geminE + bye, true, false},
		{"no JSON", "data: x\n\n", true, false},
		{"nothing", "", true, false},
		{"comments", ": ping\n\n", true, false},
	} {
		verdict := answers.JudgeBody("text/event-stream; charset=utf-8", []byte(c.text), c.atEnd)
		if verdict.Whole != c.whole {
			t.Errorf("%s: %+v, want whole %v", c.why, verdict, c.whole)
		}
	}
}

func TestADocumentThatIsLeftEarlyIsNotWhole(t *testing.T) {
	if answers.JudgeBody("application/json", []byte(`{"type":"message","stop_reason":"end_turn"}`), false).Whole {
		t.Error("whole")
	}
}

func TestRecordedAnswersAreWholeUnlessTheyFailedOrGoOn(t *testing.T) {
	for _, exchange := range repository.Recorded(t) {
		verdict := answers.JudgeBody(exchange.ContentType(), exchange.Response(), true)
		switch {
		case !verdict.Known:
			t.Errorf("%s %s is not known", exchange.Endpoint, exchange.Source.Category)
		case verdict.Whole != (exchange.Status == 200) && verdict.Reason != "status is queued":
			t.Errorf("%s %s (%d): %+v", exchange.Endpoint, exchange.Source.Category, exchange.Status, verdict)
		case verdict.Whole && verdict.Model == "":
			t.Errorf("%s %s: no model", exchange.Endpoint, exchange.Source.Category)
		}
		for _, cut := range []int{3, 4, 10} {
			body := exchange.Response()
			if exchange.IsStream() && answers.JudgeBody(exchange.ContentType(), body[:len(body)-cut], true).Whole {
				t.Errorf("%s %s: whole without its last bytes", exchange.Endpoint, exchange.Source.Category)
			}
		}
	}
}

func TestUsageOfEachProvider(t *testing.T) {
	for text, want := range map[string]answers.Usage{
		`{"usage":{"prompt_tokens":3,"completion_tokens":4}}`:                                                  {3, 4},
		`{"usage":{"input_tokens":3,"output_tokens":4}}`:                                                       {3, 4},
		`{"usage":{"input_tokens":3,"output_tokens":4,"cache_read_input_tokens":10}}`:                          {13, 4},
		`{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4,"thoughtsTokenCount":5}}`:             {3, 9},
		`{"usage":{"prompt_tokens":-3,"completion_tokens":1.5}}`:                                               {0, 0},
		`{"usage":{"prompt_tokens":"3","completion_tokens":99999999999}}`:                                      {0, 0},
		`{"usage":{"prompt_tokens":4294967295,"cache_read_input_tokens":4294967295,"completion_tokens":null}}`: {4294967295, 0},
	} {
		whole := `{"type":"message","stop_reason":"end_turn",` + text[1:]
		if got := answers.JudgeText([]byte(whole)).Usage; got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
