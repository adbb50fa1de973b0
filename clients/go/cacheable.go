package paraclecache

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/paracle/paracle-cache/clients/go/internal/canonicaljson"
)

// maxBodyBytes is the largest request that is looked at.
const maxBodyBytes = 8 << 20

var askedPaths = []string{
	"/chat/completions", "/completions", "/responses", "/embeddings", "/messages",
	":generateContent", ":streamGenerateContent", ":embedContent", ":batchEmbedContents",
}

// isAsked tells a request to an endpoint that answers questions. The body is not looked at.
func isAsked(request *http.Request) bool {
	if request.Method != http.MethodPost || request.URL == nil || request.URL.Opaque != "" {
		return false
	}
	path := request.URL.EscapedPath()
	for _, end := range askedPaths {
		if strings.HasSuffix(path, end) {
			return true
		}
	}
	return false
}

// isInMemorySize tells a body whose length is known and small enough.
func isInMemorySize(request *http.Request) bool {
	return request.Body != nil && request.ContentLength > 0 && request.ContentLength <= maxBodyBytes
}

// wanted is a question that a request asks.
type wanted struct {
	id      EntryID
	streams bool // The answer is wanted in pieces, as they are made.
}

// questionOf returns what a request asks that isAsked; false when its answer depends on more than the request, or is
// not final. The error is a *KeyRefusedError.
func questionOf(request *http.Request, body []byte) (wanted, bool, error) {
	members, err := canonicaljson.Members(body, canonicaljson.OfKey)
	if err != nil {
		return wanted{}, false, refusedWithin("", err)
	}
	streams := strings.HasSuffix(request.URL.EscapedPath(), ":streamGenerateContent")
	for _, member := range members {
		if dependsOnMore(member) {
			return wanted{}, false, nil
		}
		streams = streams || member.Name == "stream" && string(member.Value) == "true"
	}
	document, err := documentOfRequest(ProviderRequest{
		Provider: providerOf(request.URL),
		Endpoint: request.URL.RequestURI(),
		Header:   request.Header,
	}, members)
	if err != nil {
		return wanted{}, false, err
	}
	id, err := document.entryID()
	return wanted{id: id, streams: streams}, err == nil, err
}

func dependsOnMore(member canonicaljson.Member) bool {
	switch member.Name {
	case "background":
		return !isNull(member.Value) && string(member.Value) != "false"
	case "conversation", "container":
		return !isNull(member.Value)
	case "tools":
		return hasOpenContainer(member.Value)
	}
	return false
}

// hasOpenContainer tells a tool that works in a container which exists and has a state: a string is its id, an object
// asks for a new one.
func hasOpenContainer(tools []byte) bool {
	var each []json.RawMessage
	if json.Unmarshal(tools, &each) != nil {
		return false
	}
	for _, tool := range each {
		var members map[string]json.RawMessage
		if json.Unmarshal(tool, &members) == nil && isString(members["container"]) {
			return true
		}
	}
	return false
}

// providerOf returns the lower-case host, with the port where that is not the scheme's.
func providerOf(address *url.URL) string {
	host := strings.ToLower(address.Host)
	name, port, err := net.SplitHostPort(host)
	scheme := strings.ToLower(address.Scheme)
	if err != nil || !(scheme == "https" && port == "443" || scheme == "http" && port == "80") {
		return host
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}
