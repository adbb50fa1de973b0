package paraclecache

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

func responses() map[string]*cachepb.GetResponse {
	hit := &cachepb.Hit{
		Origin: &cachepb.Origin{PromptTokens: 9}, CreateTime: timestamppb.Now(), HitCount: 3, ContentType: "a/b",
		Payload: []byte("answer"),
	}
	return map[string]*cachepb.GetResponse{
		"hit":       {Outcome: &cachepb.GetResponse_Hit{Hit: hit}},
		"empty hit": {Outcome: &cachepb.GetResponse_Hit{Hit: &cachepb.Hit{}}},
		"miss":      {Outcome: &cachepb.GetResponse_Miss{Miss: &cachepb.Miss{FillToken: []byte("t")}}},
		"lease":     {Outcome: &cachepb.GetResponse_Lease{Lease: &cachepb.Lease{FillToken: []byte("t")}}},
		"pending":   {Outcome: &cachepb.GetResponse_Pending{Pending: &cachepb.Pending{}}},
		"nothing":   {},
	}
}

// whole puts a response together again.
func (r *getResponse) whole() *cachepb.GetResponse {
	message := proto.Clone(r.message).(*cachepb.GetResponse)
	if hit := message.GetHit(); hit != nil {
		hit.Payload = r.payload
	}
	return message
}

func TestResponsesAreReadAsProtobufReadsThem(t *testing.T) {
	for name, want := range responses() {
		text, err := proto.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got getResponse
		if err := got.unmarshal(text); err != nil || !proto.Equal(got.whole(), want) {
			t.Errorf("%s: %v, %v", name, got.whole(), err)
		}
	}
}

// FuzzGetResponse: what protobuf refuses is refused, and what it reads is read alike.
func FuzzGetResponse(f *testing.F) {
	for _, message := range responses() {
		text, _ := proto.Marshal(message)
		f.Add(text)
		f.Add(append(bytes.Clone(text), text...))
	}
	f.Add([]byte("\n\x0a8\x01z\x04late8\x00")) // Something behind the payload.
	f.Fuzz(func(t *testing.T, text []byte) {
		var want cachepb.GetResponse
		wantErr := proto.Unmarshal(text, &want)
		var got getResponse
		err := got.unmarshal(bytes.Clone(text))
		if (err == nil) != (wantErr == nil) || err == nil && !proto.Equal(got.whole(), &want) {
			t.Errorf("%x: %v, %v; protobuf: %v, %v", text, got.whole(), err, &want, wantErr)
		}
	})
}
