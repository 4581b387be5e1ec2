"""Digest authentication towards devices: SHA-256 alone, so that no answer is made that is easier to guess from. Pure.

aiohttp's own middleware answers whatever algorithm is asked for, MD5 too, and cannot tell a used-up nonce from a
wrong password.

Source: RFC 7616; Shelly Gen2+ API, "Authentication".
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.request import parse_http_list, parse_keqv_list

USER = "admin"
"""Devices have one user."""

_PLAIN = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,512}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a device asks to be proved.

    Attributes:
        stale: The password was right, but the nonce is used up.
    """

    realm: str
    nonce: str
    stale: bool


def read_challenge(header: str | None) -> Challenge | None:
    """The challenge in ``WWW-Authenticate``; None if it is none that a device makes."""
    scheme, _, rest = (header or "").partition(" ")
    if scheme.lower() != "digest":
        return None
    try:
        parts = parse_keqv_list(parse_http_list(rest))
        realm, nonce = parts["realm"], parts["nonce"]
    except (KeyError, ValueError, IndexError):  # the library looks at the first letter of a value that may be empty
        return None
    qops = [each.strip().lower() for each in parts.get("qop", "").split(",")]
    if parts.get("algorithm", "").upper() != "SHA-256" or "auth" not in qops:
        return None
    if not _PLAIN.fullmatch(realm) or not _PLAIN.fullmatch(nonce):
        return None
    return Challenge(realm=realm, nonce=nonce, stale=parts.get("stale", "").lower() == "true")


def prove(challenge: Challenge, password: str, *, method: str, target: str, count: int, cnonce: str) -> str:
    """The value of ``Authorization`` for one request.

    Args:
        target: Path and query, as on the wire.
        count: Requests with this nonce so far, with this one: the first is 1.
        cnonce: Random text.
    """
    ha1 = _sha256(f"{USER}:{challenge.realm}:{password}")
    ha2 = _sha256(f"{method}:{target}")
    nc = f"{count:08x}"
    response = _sha256(f"{ha1}:{challenge.nonce}:{nc}:{cnonce}:auth:{ha2}")
    return (
        f'Digest username="{USER}", realm="{challenge.realm}", nonce="{challenge.nonce}", uri="{target}", '
        f'algorithm=SHA-256, qop=auth, nc={nc}, cnonce="{cnonce}", response="{response}"'
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
