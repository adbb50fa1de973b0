"""A provider on loopback that plays recorded answers."""
