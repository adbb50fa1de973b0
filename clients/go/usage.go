package paraclecache

// Usage is what a provider says that a call took; 0 is not known.
type Usage struct {
	PromptTokens     int64
	CompletionTokens int64
}
