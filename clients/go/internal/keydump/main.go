// Keydump derives keys for tests that compare the languages.
//
// It reads one JSON object a line and prints one line for each: 64 hex digits, or "refused POINTER".
//
//	{"kind":"document","text_base64":"..."}
//	{"kind":"request","text_base64":"...","provider":"...","endpoint":"...","headers":[["name","value"]]}
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
)

type question struct {
	Kind     string      `json:"kind"`
	Text     []byte      `json:"text_base64"`
	Provider string      `json:"provider"`
	Endpoint string      `json:"endpoint"`
	Headers  [][2]string `json:"headers"`
}

func main() {
	if err := dump(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "keydump:", err)
		os.Exit(1)
	}
}

func dump(in io.Reader, out io.Writer) error {
	lines, answers := json.NewDecoder(in), bufio.NewWriter(out)
	for {
		var asked question
		if err := lines.Decode(&asked); err == io.EOF {
			return answers.Flush()
		} else if err != nil {
			return err
		}
		answer, err := answerTo(asked)
		if err != nil {
			return err
		}
		fmt.Fprintln(answers, answer)
	}
}

// oneLine keeps a member's name from ending the line.
var oneLine = strings.NewReplacer("\n", `\n`, "\r", `\r`)

func answerTo(asked question) (string, error) {
	key, err := derive(asked)
	if err == nil {
		var id paraclecache.EntryID
		if id, err = key.EntryID(); err == nil {
			return id.String(), nil
		}
	}
	var refused *paraclecache.KeyRefusedError
	if errors.As(err, &refused) {
		return "refused " + oneLine.Replace(refused.Place), nil
	}
	return "", err
}

func derive(asked question) (paraclecache.Key, error) {
	switch asked.Kind {
	case "document":
		return paraclecache.KeyFromDocument(asked.Text)
	case "request":
		header := http.Header{}
		for _, pair := range asked.Headers {
			header.Add(pair[0], pair[1])
		}
		return paraclecache.KeyFromRequest(paraclecache.ProviderRequest{
			Provider: asked.Provider, Endpoint: asked.Endpoint, Header: header, Body: asked.Text,
		})
	}
	return paraclecache.Key{}, fmt.Errorf("kind %q; accepted: document, request", asked.Kind)
}
