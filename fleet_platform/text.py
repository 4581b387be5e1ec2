"""JSON text and websocket frames: the two encodings every message passes through.

Pure functions on bytes. Nothing here waits, and nothing here knows what a message means.
"""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel, SecretStr

from plugin_sdk import JSON, Pieces

JSONDecodeError = orjson.JSONDecodeError

Fragment = orjson.Fragment
"""Marks bytes that are JSON already, so that ``encode`` copies instead of encoding again."""


MAX_DEPTH = 64
"""Nesting beyond which a message is refused; the deepest real one in the captures has 6 levels."""


class TooDeep(JSONDecodeError):
    """JSON that is nested deeper than anybody wants to read."""


def decode(text: str | bytes, *, max_depth: int = MAX_DEPTH) -> JSON:
    """Decode JSON text. NaN, Infinity and numbers beyond a double are refused; integers beyond 64 bits become floats.

    Raises:
        JSONDecodeError: The text is not JSON.
        TooDeep: It is nested deeper than that.
    """
    value = orjson.loads(text)
    # Each level costs its bracket, so only a text with many of them can be deep: the rest needs no walk.
    braces, brackets = ("{", "[") if isinstance(text, str) else (b"{", b"[")
    openings = text.count(braces) + text.count(brackets)  # type: ignore[arg-type]  # both are of the text's own type
    if openings > max_depth and _depth(value, max_depth) > max_depth:
        raise TooDeep(f"nested deeper than {max_depth} levels", "", 0)
    return value


def encode(value: Any) -> bytes:
    """Encode a value as compact JSON. Knows pydantic models, dataclasses and sets; secrets become null.

    Raises:
        TypeError: The value, or something in it, has no JSON form.
    """
    try:
        return orjson.dumps(value, _plain)
    except TypeError:
        # Keys that are no strings are rare, and looking out for them costs every other value a quarter more.
        return orjson.dumps(value, _plain, orjson.OPT_NON_STR_KEYS)


def encode_to_keep(value: Any) -> bytes:
    """What :func:`encode` returns, in no more memory than it takes; for what stays.

    orjson hands out its buffer as it is, which has 4 KiB at least and often twice what was written. Source: its
    ``byteswriter.rs`` since 3.12, as told in home-assistant/core pull request 181245.

    Raises:
        TypeError: The value, or something in it, has no JSON form.
    """
    return b"".join((encode(value), b""))  # of two parts, for a single one is returned as it is


def text_frame(payload: bytes) -> bytes:
    """One unmasked, final websocket text frame, ready for a server's socket.

    Written straight to the transport, many frames at a time; the framework's own writer costs one system call
    a frame. Source: RFC 6455 section 5.2.
    """
    return frame_head(len(payload)) + payload


def frame_head(size: int) -> bytes:
    """What stands before a payload of so many bytes in :func:`text_frame`."""
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big")
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


def _depth(value: JSON, limit: int) -> int:
    depth, level = 0, [value]
    while level and depth <= limit:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return depth


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, SecretStr):
        return None
    if isinstance(value, Pieces):
        return Fragment(b"".join(value.parts))
    raise TypeError(type(value).__name__)
