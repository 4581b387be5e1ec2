"""HTTP Basic credentials as one word. Source: RFC 7617."""

from __future__ import annotations

import base64
import binascii


def decode_basic(text: str) -> tuple[str, str] | None:
    """Name and password of a base64 ``name:password``, or None if the text is something else.

    The first colon separates, so a password may have more of them. The URL-safe alphabet and missing padding are
    taken too: ``=`` and ``/`` cannot be part of a websocket sub-protocol, where tokens also travel.
    """
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
        name, colon, password = raw.decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon and name else None
