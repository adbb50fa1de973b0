package paraclecache

import (
	"errors"
	"testing"
	"time"
)

func environmentOf(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, found := variables[name]
		return value, found
	}
}

func TestOptionsWinOverTheEnvironmentAndThatOverDefaults(t *testing.T) {
	env := environmentOf(map[string]string{
		"PARACLE_CACHE_ENDPOINT": "e:1", "PARACLE_CACHE_NAMESPACE": "n", "PARACLE_CACHE_TTL": "1.5",
		"PARACLE_CACHE_ENABLED": "0", "PARACLE_CACHE_TIMEOUT": ".25", "PARACLE_CACHE_LEASE_WAIT": "0",
	})
	got, err := resolve([]Option{WithEndpoint("o:2"), WithEnabled(true)}, env)
	if err != nil {
		t.Fatal(err)
	}
	if got.endpoint != "o:2" || got.namespace != "n" || *got.ttl != 1500*time.Millisecond || !*got.enabled ||
		*got.timeout != 250*time.Millisecond || *got.leaseWait != 0 {
		t.Errorf("%+v", got)
	}
	got, err = resolve(nil, environmentOf(map[string]string{"PARACLE_CACHE_ENDPOINT": ""}))
	if err != nil || got.endpoint != "localhost:50051" || got.namespace != "default" || !*got.enabled ||
		*got.timeout != 500*time.Millisecond || *got.leaseWait != 2*time.Minute || *got.ttl != 0 {
		t.Errorf("defaults: %+v, %v", got, err)
	}
}

func TestABadValueNamesItsVariable(t *testing.T) {
	for _, bad := range [][2]string{
		{"PARACLE_CACHE_TTL", "0"}, {"PARACLE_CACHE_TTL", "-1"}, {"PARACLE_CACHE_TTL", "1h"}, {"PARACLE_CACHE_TTL", "1e30"},
		{"PARACLE_CACHE_TIMEOUT", "NaN"}, {"PARACLE_CACHE_TIMEOUT", "0x1p3"}, {"PARACLE_CACHE_TIMEOUT", "99999999999"},
		{"PARACLE_CACHE_TIMEOUT", "0.0000000001"}, {"PARACLE_CACHE_LEASE_WAIT", "Inf"}, {"PARACLE_CACHE_LEASE_WAIT", "-0.1"},
		{"PARACLE_CACHE_ENABLED", "yes"}, {"PARACLE_CACHE_NAMESPACE", "a b"}, {"PARACLE_CACHE_ENDPOINT", "localhost"},
		{"PARACLE_CACHE_ENDPOINT", "http://localhost:1"}, {"PARACLE_CACHE_ENDPOINT", "a:0"}, {"PARACLE_CACHE_ENDPOINT", "unix:"},
		{"PARACLE_CACHE_CACERT", "/nowhere/ca.pem"},
	} {
		settings, err := resolve(nil, environmentOf(map[string]string{bad[0]: bad[1]}))
		if err == nil {
			_, err = newClient(settings)
		}
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Name != bad[0] || wrong.Accepted == "" {
			t.Errorf("%s=%s: %v", bad[0], bad[1], err)
		}
	}
}

func TestACertificateNeedsItsKeyAndACA(t *testing.T) {
	for missing, given := range map[string][]string{
		"PARACLE_CACHE_KEY":    {"PARACLE_CACHE_CERT", "PARACLE_CACHE_CACERT"},
		"PARACLE_CACHE_CERT":   {"PARACLE_CACHE_KEY", "PARACLE_CACHE_CACERT"},
		"PARACLE_CACHE_CACERT": {"PARACLE_CACHE_KEY", "PARACLE_CACHE_CERT"},
	} {
		_, err := resolve(nil, environmentOf(map[string]string{given[0]: "x.pem", given[1]: "x.pem"}))
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Name != missing {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func TestATokenDoesNotCrossANetworkInClear(t *testing.T) {
	for endpoint, accepted := range map[string]bool{
		"localhost:1": true, "127.0.0.2:1": true, "[::1]:1": true, "unix:/run/c.sock": true, "dns:///localhost:1": true,
		"cache:1": false, "dns:///cache:1": false, "10.0.0.1:1": false, "dns://localhost/cache:1": false,
	} {
		settings, err := resolve([]Option{WithEndpoint(endpoint), WithToken("secret")}, environmentOf(nil))
		if err != nil {
			t.Fatal(err)
		}
		client, err := newClient(settings)
		if (err == nil) != accepted {
			t.Errorf("%s: %v", endpoint, err)
		}
		if client != nil {
			_ = client.Close()
		}
	}
}
