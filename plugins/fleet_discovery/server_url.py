"""Addresses that devices connect to: checking them, making one, and showing one without what is secret in it. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from plugin_sdk.errors import InvalidParams

DOOR = "/shelly"
MAX_LENGTH = 250
"""What firmware takes at most is not documented."""

_LONGEST = 1_000
"""Whatever a device says, or somebody types, is looked at no further than this."""

_PLAIN_PATHS = ("", DOOR, "/api/shelly/ws")
"""Of this platform, and of Home Assistant: no secret is in them."""

_PORTS = {"ws": 80, "wss": 443}
_UNFIT = re.compile(r"[^\x21-\x7e]|[\"\\<>]")


def read_server_url(text: str, path: str = "url") -> str:
    """An address for ``Ws.SetConfig``; one without a path gets ``/shelly``.

    Raises:
        InvalidParams: It is none that a device can connect to.
    """
    parts = _split(text)
    if len(text) > MAX_LENGTH or parts is None or parts.scheme not in _PORTS or not parts.hostname:
        raise InvalidParams.at(path, "should be an address such as ws://192.168.1.5:7011/shelly")
    if parts.username is not None or parts.fragment:
        raise InvalidParams.at(path, "has neither a user nor a fragment")
    return parts._replace(path=parts.path if parts.path.strip("/") else DOOR).geturl()


def server_url(host: str, port: int) -> str:
    """The address of a platform without TLS."""
    return f"ws://{f'[{host}]' if ':' in host else host}:{port}{DOOR}"


def is_same(one: str, other: str) -> bool:
    """Whether two addresses lead to the same door with the same token."""
    first, second = _parts(one), _parts(other)
    return one == other if first is None or second is None else first == second


def is_secure(url: str) -> bool:
    """Whether a device speaks TLS to it."""
    return url.lower().startswith("wss:")


def shown(url: str) -> str:
    """An address for people: any path but a known one is hidden, for it may hold a token, and so is a query.

    What is no address, or too long for one, is hidden as a whole.
    """
    parts = _split(url)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname:
        return "an address that cannot be read"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"
    path, below = parts.path.rstrip("/"), parts.path.lower().startswith(f"{DOOR}/")
    path = path if path.lower() in _PLAIN_PATHS else f"{DOOR}/***" if below else "/***"
    return f"{place}{path}{'?***' if parts.query else ''}"


def _parts(url: str) -> tuple[str, str, int, str, str] | None:
    parts = _split(url)
    if parts is None or parts.scheme not in _PORTS:
        return None
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.path.rstrip("/"), parts.query


def _split(text: str) -> SplitResult | None:
    if len(text) > _LONGEST or _UNFIT.search(text):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts
