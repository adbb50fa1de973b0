package paraclecache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/paracle/paracle-cache/clients/go/internal/canonicaljson"
)

// Question names an entry: a [Key], or an [EntryID] when the digest is derived already.
type Question interface {
	// EntryID returns what travels to the server. The error is a *[KeyRefusedError].
	EntryID() (EntryID, error)
}

// EntryID names an entry by its digest. The provider and the model are for the ledger and for invalidation by model;
// they are not hashed. At most 256 bytes each.
type EntryID struct {
	Digest   [sha256.Size]byte
	Provider string
	Model    string
}

// EntryID returns id itself.
func (id EntryID) EntryID() (EntryID, error) { return id, nil }

// String returns the digest as 64 lower-case hex digits.
func (id EntryID) String() string { return hex.EncodeToString(id.Digest[:]) }

// Key is a question as a provider's API would be asked it. What shapes the answer must be in here: a parameter left out
// is a wrong answer served. Equal keys have equal digests in every language.
//
// Messages, Params and Headers are whatever encoding/json turns into an array of objects (Messages) or an object; JSON
// text is given as a json.RawMessage. Nil and empty mean absent.
//
// A Key is a plain value: safe to copy, and to use from several goroutines while nobody changes it.
type Key struct {
	Provider    string   // Who answers, for example "openai". Required, at most 256 bytes.
	Endpoint    string   // API path, for example "/v1/chat/completions". At most 2,048 bytes.
	Model       string   // As sent to the provider. At most 256 bytes.
	Messages    any      // The conversation in the provider's own form.
	Temperature *float64 // Rounded to two decimals. Nil is not the same question as any value.
	MaxTokens   *int64   // Nil is not the same question as any value.
	Params      any      // Every further parameter that shapes the answer: tools, seed, top_p, ...
	Headers     any      // Request headers that shape the answer, names in lower case.
	Variant     uint32   // 1, 2, 3... asks for another sample of the same question on purpose.
}

// Ptr returns a pointer to a copy of value, for the optional fields of [Key].
func Ptr[T any](value T) *T { return &value }

// KeyRefusedError says that a question has no key. Call the model uncached then; nothing is ever rounded into somebody
// else's key.
type KeyRefusedError struct {
	Place  string // JSON Pointer (RFC 6901) into the key document or the request's body; empty for the whole.
	Reason string
}

func (e *KeyRefusedError) Error() string {
	if e.Place == "" {
		return "paraclecache: no key: " + e.Reason
	}
	return fmt.Sprintf("paraclecache: no key: %q: %s", e.Place, e.Reason)
}

// Digest returns the SHA-256 of the canonical key document. The error is a *[KeyRefusedError].
func (k Key) Digest() ([sha256.Size]byte, error) {
	document, err := k.Document()
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256(document), nil
}

// EntryID returns the digest with the provider and the model. The error is a *[KeyRefusedError].
func (k Key) EntryID() (EntryID, error) {
	digest, err := k.Digest()
	if err != nil {
		return EntryID{}, err
	}
	return EntryID{Digest: digest, Provider: k.Provider, Model: k.Model}, nil
}

// Document returns the canonical key document, which is what is hashed. It holds the prompt: do not log it.
// The error is a *[KeyRefusedError].
func (k Key) Document() ([]byte, error) {
	document := keyDocument{
		provider: k.Provider, endpoint: k.Endpoint, model: k.Model,
		temperature: k.Temperature, maxTokens: k.MaxTokens, variant: k.Variant,
	}
	for _, field := range []struct {
		name  string
		given any
		into  *[]byte
	}{
		{"messages", k.Messages, &document.messages},
		{"params", k.Params, &document.params},
		{"headers", k.Headers, &document.headers},
	} {
		text, err := canonicalField(field.name, field.given)
		if err != nil {
			return nil, err
		}
		*field.into = text
	}
	return document.write()
}

// insideDocument is what a member of the key document may be: the document's braces are one level.
var insideDocument = canonicaljson.Limits{Depth: canonicaljson.MaxDepth - 1, Number: canonicaljson.MaxSafeInteger}

func canonicalField(name string, value any) ([]byte, error) {
	place := canonicaljson.Pointer(name)
	text, err := jsonText(value)
	if err != nil {
		return nil, &KeyRefusedError{Place: place, Reason: err.Error()}
	}
	if len(text) == 0 {
		return nil, nil
	}
	canonical, err := canonicaljson.Canonicalize(text, insideDocument)
	if err != nil {
		return nil, refusedWithin(place, err)
	}
	return canonical, nil
}

// jsonText returns the JSON text of a value, refusing what encoding/json would only repair: it writes invalid UTF-8 as
// `\ufffd`, so that two texts would become one.
func jsonText(value any) ([]byte, error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		return value, nil
	}
	text, err := json.Marshal(value)
	if err == nil && bytes.Contains(text, []byte(`\ufffd`)) {
		return nil, fmt.Errorf("a string that is not UTF-8")
	}
	return text, err
}

// refusedWithin makes a canonicaliser's refusal one of the key, at a place below another.
func refusedWithin(place string, err error) *KeyRefusedError {
	if refusal, ok := err.(*canonicaljson.Refusal); ok {
		return &KeyRefusedError{Place: place + refusal.Place, Reason: refusal.Why}
	}
	return &KeyRefusedError{Place: place, Reason: err.Error()}
}
