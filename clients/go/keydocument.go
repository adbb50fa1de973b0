package paraclecache

import (
	"crypto/sha256"
	"math"
	"strconv"

	"github.com/paracle/paracle-cache/clients/go/internal/canonicaljson"
)

const (
	maxProviderBytes = 256
	maxModelBytes    = 256
	maxEndpointBytes = 2048
)

// keyDocument has the members of a key document; zero is absent. The JSON ones are canonical.
type keyDocument struct {
	provider, endpoint, model string
	temperature               *float64
	maxTokens                 *int64
	variant                   uint32
	messages, params, headers []byte
}

// write returns the canonical document, its members in their order.
func (d *keyDocument) write() ([]byte, error) {
	d.dropEmpty()
	if err := d.check(); err != nil {
		return nil, err
	}
	out := make([]byte, 0, 256+len(d.endpoint)+len(d.messages)+len(d.params)+len(d.headers))
	out = append(out, '{')
	out = appendText(out, "endpoint", d.endpoint)
	out = appendJSON(out, "headers", d.headers)
	if d.maxTokens != nil {
		out = appendJSON(out, "max_tokens", strconv.AppendInt(nil, *d.maxTokens, 10))
	}
	out = appendJSON(out, "messages", d.messages)
	out = appendText(out, "model", d.model)
	out = appendJSON(out, "params", d.params)
	out = appendText(out, "provider", d.provider)
	if d.temperature != nil {
		out = appendJSON(out, "temperature", canonicaljson.AppendNumber(nil, roundToHundredths(*d.temperature)))
	}
	out = appendJSON(out, "v", []byte("1"))
	if d.variant > 0 {
		out = appendJSON(out, "variant", strconv.AppendUint(nil, uint64(d.variant), 10))
	}
	out[len(out)-1] = '}' // In place of the last comma.
	return out, nil
}

// entryID returns what travels to the server. The error is a *KeyRefusedError.
func (d *keyDocument) entryID() (EntryID, error) {
	document, err := d.write()
	if err != nil {
		return EntryID{}, err
	}
	return EntryID{Digest: sha256.Sum256(document), Provider: d.provider, Model: d.model}, nil
}

// roundToHundredths rounds to the decimal nearest to the exact binary value, ties to the even digit.
func roundToHundredths(value float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(value, 'f', 2, 64), 64) // FormatFloat wrote it.
	return rounded
}

func appendText(out []byte, name, text string) []byte {
	if text == "" {
		return out
	}
	return append(canonicaljson.AppendString(appendName(out, name), text), ',')
}

func appendJSON(out []byte, name string, value []byte) []byte {
	if len(value) == 0 {
		return out
	}
	return append(append(appendName(out, name), value...), ',')
}

func appendName(out []byte, name string) []byte {
	return append(canonicaljson.AppendString(out, name), ':')
}

// dropEmpty makes absent what stands for absence.
func (d *keyDocument) dropEmpty() {
	for _, member := range []struct {
		value *[]byte
		empty string
	}{{&d.messages, "[]"}, {&d.params, "{}"}, {&d.headers, "{}"}} {
		if isNull(*member.value) || string(*member.value) == member.empty {
			*member.value = nil
		}
	}
}

func (d *keyDocument) check() error {
	switch {
	case d.provider == "":
		return &KeyRefusedError{Place: "/provider", Reason: "required"}
	case !isText(d.provider, maxProviderBytes):
		return &KeyRefusedError{Place: "/provider", Reason: "must be UTF-8 of at most 256 bytes"}
	case !isText(d.endpoint, maxEndpointBytes):
		return &KeyRefusedError{Place: "/endpoint", Reason: "must be UTF-8 of at most 2048 bytes"}
	case !isText(d.model, maxModelBytes):
		return &KeyRefusedError{Place: "/model", Reason: "must be UTF-8 of at most 256 bytes"}
	case d.temperature != nil && !(math.Abs(*d.temperature) <= canonicaljson.MaxSafeInteger):
		return &KeyRefusedError{Place: "/temperature", Reason: "must be a number within 2^53-1"}
	case d.maxTokens != nil && (*d.maxTokens > canonicaljson.MaxSafeInteger || *d.maxTokens < -canonicaljson.MaxSafeInteger):
		return &KeyRefusedError{Place: "/max_tokens", Reason: "must be within 2^53-1"}
	case len(d.params) > 0 && d.params[0] != '{':
		return &KeyRefusedError{Place: "/params", Reason: "must be an object"}
	case len(d.headers) > 0 && d.headers[0] != '{':
		return &KeyRefusedError{Place: "/headers", Reason: "must be an object"}
	}
	return d.checkMessages()
}

func (d *keyDocument) checkMessages() error {
	if len(d.messages) == 0 {
		return nil
	}
	if d.messages[0] != '[' {
		return &KeyRefusedError{Place: "/messages", Reason: "must be an array"}
	}
	if index := canonicaljson.FirstNonObject(d.messages); index >= 0 {
		return &KeyRefusedError{Place: "/messages/" + strconv.Itoa(index), Reason: "must be an object"}
	}
	return nil
}
