package paraclecache

import (
	"context"
	"time"

	"github.com/paracle/paracle-cache/clients/go/internal/cachepb"
)

// Config is how a server is set up.
type Config struct {
	Version  string
	Settings []Setting
	Limits   Limits
	Features []string // What it can do beyond the first release, for example "leases". Unknown names are to be ignored.
}

// Setting is one of a server's settings; Value is "***" for a secret that is set.
type Setting struct {
	Name, Value string
	Source      string // "default", "file", "environment", "flag"; empty when not told.
}

// Limits are what requests are held to.
type Limits struct {
	MaxEntryBytes         int64 // Largest payload of a Set.
	MaxMessageBytes       int64 // Largest request message.
	MaxBatchEntries       int
	MaxBatchResponseBytes int64 // Largest BatchGet response before results become TooLarge.
	DefaultTTL            time.Duration
	MaxTTL                time.Duration
	MaxTags               int
}

// Config tells every setting of the server, its limits and what it can do. Secrets are masked.
func (c *Client) Config(ctx context.Context) (*Config, error) {
	if c.conn == nil {
		return nil, errDisabled()
	}
	response, err := ask(ctx, c, c.admin.GetConfig, &cachepb.GetConfigRequest{})
	if err != nil {
		return nil, err
	}
	limits := response.GetLimits()
	config := &Config{
		Version:  response.GetVersion(),
		Features: response.GetFeatures(),
		Limits: Limits{
			MaxEntryBytes:         limits.GetMaxEntryBytes(),
			MaxMessageBytes:       limits.GetMaxMessageBytes(),
			MaxBatchEntries:       int(limits.GetMaxBatchEntries()),
			MaxBatchResponseBytes: limits.GetMaxBatchResponseBytes(),
			DefaultTTL:            limits.GetDefaultTtl().AsDuration(),
			MaxTTL:                limits.GetMaxTtl().AsDuration(),
			MaxTags:               int(limits.GetMaxTags()),
		},
	}
	for _, setting := range response.GetSettings() {
		config.Settings = append(config.Settings, Setting{
			Name: setting.GetName(), Value: setting.GetValue(), Source: sources[setting.GetSource()],
		})
	}
	return config, nil
}

var sources = map[cachepb.Setting_Source]string{
	cachepb.Setting_SOURCE_DEFAULT:     "default",
	cachepb.Setting_SOURCE_FILE:        "file",
	cachepb.Setting_SOURCE_ENVIRONMENT: "environment",
	cachepb.Setting_SOURCE_FLAG:        "flag",
}
