package canonicaljson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/paracle/paracle-cache/clients/go/internal/canonicaljson"
	"github.com/paracle/paracle-cache/clients/go/internal/repository"
)

// FuzzCanonical: what is accepted is JSON to encoding/json too and keeps its value, and canonical text is its own
// canonical form.
func FuzzCanonical(f *testing.F) {
	for _, vector := range repository.KeyVectors(f).Canonicaliser {
		f.Add(vector.Input.Bytes(f, vector.InputBase64))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		canonical, err := canonicaljson.Canonicalize(text, canonicaljson.Plain)
		if err != nil {
			return
		}
		again, err := canonicaljson.Canonicalize(canonical, canonicaljson.Plain)
		if err != nil || !bytes.Equal(again, canonical) {
			t.Fatalf("%q became %q, then %q, %v", text, canonical, again, err)
		}
		var before, after any
		if err := json.Unmarshal(text, &before); err != nil {
			t.Fatalf("%q was accepted, encoding/json says %v", text, err)
		}
		if err := json.Unmarshal(canonical, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%q became %q: %v, want %v (%v)", text, canonical, after, before, err)
		}
	})
}
