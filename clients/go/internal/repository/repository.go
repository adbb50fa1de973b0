// Package repository finds what tests read and run from outside this module: the proto's vectors, recorded traffic,
// the server's binary. Tests without them are skipped, and say so.
package repository

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Path returns a path in the repository that this module stands in.
func Path(elements ...string) string {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(file), "..", "..", "..", "..")
	return filepath.Join(append([]string{root}, elements...)...)
}

// shared returns a path in the data folder that may stand beside the repository.
func shared(elements ...string) string {
	return Path(append([]string{"..", "shared", "data"}, elements...)...)
}

// read skips the test when the file is absent.
func read(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("SKIPPED: %s is absent", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return content
}
