package paraclecache

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/paracle/paracle-cache/clients/go/internal/canonicaljson"
)

// KeyFromDocument returns the key that a key document (section 2 of the key's specification) spells.
// The error is a *[KeyRefusedError].
func KeyFromDocument(text []byte) (Key, error) {
	members, err := canonicaljson.Members(text, canonicaljson.OfKey)
	if err != nil {
		return Key{}, refusedWithin("", err)
	}
	var document keyDocument
	for _, member := range members {
		if err := document.take(member); err != nil {
			return Key{}, &KeyRefusedError{Place: canonicaljson.Pointer(member.Name), Reason: err.Error()}
		}
	}
	if _, err := document.write(); err != nil {
		return Key{}, err
	}
	return document.key(), nil
}

func (d *keyDocument) key() Key {
	return Key{
		Provider: d.provider, Endpoint: d.endpoint, Model: d.model,
		Temperature: d.temperature, MaxTokens: d.maxTokens, Variant: d.variant,
		Messages: rawOrNil(d.messages), Params: rawOrNil(d.params), Headers: rawOrNil(d.headers),
	}
}

func rawOrNil(text []byte) any {
	if len(text) == 0 {
		return nil
	}
	return json.RawMessage(text)
}

// take reads a member as somebody spelt it. What write refuses is left to write.
func (d *keyDocument) take(member canonicaljson.Member) error {
	value := member.Value
	into, known := map[string]func([]byte) error{
		"provider":    textInto(&d.provider),
		"endpoint":    textInto(&d.endpoint),
		"model":       textInto(&d.model),
		"messages":    jsonInto(&d.messages),
		"params":      jsonInto(&d.params),
		"headers":     jsonInto(&d.headers),
		"temperature": d.takeTemperature,
		"max_tokens":  d.takeMaxTokens,
		"variant":     d.takeVariant,
		"v":           takeVersion,
	}[member.Name]
	if !known {
		return fmt.Errorf("unknown member")
	}
	if isNull(value) {
		return nil
	}
	return into(value)
}

func textInto(text *string) func([]byte) error {
	return func(value []byte) error {
		if !isString(value) {
			return fmt.Errorf("must be a string")
		}
		*text = unquote(value)
		return nil
	}
}

func jsonInto(text *[]byte) func([]byte) error {
	return func(value []byte) error {
		*text = value
		return nil
	}
}

func (d *keyDocument) takeTemperature(value []byte) error {
	if !isNumber(value) {
		return fmt.Errorf("must be a number")
	}
	temperature, err := strconv.ParseFloat(string(value), 64)
	d.temperature = &temperature
	return err
}

func (d *keyDocument) takeMaxTokens(value []byte) error {
	count, ok := integer(value)
	if !ok {
		return fmt.Errorf("must be an integer")
	}
	d.maxTokens = &count
	return nil
}

func (d *keyDocument) takeVariant(value []byte) error {
	variant, ok := integer(value)
	if !ok || variant < 0 || variant > math.MaxUint32 {
		return fmt.Errorf("must be an integer from 0 to 4294967295")
	}
	d.variant = uint32(variant)
	return nil
}

func takeVersion(value []byte) error {
	if string(value) != "1" {
		return fmt.Errorf("must be 1")
	}
	return nil
}
