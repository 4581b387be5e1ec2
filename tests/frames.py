"""What a peer makes of the bytes that the platform writes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from plugin_sdk import JSONObject


def read_frames(data: bytes) -> Iterator[JSONObject]:
    """JSON of each websocket frame in a stream of unmasked final text frames."""
    while data:
        assert data[0] == 0x81, "a text frame"
        start, size = 2, data[1]
        if size > 125:
            width = 2 if size == 126 else 8
            start, size = 2 + width, int.from_bytes(data[2 : 2 + width], "big")
        yield json.loads(data[start : start + size])
        data = data[start + size :]
