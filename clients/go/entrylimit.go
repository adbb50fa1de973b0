package paraclecache

import (
	"context"
	"sync/atomic"
	"time"
)

// defaultMaxEntryBytes is the server's default, which holds until the server told its own.
const defaultMaxEntryBytes = 3 << 20

const limitAskedAgain = time.Minute

// entryLimit is the largest payload that the service takes.
type entryLimit struct {
	bytes    atomic.Int64
	askAfter atomic.Int64 // Unix nanoseconds; far away once it is known.
}

// learn asks the service for its limit, in the background and rarely. A caller that may not ask keeps the default.
func (l *entryLimit) learn(c *Cache) {
	now, askAfter := time.Now(), l.askAfter.Load()
	if now.UnixNano() < askAfter || !l.askAfter.CompareAndSwap(askAfter, now.Add(limitAskedAgain).UnixNano()) {
		return
	}
	c.inBackground(func(lifetime context.Context) {
		config, err := c.client.facts(lifetime)
		if err == nil && config.Limits.MaxEntryBytes > 0 {
			l.bytes.Store(config.Limits.MaxEntryBytes)
		}
	})
}
