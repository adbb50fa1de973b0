package sdktest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"

	"github.com/paracle/paracle-cache/clients/go/internal/repository"
)

func openAI(baseURL string, client *http.Client) openai.Client {
	return openai.NewClient(option.WithBaseURL(baseURL+"/v1/"), option.WithHTTPClient(client), option.WithAPIKey("secret"))
}

func TestOpenAIChatCompletions(t *testing.T) {
	playBack(t, map[string]ask{"/v1/chat/completions": askChat})
}

func askChat(t *testing.T, baseURL string, client *http.Client, exchange repository.Exchange) []string {
	t.Helper()
	sdk := openAI(baseURL, client)
	params := param.Override[openai.ChatCompletionNewParams](exchange.RequestBody)
	if exchange.IsStream() {
		return drain(t, sdk.Chat.Completions.NewStreaming(context.Background(), params))
	}
	answer, err := sdk.Chat.Completions.New(context.Background(), params)
	if err == nil && strings.HasPrefix(exchange.Source.Category, "tools") && answer.Choices[0].FinishReason == "tool_calls" {
		for _, call := range answer.Choices[0].Message.ToolCalls {
			if call.ID == "" || call.Function.Name == "" || !strings.HasPrefix(call.Function.Arguments, "{") {
				t.Errorf("tool call %+v", call)
			}
		}
	}
	return one(t, answer, err)
}

func TestOpenAIResponses(t *testing.T) {
	playBack(t, map[string]ask{"/v1/responses": func(
		t *testing.T, baseURL string, client *http.Client, exchange repository.Exchange,
	) []string {
		sdk := openAI(baseURL, client)
		params := param.Override[responses.ResponseNewParams](exchange.RequestBody)
		if exchange.IsStream() {
			return drain(t, sdk.Responses.NewStreaming(context.Background(), params))
		}
		answer, err := sdk.Responses.New(context.Background(), params)
		return one(t, answer, err)
	}})
}

func TestOpenAIEmbeddings(t *testing.T) {
	playBack(t, map[string]ask{"/v1/embeddings": func(
		t *testing.T, baseURL string, client *http.Client, exchange repository.Exchange,
	) []string {
		sdk := openAI(baseURL, client)
		answer, err := sdk.Embeddings.New(context.Background(), param.Override[openai.EmbeddingNewParams](exchange.RequestBody))
		return one(t, answer, err)
	}})
}
