package paraclecache

import (
	"log/slog"
	"time"

	"google.golang.org/grpc"
)

// Option sets what the environment would, or a default. Options win over the environment.
type Option func(*settings)

// WithEndpoint says where the service is: "host:port", "dns:///host:port" or "unix:/path".
// Default: PARACLE_CACHE_ENDPOINT, else "localhost:50051".
func WithEndpoint(endpoint string) Option { return func(s *settings) { s.endpoint = endpoint } }

// WithNamespace chooses the partition, which is one trust domain: at most 128 bytes of [A-Za-z0-9._:/-].
// Default: PARACLE_CACHE_NAMESPACE, else "default".
func WithNamespace(namespace string) Option { return func(s *settings) { s.namespace = namespace } }

// WithToken sends a bearer token; only over TLS, a unix socket or loopback. Default: PARACLE_CACHE_TOKEN.
func WithToken(token string) Option { return func(s *settings) { s.token = token } }

// WithCACert turns TLS on and trusts the certificates of a PEM file. Default: PARACLE_CACHE_CACERT.
func WithCACert(path string) Option { return func(s *settings) { s.caCert = path } }

// WithClientCert shows a certificate to the server: PEM files of the certificate and its key.
// Default: PARACLE_CACHE_CERT and PARACLE_CACHE_KEY.
func WithClientCert(certificate, key string) Option {
	return func(s *settings) { s.cert, s.key = certificate, key }
}

// WithTTL is the life of what is stored without one of its own; over 0. Default: PARACLE_CACHE_TTL, else the server's.
func WithTTL(ttl time.Duration) Option { return func(s *settings) { s.ttl = &ttl } }

// WithEnabled turns the cache off with false: nothing is asked, connected or stored.
// Default: PARACLE_CACHE_ENABLED, else true.
func WithEnabled(enabled bool) Option { return func(s *settings) { s.enabled = &enabled } }

// WithTimeout bounds any one RPC, its retries included; over 0. Default: PARACLE_CACHE_TIMEOUT, else 0.5 s.
func WithTimeout(timeout time.Duration) Option { return func(s *settings) { s.timeout = &timeout } }

// WithLeaseWait bounds the waiting for somebody else's answer in all; 0 does not wait. A stream whose parts keep coming
// may take longer. Default: PARACLE_CACHE_LEASE_WAIT, else 120 s.
func WithLeaseWait(wait time.Duration) Option { return func(s *settings) { s.leaseWait = &wait } }

// WithCoalesce turns off with false that identical questions at the same time are paid once: [Cache.Do] and [Transport]
// then neither wait for somebody else's answer nor have others wait for theirs. Default: true.
func WithCoalesce(coalesce bool) Option { return func(s *settings) { s.coalesce = &coalesce } }

// WithLogger receives the few lines of the fail-open layer: one when the service is given up, one when it is back, one
// for each kind of thing that cannot be cached. Default: slog.Default().
func WithLogger(logger *slog.Logger) Option { return func(s *settings) { s.logger = logger } }

// WithDialOptions adds to what the gRPC connection is made with, for interceptors and the like.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dialOptions = append(s.dialOptions, options...) }
}

// WithCost tells the US dollars of a call, which are what a hit saves. Called once for each answer that is stored, from
// the goroutine that made the call. Default: costs are not known, and nothing is estimated.
func WithCost(cost func(model string, usage Usage) float64) Option {
	return func(s *settings) { s.cost = cost }
}

// WithContentType is the media type of what [Cache.Do] stores; an entry of another type is a miss to it.
// Default: "application/json". At most 128 bytes.
func WithContentType(contentType string) Option {
	return func(s *settings) { s.contentType = contentType }
}
