package paraclecache

import (
	"net/http"
	"slices"
	"strings"

	"github.com/paracle/paracle-cache/clients/go/internal/canonicaljson"
)

// ProviderRequest is an HTTP request to a provider, as far as it shapes the answer.
type ProviderRequest struct {
	Provider string      // Who answers. A transport says the lower-case host, with a port that is not the scheme's.
	Endpoint string      // URL or path, perhaps with a query; credentials in it are removed.
	Header   http.Header // All of them; those that shape the answer are picked.
	Body     []byte      // A JSON object.
}

// neutralMembers of a body say who asks and at what price, not what.
var neutralMembers = map[string]bool{
	"metadata": true, "prompt_cache_key": true, "prompt_cache_retention": true, "safety_identifier": true,
	"service_tier": true, "user": true,
}

// shapingHeaders enter the key.
var shapingHeaders = []string{"anthropic-beta", "anthropic-version", "openai-beta"}

// KeyFromRequest returns the key of a provider's request (section 3 of the key's specification). Parameters that nobody
// has heard of yet separate keys instead of mixing them. The error is a *[KeyRefusedError].
func KeyFromRequest(request ProviderRequest) (Key, error) {
	members, err := canonicaljson.Members(request.Body, canonicaljson.OfKey)
	if err != nil {
		return Key{}, refusedWithin("", err)
	}
	document, err := documentOfRequest(request, members)
	if err != nil {
		return Key{}, err
	}
	if _, err := document.write(); err != nil {
		return Key{}, err
	}
	return document.key(), nil
}

// documentOfRequest sorts the members of a body into those of a key document.
func documentOfRequest(request ProviderRequest, members []canonicaljson.Member) (*keyDocument, error) {
	document := &keyDocument{
		provider: request.Provider,
		endpoint: canonicalEndpoint(request.Endpoint),
	}
	var params []canonicaljson.Member
	for _, member := range members {
		if isDropped(member) || document.lift(member) {
			continue
		}
		if err := checkParameterDepth(member); err != nil {
			return nil, err
		}
		params = append(params, member)
	}
	document.params = canonicaljson.AppendObject(nil, params)
	headers, err := headersOf(request.Header)
	document.headers = headers
	return document, err
}

func isDropped(member canonicaljson.Member) bool {
	if isNull(member.Value) || neutralMembers[member.Name] {
		return true
	}
	switch member.Name {
	case "stream":
		return string(member.Value) == "false"
	case "model":
		return string(member.Value) == `""`
	case "messages":
		return string(member.Value) == "[]"
	}
	return false
}

// lift takes a member that the document has under the same name; false when its value is not what the document's is.
func (d *keyDocument) lift(member canonicaljson.Member) bool {
	value := member.Value
	switch member.Name {
	case "model":
		return textInto(&d.model)(value) == nil
	case "temperature":
		return d.takeTemperature(value) == nil
	case "max_tokens":
		return d.takeMaxTokens(value) == nil
	case "messages":
		if value[0] != '[' || canonicaljson.FirstNonObject(value) >= 0 {
			return false
		}
		d.messages = value
		return true
	}
	return false
}

// insideParams is what a parameter may be: the braces of the document and of params are two levels.
var insideParams = canonicaljson.Limits{Depth: canonicaljson.MaxDepth - 2, Number: canonicaljson.MaxSafeInteger}

func checkParameterDepth(member canonicaljson.Member) error {
	if member.Levels <= insideParams.Depth {
		return nil
	}
	_, err := canonicaljson.Canonicalize(member.Value, insideParams)
	return refusedWithin(canonicaljson.Pointer(member.Name), err)
}

// headersOf returns the canonical object of the headers that shape the answer.
func headersOf(header http.Header) ([]byte, error) {
	var picked []canonicaljson.Member
	for _, name := range shapingHeaders {
		if value := strings.Join(valuesOf(header, name), ", "); value != "" {
			if !isText(value, len(value)) {
				return nil, &KeyRefusedError{Place: "/headers/" + name, Reason: "must be UTF-8"}
			}
			picked = append(picked, canonicaljson.Member{Name: name, Value: canonicaljson.AppendString(nil, value)})
		}
	}
	return canonicaljson.AppendObject(nil, picked), nil
}

// valuesOf returns the values that are not empty, however the name is spelt.
func valuesOf(header http.Header, name string) []string {
	var spellings []string
	for spelling := range header {
		if asciiLower(spelling) == name {
			spellings = append(spellings, spelling)
		}
	}
	slices.Sort(spellings) // A map has no order of its own.
	var values []string
	for _, spelling := range spellings {
		for _, value := range header[spelling] {
			if value != "" {
				values = append(values, value)
			}
		}
	}
	return values
}
