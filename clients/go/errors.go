package paraclecache

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ConfigError says which setting cannot be used. Options have the names of their environment variables.
type ConfigError struct {
	Name     string // For example "PARACLE_CACHE_TIMEOUT".
	Value    string
	Accepted string // What would be.
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("paraclecache: %s=%q: accepted: %s", e.Name, e.Value, e.Accepted)
}

// Error is what every method of [Client] returns when the service did not answer as asked. errors.Is finds
// context.Canceled and context.DeadlineExceeded in those codes.
type Error struct {
	Code       codes.Code
	Reason     string        // Stable, UPPER_SNAKE_CASE, from the server's ErrorInfo; empty when there was none.
	Message    string        // For people.
	RetryAfter time.Duration // With an overloaded server: how long to wait; 0: not told.
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("paraclecache: %s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("paraclecache: %s (%s): %s", e.Code, e.Reason, e.Message)
}

// Is tells the errors of package context from the codes that stand for them.
func (e *Error) Is(target error) bool {
	return target == context.Canceled && e.Code == codes.Canceled ||
		target == context.DeadlineExceeded && e.Code == codes.DeadlineExceeded
}

// errDisabled answers what only a server could, when the cache is switched off.
func errDisabled() error {
	return &Error{Code: codes.FailedPrecondition, Reason: "CACHE_DISABLED", Message: "the cache is switched off by PARACLE_CACHE_ENABLED"}
}

const detailPrefix = "type.googleapis.com/google.rpc."

// errorOf makes an *Error of what gRPC returned. Of the details only two fields are wanted, which is no reason for a
// dependency on all of google.rpc.
func errorOf(err error) error {
	if err == nil {
		return nil
	}
	answer := status.Convert(err)
	found := &Error{Code: answer.Code(), Message: answer.Message()}
	for _, detail := range answer.Proto().GetDetails() {
		switch detail.GetTypeUrl() {
		case detailPrefix + "ErrorInfo":
			found.Reason = string(firstField(detail.GetValue()))
		case detailPrefix + "RetryInfo":
			var delay durationpb.Duration
			if proto.Unmarshal(firstField(detail.GetValue()), &delay) == nil {
				found.RetryAfter = delay.AsDuration()
			}
		}
	}
	return found
}

// firstField returns field 1 of a message, which is bytes; nil when there is none or the message is malformed.
func firstField(message []byte) []byte {
	for len(message) > 0 {
		number, kind, tagLength := protowire.ConsumeTag(message)
		if tagLength < 0 {
			return nil
		}
		length := protowire.ConsumeFieldValue(number, kind, message[tagLength:])
		if length < 0 {
			return nil
		}
		if number == 1 && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message[tagLength:])
			return value
		}
		message = message[tagLength+length:]
	}
	return nil
}

// contextError is what a context that is done means.
func contextError(ctx context.Context) error {
	return errorOf(status.FromContextError(ctx.Err()).Err())
}
