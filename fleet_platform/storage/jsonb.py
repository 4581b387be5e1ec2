"""JSON text as a ``jsonb`` column can keep it.

PostgreSQL's ``jsonb`` holds any JSON but the character U+0000.
Source: PostgreSQL manual, "JSON Types".
"""

from __future__ import annotations

from fleet_platform.text import decode, encode
from plugin_sdk import JSON
from plugin_sdk.errors import InvalidParams

MAX_VALUE_BYTES = 1024 * 1024


def storable(document: bytes) -> str:
    """A document with each U+0000 replaced by U+FFFD; for what devices say, which must be kept whatever it is.

    Raises:
        ValueError: It is not UTF-8, or holds U+0000 and is not JSON.
    """
    if b"\\u0000" not in document:
        return document.decode()
    return encode(_without_nul(decode(document))).decode()


def exact(value: JSON, path: str) -> str:
    """A value as JSON text, unchanged; for what callers want to read back as they wrote it.

    Args:
        path: Name of the parameter it came in, for the error.

    Raises:
        InvalidParams: It is larger than 1 MiB, holds U+0000, or has no JSON form.
    """
    try:
        document = encode(value)
    except TypeError as err:
        raise InvalidParams.at(path, f"has no JSON form: {err}") from err
    if len(document) > MAX_VALUE_BYTES:
        raise InvalidParams.at(path, "is larger than 1 MiB")
    if b"\\u0000" in document and _without_nul(value := decode(document)) != value:
        raise InvalidParams.at(path, "holds the character U+0000, which cannot be stored")
    return document.decode()


def _without_nul(value: JSON) -> JSON:
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value
