"""Generated from proto/ by scripts/lib/generate-python-stubs. Not for use outside this package."""
