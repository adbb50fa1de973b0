"""JSON values by key, as `LLMCache` and `CacheManager` have them."""
