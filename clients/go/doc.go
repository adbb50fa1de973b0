// Package paraclecache remembers what language models answered, in a Paracle Cache service that agents in any language
// share.
//
// There are two layers. [Client] asks the service and returns typed errors: for tools, and for whoever wants to know.
// [Cache] (its [Cache.Do]) and [Transport] are what people put around model calls: a cache that is sick, slow or missing
// never breaks and never slows such a call; the model is called as if there were no cache.
//
// Identical questions at the same time, in whatever process, are one model call ([WithCoalesce]).
//
// The environment alone is enough to configure all of them (PARACLE_CACHE_ENDPOINT, PARACLE_CACHE_NAMESPACE, ...); an
// [Option] wins over it. There is no global state: whatever is made is closed by its Close.
//
//	client := openai.NewClient(option.WithHTTPClient(&http.Client{Transport: paraclecache.NewTransport(nil)}))
package paraclecache
