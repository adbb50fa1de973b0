package canonicaljson_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/paracle/paracle-cache/clients/go/internal/canonicaljson"
	"github.com/paracle/paracle-cache/clients/go/internal/repository"
)

func TestVectorsOfTheRepository(t *testing.T) {
	vectors := repository.KeyVectors(t).Canonicaliser
	for _, vector := range vectors {
		t.Run(vector.Why, func(t *testing.T) {
			got, err := canonicaljson.Canonicalize(vector.Input.Bytes(t, vector.InputBase64), canonicaljson.Plain)
			vector.Expect.Check(t, got, placeOf(err), err)
		})
	}
}

func TestPublishedPairsOfRFC8785(t *testing.T) {
	for name, pair := range repository.JCSPairs(t) {
		got, err := canonicaljson.Canonicalize(pair.Input, canonicaljson.Plain)
		if err != nil || !bytes.Equal(got, pair.Output) {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, pair.Output)
		}
	}
}

func TestPublishedNumbersOfRFC8785(t *testing.T) {
	for _, line := range repository.JCSNumbers(t) {
		if got := string(canonicaljson.AppendNumber(nil, line.Value)); got != line.Text {
			t.Errorf("%x: got %s, want %s", line.Value, got, line.Text)
		}
	}
}

func TestNumbersWithMoreZerosThanTheirExponentHasDigits(t *testing.T) {
	zeros := strings.Repeat("0", 200_000)
	for spelling, want := range map[string]string{
		"0." + zeros + "15e200001":          "1.5",
		"15" + zeros + "e-200000":           "15",
		"-0." + zeros + "15E200001":         "-1.5",
		"0." + zeros + "1":                  "0",
		"0." + zeros + "e999999999":         "0",
		zeros[:1] + "e99999999999999999999": "0",
	} {
		got, err := canonicaljson.Canonicalize([]byte(spelling), canonicaljson.OfKey)
		if err != nil || string(got) != want {
			t.Errorf("%.20s...: got %s, %v; want %s", spelling, got, err, want)
		}
	}
	if _, err := canonicaljson.Canonicalize([]byte("1"+zeros), canonicaljson.Plain); err == nil {
		t.Error("1e200000 was accepted")
	}
}

func TestMembersKeepTheOrderOfTheTextAndTellTheirLevels(t *testing.T) {
	members, err := canonicaljson.Members([]byte(`{"b":[[],{"z":1,"a":{}}] , "a":"x","c":{}}`), canonicaljson.OfKey)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name, value string
		levels      int
	}{{"b", `[[],{"a":{},"z":1}]`, 3}, {"a", `"x"`, 0}, {"c", `{}`, 1}}
	for i, member := range members {
		if member.Name != want[i].name || string(member.Value) != want[i].value || member.Levels != want[i].levels {
			t.Errorf("member %d is %s=%s (%d levels), want %v", i, member.Name, member.Value, member.Levels, want[i])
		}
	}
}

func placeOf(err error) string {
	var refusal *canonicaljson.Refusal
	if errors.As(err, &refusal) {
		return refusal.Place
	}
	return ""
}
