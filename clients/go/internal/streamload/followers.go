package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// Where a chunk says when it was sent, in nanoseconds: "<call> <number> <nanoseconds> ...".
const sentField = 2

// followers ask with raw stubs: Get with a lease, without waiting, and then Follow. A lease is given back: somebody else
// was to have it.
type followers struct {
	stubs       []cachepb.CacheServiceClient
	entry       *cachepb.EntryRef
	pause       time.Duration
	pausedUntil time.Time
}

func newFollowers(p plan) (*followers, error) {
	digest, err := hex.DecodeString(p.Digest)
	if err != nil {
		return nil, fmt.Errorf("digest: %w", err)
	}
	f := &followers{
		entry:       &cachepb.EntryRef{Id: &cachepb.EntryRef_Digest{Digest: digest}, Provider: "p", Model: "m"},
		pause:       time.Duration(p.Pause * float64(time.Second)),
		pausedUntil: moment(p.PausedUntil),
	}
	for _, endpoint := range p.Endpoints {
		conn, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, err
		}
		f.stubs = append(f.stubs, cachepb.NewCacheServiceClient(conn))
		if err := f.connect(len(f.stubs) - 1); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// connect asks for nothing that matters.
func (f *followers) connect(replica int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := f.stubs[replica].Get(ctx, &cachepb.GetRequest{Entry: f.entry}, grpc.WaitForReady(true))
	return err
}

func (f *followers) read(ctx context.Context, replica int) reader {
	r := reader{Replica: replica}
	began := time.Now()
	response, err := f.stubs[replica].Get(ctx, &cachepb.GetRequest{Entry: f.entry, Lease: &cachepb.LeaseRequest{}})
	if err == nil {
		err = f.goOn(ctx, &r, response, began)
	}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

func (f *followers) goOn(ctx context.Context, r *reader, response *cachepb.GetResponse, began time.Time) error {
	switch outcome := response.Outcome.(type) {
	case *cachepb.GetResponse_Hit:
		r.How = "hit"
		r.First = time.Since(began).Seconds()
		sum := sha256.Sum256(outcome.Hit.Payload)
		r.SHA256 = hex.EncodeToString(sum[:])
		return nil
	case *cachepb.GetResponse_Pending:
		r.How = "pending"
		return f.follow(ctx, r, f.stubs[r.Replica], began)
	case *cachepb.GetResponse_Lease:
		r.How = "lease"
		request := &cachepb.ReleaseLeaseRequest{Entry: f.entry, FillToken: outcome.Lease.FillToken}
		_, err := f.stubs[r.Replica].ReleaseLease(ctx, request)
		return err
	}
	r.How = "miss"
	return nil
}

func (f *followers) follow(ctx context.Context, r *reader, stub cachepb.CacheServiceClient, began time.Time) error {
	stream, err := stub.Follow(ctx, &cachepb.FollowRequest{Entry: f.entry})
	if err != nil {
		return err
	}
	joined := sinceEpoch()
	sum := sha256.New()
	for {
		response, err := stream.Recv()
		if err == io.EOF {
			return fmt.Errorf("the stream ended without an end")
		} else if err != nil {
			return err
		}
		switch part := response.Part.(type) {
		case *cachepb.FollowResponse_Start:
			r.Live = part.Start.Live
		case *cachepb.FollowResponse_Chunks:
			if r.First == 0 {
				r.First = time.Since(began).Seconds()
			}
			r.take(part.Chunks.Chunks, joined, sum)
			f.rest()
		case *cachepb.FollowResponse_End:
			r.SHA256 = hex.EncodeToString(sum.Sum(nil))
			return nil
		}
	}
}

func (r *reader) take(chunks [][]byte, joined float64, sum io.Writer) {
	now := sinceEpoch()
	for _, chunk := range chunks {
		_, _ = sum.Write(chunk)
		if sent := sentAt(chunk); r.Live && sent > joined {
			r.Lags = append(r.Lags, now-sent)
		}
	}
}

func (f *followers) rest() {
	if f.pause > 0 && time.Now().Before(f.pausedUntil) {
		time.Sleep(f.pause)
	}
}

// sentAt is 0 for what is no chunk as the drill's model sends them: where a stored answer is cut is of no meaning.
func sentAt(chunk []byte) float64 {
	fields := bytes.SplitN(chunk, []byte(" "), sentField+2)
	if len(fields) <= sentField {
		return 0
	}
	nanos, err := strconv.ParseInt(string(fields[sentField]), 10, 64)
	if err != nil {
		return 0
	}
	return float64(nanos) / 1e9
}
