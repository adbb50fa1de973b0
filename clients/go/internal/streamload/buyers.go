package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
)

// buyers ask a provider for a stream, each replica's through a transport of its own.
type buyers struct {
	clients []*http.Client
	url     string
	body    string
}

func newBuyers(p plan) *buyers {
	b := &buyers{url: p.URL, body: p.Body}
	for _, endpoint := range p.Endpoints {
		transport := paraclecache.NewTransport(nil, paraclecache.WithEndpoint(endpoint))
		b.clients = append(b.clients, &http.Client{Transport: transport})
	}
	return b
}

func (b *buyers) read(ctx context.Context, replica int) reader {
	r := reader{Replica: replica}
	began := time.Now()
	if err := b.buy(ctx, &r, began); err != nil {
		r.Error = err.Error()
	}
	return r
}

func (b *buyers) buy(ctx context.Context, r *reader, began time.Time) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, strings.NewReader(b.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := b.clients[r.Replica].Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the provider answers %s", response.Status)
	}
	r.How = response.Header.Get("x-paracle-cache")
	sum := sha256.New()
	first := make([]byte, 1)
	if _, err := io.ReadFull(response.Body, first); err != nil {
		return err
	}
	r.First = time.Since(began).Seconds()
	sum.Write(first)
	if _, err := io.Copy(sum, response.Body); err != nil {
		return err
	}
	r.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return nil
}
