package paraclecache

import (
	"cmp"
	"log/slog"
	"math"
	"regexp"
	"strconv"
	"time"

	"google.golang.org/grpc"
)

const (
	defaultEndpoint  = "localhost:50051"
	defaultNamespace = "default"
	defaultTimeout   = 500 * time.Millisecond
	defaultLeaseWait = 120 * time.Second

	// maxSeconds is what a time.Duration holds.
	maxSeconds = float64(math.MaxInt64 / int64(time.Second))
)

// settings are the options; nil and empty are to be filled from the environment.
type settings struct {
	endpoint, namespace, token string
	caCert, cert, key          string
	ttl, timeout, leaseWait    *time.Duration
	enabled, coalesce          *bool
	logger                     *slog.Logger
	dialOptions                []grpc.DialOption
	cost                       func(string, Usage) float64
	contentType                string
}

// resolve applies the options, then the environment, then the defaults. The settings are whole also with an error,
// which is a *ConfigError.
func resolve(options []Option, lookup func(string) (string, bool)) (*settings, error) {
	s := &settings{}
	for _, option := range options {
		option(s)
	}
	err := s.fill(environment{lookup})
	s.endpoint = cmp.Or(s.endpoint, defaultEndpoint)
	s.namespace = cmp.Or(s.namespace, defaultNamespace)
	s.contentType = cmp.Or(s.contentType, "application/json")
	s.timeout = cmp.Or(s.timeout, Ptr(defaultTimeout))
	s.leaseWait = cmp.Or(s.leaseWait, Ptr(defaultLeaseWait))
	s.ttl = cmp.Or(s.ttl, Ptr(time.Duration(0)))
	s.enabled = cmp.Or(s.enabled, Ptr(true))
	s.coalesce = cmp.Or(s.coalesce, Ptr(true))
	s.logger = cmp.Or(s.logger, slog.Default())
	return s, err
}

// fill takes from the environment what the options left out and returns the first thing that cannot be used.
func (s *settings) fill(env environment) error {
	env.text("PARACLE_CACHE_ENDPOINT", &s.endpoint)
	env.text("PARACLE_CACHE_NAMESPACE", &s.namespace)
	env.text("PARACLE_CACHE_TOKEN", &s.token)
	env.text("PARACLE_CACHE_CACERT", &s.caCert)
	env.text("PARACLE_CACHE_CERT", &s.cert)
	env.text("PARACLE_CACHE_KEY", &s.key)
	return cmp.Or(
		env.seconds("PARACLE_CACHE_TTL", &s.ttl, false),
		env.seconds("PARACLE_CACHE_TIMEOUT", &s.timeout, false),
		env.seconds("PARACLE_CACHE_LEASE_WAIT", &s.leaseWait, true),
		env.boolean("PARACLE_CACHE_ENABLED", &s.enabled),
		s.check(),
	)
}

var namespacePattern = regexp.MustCompile(`^[A-Za-z0-9._:/-]{0,128}$`)

func (s *settings) check() error {
	positive := "a duration over 0"
	switch {
	case s.ttl != nil && *s.ttl <= 0:
		return &ConfigError{"PARACLE_CACHE_TTL", s.ttl.String(), positive}
	case s.timeout != nil && *s.timeout <= 0:
		return &ConfigError{"PARACLE_CACHE_TIMEOUT", s.timeout.String(), positive}
	case s.leaseWait != nil && *s.leaseWait < 0:
		return &ConfigError{"PARACLE_CACHE_LEASE_WAIT", s.leaseWait.String(), "a duration of 0 or more"}
	case !namespacePattern.MatchString(s.namespace):
		return &ConfigError{"PARACLE_CACHE_NAMESPACE", s.namespace, "at most 128 bytes of [A-Za-z0-9._:/-]"}
	case s.cert != "" && s.key == "":
		return &ConfigError{"PARACLE_CACHE_KEY", "", "the key file of PARACLE_CACHE_CERT: both or neither"}
	case s.key != "" && s.cert == "":
		return &ConfigError{"PARACLE_CACHE_CERT", "", "the certificate file of PARACLE_CACHE_KEY: both or neither"}
	case s.cert != "" && s.caCert == "":
		return &ConfigError{"PARACLE_CACHE_CACERT", "", "the CA file that turns TLS on, as PARACLE_CACHE_CERT is given"}
	}
	return nil
}

// environment reads variables into settings that are unset. An empty variable is an unset one.
type environment struct {
	lookup func(string) (string, bool)
}

func (e environment) text(name string, into *string) {
	if value, _ := e.lookup(name); *into == "" {
		*into = value
	}
}

var decimal = regexp.MustCompile(`^[0-9]*\.?[0-9]+$`)

func (e environment) seconds(name string, into **time.Duration, zeroToo bool) error {
	value, _ := e.lookup(name)
	if *into != nil || value == "" {
		return nil
	}
	seconds, err := strconv.ParseFloat(value, 64)
	switch {
	case err == nil && decimal.MatchString(value) && seconds < maxSeconds && (seconds > 0 || zeroToo):
		*into = Ptr(time.Duration(seconds * float64(time.Second)))
		return nil
	case zeroToo:
		return &ConfigError{name, value, "seconds, 0 or more, as 120"}
	}
	return &ConfigError{name, value, "seconds over 0, as 0.5"}
}

func (e environment) boolean(name string, into **bool) error {
	value, _ := e.lookup(name)
	if *into != nil || value == "" {
		return nil
	}
	switch value {
	case "true", "1":
		*into = Ptr(true)
	case "false", "0":
		*into = Ptr(false)
	default:
		return &ConfigError{name, value, "true, false, 1 or 0"}
	}
	return nil
}
