"""What the transports do, without the types of any HTTP library."""
