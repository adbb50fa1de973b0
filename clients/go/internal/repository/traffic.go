package repository

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Exchange is one recorded call of a provider's API.
type Exchange struct {
	Source struct {
		Category string `json:"category"`
	} `json:"source"`
	Provider     string          `json:"provider"`
	Endpoint     string          `json:"endpoint"`
	Status       int             `json:"status"`
	RequestBody  json.RawMessage `json:"request_body"`
	ResponseBody json.RawMessage `json:"response_body"`
	ResponseSSE  string          `json:"response_sse"`
}

// IsStream tells an answer of server-sent events.
func (e Exchange) IsStream() bool { return e.ResponseSSE != "" }

// ContentType is that of the response.
func (e Exchange) ContentType() string {
	if e.IsStream() {
		return "text/event-stream; charset=utf-8"
	}
	return "application/json"
}

// Response is the response's body as it travelled; some recorders kept it as base64.
func (e Exchange) Response() []byte {
	if !e.IsStream() {
		return e.ResponseBody
	}
	if raw, err := base64.StdEncoding.DecodeString(e.ResponseSSE); err == nil {
		return raw
	}
	return []byte(e.ResponseSSE)
}

// Recorded reads the recorded traffic beside the repository, else the small cut in it.
func Recorded(t testing.TB) []Exchange {
	t.Helper()
	folder := shared("llm")
	if _, err := os.Stat(folder); err != nil {
		t.Logf("SKIPPED the full recordings: %s is absent; using the cut in tests/data/llm", folder)
		folder = Path("tests", "data", "llm")
	}
	var exchanges []Exchange
	for _, name := range []string{"openai_chat", "openai_responses", "openai_embeddings", "anthropic_messages", "gemini"} {
		exchanges = append(exchanges, exchangesIn(t, filepath.Join(folder, name+".jsonl"))...)
	}
	return exchanges
}

func exchangesIn(t testing.TB, path string) []Exchange {
	t.Helper()
	var exchanges []Exchange
	lines := bufio.NewScanner(bytes.NewReader(read(t, path)))
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var exchange Exchange
		if err := json.Unmarshal(lines.Bytes(), &exchange); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if !strings.HasPrefix(exchange.Endpoint, "/") {
			t.Fatalf("%s: endpoint %q", path, exchange.Endpoint)
		}
		exchanges = append(exchanges, exchange)
	}
	if lines.Err() != nil || len(exchanges) == 0 {
		t.Fatalf("%s: %d exchanges, %v", path, len(exchanges), lines.Err())
	}
	return exchanges
}
