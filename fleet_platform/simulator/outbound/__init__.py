"""A device's way out: the websocket to its server, and what it says there."""
