package paraclecache

import (
	"strings"
	"sync"
)

const (
	mostNotices     = 100
	mostNoticeBytes = 300
)

// notices remembers what was said already.
type notices struct {
	mu   sync.Mutex
	said map[string]bool
}

// warnOnce logs a message the first time. Bounded: after many different ones nothing more is said.
func (c *Cache) warnOnce(message string) {
	message = strings.ToValidUTF8(message[:min(len(message), mostNoticeBytes)], "")
	c.notices.mu.Lock()
	defer c.notices.mu.Unlock()
	if c.notices.said[message] || len(c.notices.said) == mostNotices {
		return
	}
	if c.notices.said == nil {
		c.notices.said = map[string]bool{}
	}
	c.notices.said[message] = true
	c.settings.logger.Warn("paraclecache: " + message)
}
