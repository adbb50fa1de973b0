package paraclecache

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	pb "google.golang.org/protobuf/proto"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// getResponse is a GetResponse whose payload is a part of the message received: protobuf would copy it once more, which
// is what a hit costs beyond the network.
type getResponse struct {
	message *cachepb.GetResponse // Without the payload of a hit.
	payload []byte
}

func (c *Client) callGet(ctx context.Context, request *cachepb.GetRequest) (*getResponse, error) {
	return ask(ctx, c, func(ctx context.Context, request *cachepb.GetRequest, _ ...grpc.CallOption) (*getResponse, error) {
		response := &getResponse{}
		err := c.conn.Invoke(ctx, cachepb.CacheService_Get_FullMethodName, request, response, forceGetCodec)
		return response, err
	}, request)
}

var forceGetCodec = grpc.ForceCodecV2(getCodec{encoding.GetCodecV2(proto.Name)})

// getCodec is protobuf's, but for getResponse.
type getCodec struct{ encoding.CodecV2 }

func (c getCodec) Unmarshal(data mem.BufferSlice, message any) error {
	response, ok := message.(*getResponse)
	if !ok {
		return c.CodecV2.Unmarshal(data, message)
	}
	return response.unmarshal(data.Materialize())
}

const (
	hitField     = 1  // Of GetResponse.
	payloadField = 15 // Of Hit.
)

// unmarshal keeps parts of text.
func (r *getResponse) unmarshal(text []byte) error {
	r.message = &cachepb.GetResponse{}
	if number, kind, tag := protowire.ConsumeTag(text); number == hitField && kind == protowire.BytesType {
		hit, length := protowire.ConsumeBytes(text[tag:])
		if tag+length == len(text) && length > 0 {
			return r.unmarshalHit(hit)
		}
	}
	if err := pb.Unmarshal(text, r.message); err != nil {
		return err
	}
	r.payload = r.message.GetHit().GetPayload()
	return nil
}

func (r *getResponse) unmarshalHit(text []byte) error {
	head, payload, found := cutPayload(text)
	hit := &cachepb.Hit{}
	if err := pb.Unmarshal(head, hit); err != nil {
		return err
	}
	if !found {
		payload = hit.Payload
	}
	r.message.Outcome, r.payload = &cachepb.GetResponse_Hit{Hit: hit}, payload
	return nil
}

// cutPayload divides a Hit into what stands before its payload and the payload; false when that is not the last field
// on the wire, or the message is malformed.
func cutPayload(hit []byte) (head, payload []byte, found bool) {
	for at := 0; at < len(hit); {
		number, kind, tag := protowire.ConsumeTag(hit[at:])
		if tag < 0 {
			break
		}
		length := protowire.ConsumeFieldValue(number, kind, hit[at+tag:])
		if length < 0 {
			break
		}
		end := at + tag + length
		if number == payloadField && kind == protowire.BytesType && end == len(hit) {
			payload, _ = protowire.ConsumeBytes(hit[at+tag:])
			return hit[:at], payload[:len(payload):len(payload)], true
		}
		at = end
	}
	return hit, nil, false
}
