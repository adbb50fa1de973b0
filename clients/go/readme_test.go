package paraclecache_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/paracle/paracle-cache/clients/go/internal/fakecache"
)

func TestTheREADMEsProgramIsTheExampleAndAsksTheModelOnce(t *testing.T) {
	program, err := os.ReadFile("examples/hello/main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```go\n"+string(program)+"```\n") {
		t.Error("README.md does not have examples/hello/main.go as it is")
	}
	server := fakecache.Start()
	defer server.Stop()
	binary := t.TempDir() + "/hello"
	if out, err := exec.Command("go", "build", "-o", binary, "./examples/hello").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{
		"calling the model\n{\"text\": \"Hi there!\"} false <nil>\n", "{\"text\": \"Hi there!\"} true <nil>\n",
	} {
		run := exec.Command(binary)
		run.Env = append(os.Environ(), "PARACLE_CACHE_ENDPOINT="+server.Endpoint, "PARACLE_CACHE_TIMEOUT=10")
		if out, err := run.CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("got %q, %v; want %q", out, err, want)
		}
	}
}
