"""How a question becomes 32 bytes."""
