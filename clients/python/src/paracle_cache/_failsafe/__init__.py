"""The layer that never raises because of the cache: circuit, guard, and the two caches on them."""
