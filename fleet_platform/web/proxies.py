"""Reverse proxies in front of the platform: whose word about the real peer counts."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TypedDict

from aiohttp import web


class Seen(TypedDict, total=False):
    """What a proxy saw: the peer's address, and ``http`` or ``https``."""

    remote: str
    scheme: str


def seen_through(request: web.BaseRequest, trusted: Sequence[IPv4Network | IPv6Network]) -> Seen:
    """What trusted proxies say of a request: ``{remote, scheme}``, or nothing if no trusted one passed it on.

    The peer is the last address of ``X-Forwarded-For`` that is no trusted proxy's: everything before it may be
    anybody's invention.
    """
    if not trusted or not _is_trusted(request.remote, trusted):
        return {}
    found: Seen = {}
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    strangers = [address for address in passed if not _is_trusted(address, trusted)]
    if passed:
        found["remote"] = (strangers or passed)[-1][:64]
    scheme = request.headers.get("X-Forwarded-Proto")
    if scheme in ("http", "https"):
        found["scheme"] = scheme
    return found


def _is_trusted(address: str | None, trusted: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        return any(ip_address(address or "") in network for network in trusted)
    except ValueError:
        return False
