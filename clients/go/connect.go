package paraclecache

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // Client-side health checking, which serviceConfig turns on.
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
)

const userAgent = "paracle-cache-go/0.1.0"

// serviceConfig is that of every client: see docs/clients.md.
const serviceConfig = `{
  "loadBalancingConfig": [{"round_robin": {}}],
  "healthCheckConfig": {"serviceName": ""},
  "methodConfig": [{
    "name": [{}],
    "retryPolicy": {
      "maxAttempts": 3, "initialBackoff": "0.02s", "maxBackoff": "0.2s", "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }],
  "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1}
}`

// maxReceiveBytes is over any PARACLE_CACHE_MAX_ENTRY_BYTES, so that a server with a raised limit is followed.
const maxReceiveBytes = 1 << 30

// connect makes a connection without using it yet. The error is a *ConfigError.
func connect(s *settings) (*grpc.ClientConn, error) {
	if err := checkEndpoint(s.endpoint); err != nil {
		return nil, err
	}
	transport, err := transportCredentials(s)
	if err != nil {
		return nil, err
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDisableServiceConfig(), // A DNS record is not to change what docs/clients.md says.
		grpc.WithUserAgent(userAgent),
		grpc.WithResolvers(names{resolver.Get("dns"), shortestLookup}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReceiveBytes)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 3 * time.Second,
		}),
		// A peer that vanished without a word is found out; the server refuses pings more often than every 20 s.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 5 * time.Second}),
	}
	if s.token != "" {
		if s.caCert == "" && !isLocal(s.endpoint) {
			return nil, &ConfigError{"PARACLE_CACHE_TOKEN", "***", "only with PARACLE_CACHE_CACERT (TLS), a unix socket or a loopback address"}
		}
		options = append(options, grpc.WithPerRPCCredentials(bearer("Bearer "+s.token)))
	}
	conn, err := grpc.NewClient(s.endpoint, append(options, s.dialOptions...)...)
	if err != nil {
		return nil, badEndpoint(s.endpoint)
	}
	return conn, nil
}

// bearer is the authorization header of every RPC. connect has seen to it that it does not cross a network in clear.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(b)}, nil
}

func (b bearer) RequireTransportSecurity() bool { return false }

func transportCredentials(s *settings) (credentials.TransportCredentials, error) {
	if s.caCert == "" {
		return insecure.NewCredentials(), nil
	}
	pem, err := os.ReadFile(s.caCert)
	if err != nil {
		return nil, &ConfigError{"PARACLE_CACHE_CACERT", s.caCert, "a PEM file that can be read: " + err.Error()}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, &ConfigError{"PARACLE_CACHE_CACERT", s.caCert, "a PEM file with a certificate"}
	}
	if s.cert != "" {
		pair, err := tls.LoadX509KeyPair(s.cert, s.key)
		if err != nil {
			return nil, &ConfigError{"PARACLE_CACHE_CERT", s.cert, "a PEM certificate with its key in PARACLE_CACHE_KEY: " + err.Error()}
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

func badEndpoint(endpoint string) error {
	return &ConfigError{"PARACLE_CACHE_ENDPOINT", endpoint, "host:port, dns:///host:port or unix:/path"}
}

func checkEndpoint(endpoint string) error {
	if path, isUnix := strings.CutPrefix(endpoint, "unix:"); isUnix {
		if path == "" {
			return badEndpoint(endpoint)
		}
		return nil
	}
	host, port, err := net.SplitHostPort(authority(endpoint))
	number, notNumber := strconv.Atoi(port)
	if err != nil || notNumber != nil || host == "" || strings.Contains(host, "/") || number < 1 || number > 65535 {
		return badEndpoint(endpoint)
	}
	return nil
}

// authority returns the host:port of an endpoint.
func authority(endpoint string) string {
	if rest, isDNS := strings.CutPrefix(endpoint, "dns:"); isDNS {
		endpoint = rest[strings.LastIndexByte(rest, '/')+1:]
	}
	return endpoint
}

// isLocal tells whether what is sent stays on this machine.
func isLocal(endpoint string) bool {
	if strings.HasPrefix(endpoint, "unix:") {
		return true
	}
	host, _, _ := net.SplitHostPort(authority(endpoint))
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
