package paraclecache_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/paracle/paracle-cache/clients/go/internal/fakecache"
	"github.com/paracle/paracle-cache/clients/go/internal/serverprocess"
)

const fakeInChild = "PARACLE_TEST_FAKE_CACHE"

// The test binary is also a fake cache with leases, in a process of its own that can be frozen.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PARACLE_CACHE_") {
			_ = os.Unsetenv(name)
		}
	}
	if os.Getenv(fakeInChild) == "" {
		os.Exit(m.Run())
	}
	server := fakecache.Start()
	server.Features = []string{"something else", "leases"}
	fmt.Println(server.Endpoint)
	_, _ = io.Copy(io.Discard, os.Stdin) // Until the parent ends.
}

// fakeProcess starts the fake in a child process and returns its endpoint and what sends it signals.
func fakeProcess(t *testing.T) (endpoint string, signal func(syscall.Signal)) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), fakeInChild+"=1")
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
	line, err := bufio.NewReader(output).ReadString('\n')
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
