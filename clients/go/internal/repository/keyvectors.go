package repository

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"
)

// Text is a vector's input as text; base64 stands beside it where it is not UTF-8.
type Text string

// Bytes returns the input, from its base64 form when that is given.
func (text Text) Bytes(t testing.TB, encoded string) []byte {
	t.Helper()
	if encoded == "" {
		return []byte(text)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Expect is what an implementation must say of a vector.
type Expect struct {
	Canonical string   `json:"canonical"`
	Digest    string   `json:"digest"`
	Dropped   []string `json:"dropped"`
	RefusedAt *string  `json:"refused_at"`
}

// Check compares the canonical form, or the place of the refusal, with what is expected.
func (e Expect) Check(t testing.TB, canonical []byte, place string, err error) {
	t.Helper()
	switch {
	case e.RefusedAt == nil && err != nil:
		t.Errorf("refused: %v; want %s", err, e.Canonical)
	case e.RefusedAt == nil && string(canonical) != e.Canonical:
		t.Errorf("got  %s\nwant %s", canonical, e.Canonical)
	case e.RefusedAt != nil && err == nil:
		t.Errorf("accepted as %s; want a refusal at %q", canonical, *e.RefusedAt)
	case e.RefusedAt != nil && place != *e.RefusedAt:
		t.Errorf("refused at %q; want %q", place, *e.RefusedAt)
	}
}

// Vectors are the three lists of key_vectors.json.
type Vectors struct {
	Canonicaliser []struct {
		Why         string `json:"why"`
		Input       Text   `json:"input"`
		InputBase64 string `json:"input_base64"`
		Expect      Expect `json:"expect"`
	} `json:"canonicaliser"`
	Keys []struct {
		Why            string `json:"why"`
		Document       Text   `json:"document"`
		DocumentBase64 string `json:"document_base64"`
		Expect         Expect `json:"expect"`
	} `json:"keys"`
	Bodies []struct {
		Why        string      `json:"why"`
		Provider   string      `json:"provider"`
		Endpoint   string      `json:"endpoint"`
		Headers    [][2]string `json:"headers"`
		Body       Text        `json:"body"`
		BodyBase64 string      `json:"body_base64"`
		Expect     Expect      `json:"expect"`
	} `json:"bodies"`
}

// KeyVectors reads proto/paracle/cache/v1/key_vectors.json.
func KeyVectors(t testing.TB) Vectors {
	t.Helper()
	var vectors Vectors
	if err := json.Unmarshal(read(t, Path("proto", "paracle", "cache", "v1", "key_vectors.json")), &vectors); err != nil {
		t.Fatal(err)
	}
	lengths := []int{len(vectors.Canonicaliser), len(vectors.Keys), len(vectors.Bodies)}
	if slices.Min(lengths) < 50 {
		t.Fatalf("key_vectors.json has lists of %v vectors", lengths)
	}
	return vectors
}
