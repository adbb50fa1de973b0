module github.com/paracle/paracle-cache/clients/go/internal/sdktest

go 1.23.0

// Not the newest of the SDKs: those take minutes to compile, and newer toolchains than Debian has.
require (
	github.com/anthropics/anthropic-sdk-go v1.30.0
	github.com/openai/openai-go/v3 v3.16.0
	github.com/paracle/paracle-cache/clients/go v0.0.0
)

require (
	github.com/tidwall/gjson v1.18.0 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.1 // indirect
	github.com/tidwall/sjson v1.2.5 // indirect
	golang.org/x/net v0.41.0 // indirect
	golang.org/x/sync v0.16.0 // indirect
	golang.org/x/sys v0.34.0 // indirect
	golang.org/x/text v0.27.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20250707201910-8d1bb00bc6a7 // indirect
	google.golang.org/grpc v1.75.1 // indirect
	google.golang.org/protobuf v1.36.6 // indirect
)

replace github.com/paracle/paracle-cache/clients/go => ../..
