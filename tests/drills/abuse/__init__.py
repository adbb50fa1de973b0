"""The drill of abuse: see __main__.py."""
