package main

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// bareClient is grpc-go with nothing on top: no deadline, no retries, no protobuf.
type bareClient struct {
	conn    *grpc.ClientConn
	request []byte
}

func connectBare(endpoint string) (*bareClient, error) {
	request, err := proto.Marshal(&cachepb.GetRequest{Entry: &cachepb.EntryRef{
		Namespace: "default", Id: &cachepb.EntryRef_Digest{Digest: id.Digest[:]}, Provider: id.Provider, Model: id.Model,
	}})
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(endpoint,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawBytes{})))
	return &bareClient{conn: conn, request: request}, err
}

func (c *bareClient) get(ctx context.Context) error {
	var response []byte
	if err := c.conn.Invoke(ctx, cachepb.CacheService_Get_FullMethodName, &c.request, &response); err != nil {
		return err
	}
	if len(response) < payloadBytes {
		return fmt.Errorf("no hit of %d bytes", payloadBytes)
	}
	return nil
}

// rawBytes takes messages for what they are on the wire.
type rawBytes struct{}

func (rawBytes) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*message.(*[]byte))}, nil
}

func (rawBytes) Unmarshal(data mem.BufferSlice, message any) error {
	*message.(*[]byte) = data.Materialize()
	return nil
}

func (rawBytes) Name() string { return "proto" }
