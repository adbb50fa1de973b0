package paraclecache_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
	"github.com/paracle/paracle-cache/clients/go/internal/fakecache"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

// Either makes the test binary something else, in a process of its own that can be frozen or killed.
const (
	fakeInChild   = "PARACLE_TEST_FAKE_CACHE"   // A fake cache with leases.
	holderInChild = "PARACLE_TEST_LEASE_HOLDER" // A caller whose model never answers; at this endpoint.
)

func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PARACLE_CACHE_") {
			_ = os.Unsetenv(name)
		}
	}
	switch {
	case os.Getenv(fakeInChild) != "":
		server := fakecache.Start()
		server.Features = []string{"something else", "leases"}
		fmt.Println(server.Endpoint)
		_, _ = io.Copy(io.Discard, os.Stdin) // Until the parent ends.
	case os.Getenv(holderInChild) != "":
		endpoint := paraclecache.WithEndpoint(os.Getenv(holderInChild))
		cache := paraclecache.New(endpoint, paraclecache.WithTimeout(10*time.Second))
		_, _ = cache.Do(ctx, question("a"), func(context.Context) (paraclecache.Answer, error) {
			fmt.Println("the model is called")
			_, _ = io.Copy(io.Discard, os.Stdin)
			return paraclecache.Answer{}, nil
		})
	default:
		os.Exit(m.Run())
	}
}

// fakeProcess starts the fake in a child process and returns its endpoint and what sends it signals.
func fakeProcess(t *testing.T) (endpoint string, signal func(syscall.Signal)) {
	t.Helper()
	return childProcess(t, fakeInChild+"=1")
}

// childProcess starts this binary as what a variable says and returns its first line and what sends it signals.
func childProcess(t *testing.T, variable string) (line string, signal func(syscall.Signal)) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), variable)
	input, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = child.Process.Kill()
		_ = child.Wait()
	})
	line, err = bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line), func(signal syscall.Signal) {
		if err := child.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if signal == syscall.SIGSTOP {
			serverprocess.AwaitStopped(t, child.Process.Pid)
		}
	}
}
