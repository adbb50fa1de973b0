package answers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"

	"github.com/paracle/paracle-cache/clients/go/internal/sse"
)

// IsEventStream tells a stream of server-sent events by its content type.
func IsEventStream(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "text/event-stream"
}

// JudgeBody judges what was received of a response so far; atEnd: the provider ended it. A reader may leave a stream
// after the event that ends it, without waiting for the connection to say so.
func JudgeBody(contentType string, body []byte, atEnd bool) Verdict {
	if IsEventStream(contentType) {
		return judgeEvents(body, atEnd)
	}
	if !atEnd {
		return unknown
	}
	return JudgeText(body)
}

// JudgeText judges the JSON text of an answer, or of the chunks of one as an array.
func JudgeText(text []byte) Verdict {
	answer, err := parse(text)
	if err != nil {
		return unknown
	}
	// Gemini without `alt=sse` streams its chunks as the elements of one array.
	if chunks, ok := answer.([]any); ok {
		return JudgeChunks(chunks)
	}
	return Judge(answer)
}

func judgeEvents(body []byte, atEnd bool) Verdict {
	events, complete := sse.Parse(body)
	if !complete || len(events) == 0 {
		return unknown
	}
	done := events[len(events)-1].Data == "[DONE]"
	if done {
		events = events[:len(events)-1]
	}
	chunks := make([]any, len(events))
	for i, event := range events {
		chunk, err := parse([]byte(event.Data))
		if err != nil || event.Name == "error" {
			return unknown
		}
		chunks[i] = chunk
	}
	if !done && !endsItself(chunks, atEnd) {
		return unknown
	}
	return JudgeChunks(chunks)
}

// endsItself is about streams without `[DONE]`, which chat always has: they end by their last event or, as Gemini's,
// with the body.
func endsItself(chunks []any, atEnd bool) bool {
	for _, chunk := range chunks {
		event, _ := chunk.(object)
		if _, isChat := event["choices"]; isChat {
			return false
		}
	}
	if atEnd || len(chunks) == 0 {
		return atEnd
	}
	last, _ := chunks[len(chunks)-1].(object)
	return last["type"] == "response.completed" || last["type"] == "message_stop"
}

func parse(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("text behind the value")
	}
	return value, nil
}
