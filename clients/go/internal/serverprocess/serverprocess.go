// Package serverprocess starts a real paracle-cache-server for tests.
package serverprocess

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/paracle/paracle-cache/clients/go/internal/repository"
)

// Process is a server that runs.
type Process struct {
	Endpoint string

	t       testing.TB
	command *exec.Cmd
	done    chan struct{} // Closed when it ended.
}

// Binary returns the server of PARACLE_BUILD (relative to the repository), else of build/dev or build. Without one the
// test is skipped, and says so.
func Binary(t testing.TB) string {
	t.Helper()
	builds := []string{"build/dev", "build"}
	if chosen := os.Getenv("PARACLE_BUILD"); chosen != "" {
		builds = []string{chosen}
	}
	for _, build := range builds {
		path := repository.Path(filepath.FromSlash(build), "bin", "paracle-cache-server")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skipf("SKIPPED: no paracle-cache-server in %v; build one or set PARACLE_BUILD", builds)
	return ""
}

// Start starts a server on a free port; it ends with the test.
func Start(t testing.TB, flags ...string) *Process {
	t.Helper()
	return StartAt(t, "127.0.0.1:0", flags...)
}

var listening = regexp.MustCompile(`listening address=(\S+)`)

// StartAt starts a server that listens on an address.
func StartAt(t testing.TB, address string, flags ...string) *Process {
	t.Helper()
	command := exec.Command(Binary(t), append([]string{"--listen", address, "--admin-listen", "off"}, flags...)...)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PARACLE_CACHE_") {
			command.Env = append(command.Env, variable)
		}
	}
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	process := &Process{t: t, command: command, done: make(chan struct{})}
	t.Cleanup(process.Kill)
	found := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if match := listening.FindStringSubmatch(lines.Text()); match != nil {
				found <- match[1]
			}
		}
		_ = command.Wait()
		close(process.done)
	}()
	select {
	case process.Endpoint = <-found:
	case <-process.done:
		t.Fatal("the server did not start")
	case <-time.After(30 * time.Second):
		t.Fatal("the server does not listen after 30 s")
	}
	return process
}

// Kill ends the server at once, also a paused one, and waits for that.
func (p *Process) Kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// Pause freezes the server: its connections stay and nothing is answered.
func (p *Process) Pause() {
	p.signal(syscall.SIGSTOP)
	AwaitStopped(p.t, p.command.Process.Pid)
}

// Resume ends a pause.
func (p *Process) Resume() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(signal syscall.Signal) {
	select {
	case <-p.done:
	default:
		if err := p.command.Process.Signal(signal); err != nil && err != os.ErrProcessDone {
			p.t.Error(err)
		}
	}
}

// AwaitStopped waits until every thread of a process that was sent SIGSTOP has stopped: until then it goes on answering.
func AwaitStopped(t testing.TB, pid int) {
	t.Helper()
	for giveUp := time.Now().Add(10 * time.Second); !stopped(t, pid); time.Sleep(time.Millisecond) {
		if time.Now().After(giveUp) {
			t.Fatalf("process %d does not stop", pid)
		}
	}
}

func stopped(t testing.TB, pid int) bool {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(stats) == 0 {
		t.Fatalf("process %d: no threads: %v", pid, err)
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // The thread has ended.
		}
		_, afterName, _ := strings.Cut(string(stat), ") ")
		if !strings.HasPrefix(afterName, "T") {
			return false
		}
	}
	return true
}
