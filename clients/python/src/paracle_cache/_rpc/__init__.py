"""What travels to the service and back, shared by the sync and the asyncio client."""
