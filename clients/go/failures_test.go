package paraclecache_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/fakecache"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

const manyCalls = 1000

// thousandCalls makes calls one after another, as an agent does; before each it does what disturb says. Every call must
// return its own answer. Returns what each took beyond the model's own time, sorted.
func thousandCalls(t *testing.T, cache *paraclecache.Cache, disturb func(call int)) []time.Duration {
	t.Helper()
	took := make([]time.Duration, manyCalls)
	for i := range took {
		disturb(i)
		want := fmt.Sprintf(`{"n":%d}`, i%50)
		began := time.Now()
		answer, err := cache.Do(ctx, question(want), func(context.Context) (paraclecache.Answer, error) {
			return paraclecache.Answer{Payload: []byte(want)}, nil
		})
		took[i] = time.Since(began)
		if err != nil || string(answer.Payload) != want {
			t.Fatalf("call %d: %s, %v; want %s", i, answer.Payload, err, want)
		}
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	return took
}

// checkPrice: the first few calls may cost a timeout each, all others next to nothing.
func checkPrice(t *testing.T, took []time.Duration) {
	t.Helper()
	checkSlowest(t, took)
	if median := took[manyCalls/2]; median > time.Millisecond {
		t.Errorf("half of the calls cost more than %v", median)
	}
}

// checkSlowest is what holds also while the server is asked.
func checkSlowest(t *testing.T, took []time.Duration) {
	t.Helper()
	t.Logf("median %v, 99 %% %v, most %v", took[manyCalls/2], took[manyCalls*99/100], took[manyCalls-1])
	// A tenth of a second more for a machine that is busy.
	if most := took[manyCalls-1]; most > 600*time.Millisecond {
		t.Errorf("a call cost %v", most)
	}
}

// quietCache has the default timeout of 0.5 s.
func quietCache(t *testing.T, endpoint string, options ...paraclecache.Option) *paraclecache.Cache {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	options = append(options, paraclecache.WithEndpoint(endpoint), paraclecache.WithLogger(quiet))
	cache := paraclecache.New(options...)
	t.Cleanup(func() { _ = cache.Close() })
	return cache
}

func once(when int, what func()) func(int) {
	return func(call int) {
		if call == when {
			what()
		}
	}
}

func TestEveryCallIsAnsweredThoughTheServerIsKilled(t *testing.T) {
	server := serverprocess.Start(t)
	took := thousandCalls(t, quietCache(t, server.Endpoint), once(300, server.Kill))
	checkPrice(t, took)
}

func TestEveryCallIsAnsweredThoughTheServerIsFrozen(t *testing.T) {
	server := serverprocess.Start(t)
	took := thousandCalls(t, quietCache(t, server.Endpoint), once(300, server.Pause))
	checkPrice(t, took)
}

func TestEveryCallIsAnsweredThoughTheServerIsRestarted(t *testing.T) {
	server := serverprocess.Start(t)
	cache := quietCache(t, server.Endpoint)
	took := thousandCalls(t, cache, once(300, func() {
		server.Kill()
		serverprocess.StartAt(t, server.Endpoint)
	}))
	checkSlowest(t, took)
	mustServeAgain(t, cache)
}

func TestAServerThatThawsIsUsedAgain(t *testing.T) {
	server := serverprocess.Start(t)
	cache := quietCache(t, server.Endpoint)
	thousandCalls(t, cache, once(300, server.Pause))
	server.Resume()
	mustServeAgain(t, cache)
}

// mustServeAgain waits until an answer comes from the cache.
func mustServeAgain(t *testing.T, cache *paraclecache.Cache) {
	t.Helper()
	upstream := answering("{}")
	for give := time.Now().Add(20 * time.Second); !mustDo(t, cache, question("again"), upstream).FromCache; {
		if time.Now().After(give) {
			t.Fatal("no hit within 20 s")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestEveryCallIsAnsweredThoughNobodyListens(t *testing.T) {
	checkPrice(t, thousandCalls(t, quietCache(t, "127.0.0.1:1"), func(int) {}))
}

func TestEveryCallIsAnsweredThoughThePeerIsNoCache(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close() // Accepts, and says nothing ever.
		}
	}()
	checkPrice(t, thousandCalls(t, quietCache(t, listener.Addr().String()), func(int) {}))
}

func TestEveryCallIsAnsweredThoughTheCertificateIsWrong(t *testing.T) {
	ofServer, _ := certificate(t)
	_, trusted := certificate(t)
	server := fakecache.Start(grpc.Creds(credentials.NewServerTLSFromCert(&ofServer)))
	defer server.Stop()
	took := thousandCalls(t, quietCache(t, server.Endpoint, paraclecache.WithCACert(trusted)), func(int) {})
	checkPrice(t, took)
	if server.Gets.Load() != 0 {
		t.Error("a server with an unknown certificate was asked")
	}
}

func TestTLSWithATokenReachesAServerWhoseCertificateIsTrusted(t *testing.T) {
	pair, file := certificate(t)
	server := fakecache.Start(grpc.Creds(credentials.NewServerTLSFromCert(&pair)))
	defer server.Stop()
	client := newClient(t, paraclecache.WithEndpoint(server.Endpoint), paraclecache.WithCACert(file),
		paraclecache.WithToken("secret"), paraclecache.WithTimeout(10*time.Second))
	mustSet(t, client, question("a"), paraclecache.Entry{Payload: []byte("A")})
	if hit := mustHit(t, client, question("a")); string(hit.Payload) != "A" {
		t.Errorf("%+v", hit)
	}
}

// certificate makes one for 127.0.0.1 that signs itself, and a PEM file of it.
func certificate(t *testing.T) (pair tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "certificate.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
