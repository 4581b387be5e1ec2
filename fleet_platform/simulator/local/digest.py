"""Digest authentication as devices do it: reading credentials, and proving them. Pure.

Over HTTP the request's method and target are part of the proof (RFC 7616); in a frame they are two constant words.

Source: Shelly Gen2+ API, "Authentication"; protocol reference A4; aioshelly ``wsrpc.py``.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.request import parse_http_list, parse_keqv_list

from plugin_sdk import JSON

USER = "admin"
"""Devices have one user."""

_QOP = "auth"
_FRAME_HA2 = hashlib.sha256(b"dummy_method:dummy_uri").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a client sent to prove who it is.

    Attributes:
        username: Always ``admin``.
        realm: The device's id.
        nonce: The device's, from its challenge.
        nc: The request count as it was sent, for it is part of the proof.
        count: The same as a number; 0 where it is none.
        cnonce: The client's own random text.
        response: The proof.
        ha2: Hash of what was asked.
        by_header: Whether it came in an HTTP header.
    """

    username: str
    realm: str
    nonce: str
    nc: str
    count: int
    cnonce: str
    response: str
    ha2: str
    by_header: bool

    def prove(self, ha1: str) -> bool:
        """Whether the sender knows the password behind ``ha1``."""
        expected = _sha256(f"{ha1}:{self.nonce}:{self.nc}:{self.cnonce}:{_QOP}:{self.ha2}")
        return hmac.compare_digest(expected.encode(), _bytes(self.response.lower()))


def read_header(header: str | None, method: str, target: str) -> Credentials | None:
    """The credentials in an ``Authorization`` header; None if there are none, or parts are missing.

    Args:
        header: Its value.
        method: Of the request: ``GET``.
        target: Of the request, with its query: ``/rpc/Switch.Set?id=0&on=true``.
    """
    scheme, _, rest = (header or "").partition(" ")
    if scheme.lower() != "digest":
        return None
    try:
        parts = parse_keqv_list(parse_http_list(rest))
        found = Credentials(
            username=parts["username"],
            realm=parts["realm"],
            nonce=parts["nonce"],
            nc=parts["nc"],
            count=_number(parts["nc"], base=16),
            cnonce=parts["cnonce"],
            response=parts["response"],
            ha2=_sha256(f"{method}:{target}"),
            by_header=True,
        )
    except (KeyError, ValueError, IndexError):  # the last from ``username=``, which the library takes for quoted
        return None
    return found if parts.get("qop", "").lower() == _QOP else None


def read_auth(auth: JSON) -> Credentials | None:
    """The credentials in a frame's ``auth``; None if there are none, or parts are missing.

    ``nc`` may be missing and is 1 then: clients for old firmware leave it out.
    """
    if not isinstance(auth, dict):
        return None
    try:
        return Credentials(
            username=_text(auth["username"]),
            realm=_text(auth["realm"]),
            nonce=_text(auth["nonce"]),
            nc=_text(auth.get("nc", 1)),
            count=_number(_text(auth.get("nc", 1)), base=10),
            cnonce=_text(auth["cnonce"]),
            response=_text(auth["response"]),
            ha2=_FRAME_HA2,
            by_header=False,
        )
    except (KeyError, TypeError):
        return None


def is_ha1(text: JSON) -> bool:
    """Whether it can be the hash of a password: 64 hexadecimal digits."""
    return isinstance(text, str) and len(text) == 64 and all(digit in "0123456789abcdefABCDEF" for digit in text)


def _text(value: JSON) -> str:
    """A part of a frame's ``auth``, which may be a number; anything else is none, however deep it is nested."""
    if not isinstance(value, str | int | float):
        raise TypeError("no text")
    return str(value)


def _number(text: str, *, base: int) -> int:
    try:
        return int(text, base)
    except ValueError:
        return 0


def _sha256(text: str) -> str:
    return hashlib.sha256(_bytes(text)).hexdigest()


def _bytes(text: str) -> bytes:
    """A text as it was sent, which need not have been UTF-8."""
    return text.encode("utf-8", "surrogateescape")
