package paraclecache

import (
	"context"
	"math/rand/v2"
)

// probe asks for the service's health until it is back, then closes the circuit. It runs only while that is open.
func (c *Cache) probe(lifetime context.Context) {
	for {
		select {
		case <-lifetime.Done():
			return
		case <-c.after(c.circuit.probeDelay(rand.Float64())):
		}
		if c.client.Health(lifetime) == nil {
			c.circuit.close()
			c.settings.logger.Info("paraclecache: the service is back")
			return
		}
	}
}
