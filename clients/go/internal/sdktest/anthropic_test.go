package sdktest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/anthropics/anthropic-sdk-go/packages/param"

	"github.com/paracle/paracle-cache/clients/go/internal/repository"
)

func TestAnthropicMessages(t *testing.T) {
	playBack(t, map[string]ask{"/v1/messages": askMessage})
}

func askMessage(t *testing.T, baseURL string, client *http.Client, exchange repository.Exchange) []string {
	t.Helper()
	sdk := anthropic.NewClient(option.WithBaseURL(baseURL), option.WithHTTPClient(client), option.WithAPIKey("secret"))
	params := param.Override[anthropic.MessageNewParams](exchange.RequestBody)
	if exchange.IsStream() {
		return drain(t, sdk.Messages.NewStreaming(context.Background(), params))
	}
	answer, err := sdk.Messages.New(context.Background(), params)
	if err == nil && strings.HasPrefix(exchange.Source.Category, "tools") && answer.StopReason == anthropic.StopReasonToolUse {
		last := answer.Content[len(answer.Content)-1]
		if last.Type != "tool_use" || last.ID == "" || !strings.HasPrefix(string(last.Input), "{") {
			t.Errorf("tool call %+v", last)
		}
	}
	return one(t, answer, err)
}
