"""What `cached_llm_call` makes of a function."""
