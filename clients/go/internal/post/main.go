// Command post sends standard input to a URL through the caching transport, for tests that hold the languages against
// each other. It prints what the response's x-paracle-cache says, a line, then the body.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"

	paraclecache "github.com/paracle/paracle-cache/clients/go"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "post:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: post URL <BODY")
	}
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	transport := paraclecache.NewTransport(nil)
	defer transport.Close()
	client := &http.Client{Transport: transport}
	response, err := client.Post(os.Args[1], "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	fmt.Println(response.Header.Get("x-paracle-cache"))
	_, err = os.Stdout.Write(answer)
	return err
}
