"""The drill of streams: answers that are recorded and followed while they come, with real processes and faults."""
