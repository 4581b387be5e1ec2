"""What stands in a run of groups with colons between them: a MAC, an EUI-64, an IP address, beside others. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["eui", "mac", "ip6", "ip4", "more", "rest"]
"""``more`` is what follows an address directly and looks like its last part; ``rest`` is something else."""

_EUI_PAIRS = 8
_MAC_PAIRS = 6
_MAC_THIRDS = 3
_IP6_GROUPS = 8
_LONGEST = _IP6_GROUPS + 1
"""Groups of an IPv6 address with two colons at one end."""


def pieces_in(text: str, *, glued: bool) -> list[tuple[Kind, str]]:
    """A text's pieces in order, to be joined by colons; none if no address is in it.

    >>> pieces_in("ce:fe80::1", glued=True)
    [('rest', 'ce'), ('ip6', 'fe80::1')]

    Args:
        text: Hexadecimal digits, colons between them; the last group may be an IPv4 address.
        glued: Whether it follows a letter or digit, so that its first group may be the end of a word.
    """
    groups = text.split(":")
    pieces = _pieces(groups, 1) if glued else []
    # "std::" is none although "d::" would be one.
    return pieces or (_pieces(groups, 0) if not glued or sum(map(bool, groups)) > 2 else [])


def is_ip4(text: str) -> bool:
    """Whether a text is an IPv4 address."""
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _pieces(groups: Sequence[str], start: int) -> list[tuple[Kind, str]]:
    pieces: list[tuple[Kind, str]] = [("rest", group) for group in groups[:start]]
    at, before = start, "rest"
    while at < len(groups):
        kind, size = _address_at(groups, at)
        if kind == "rest" and before != "rest" and len(groups[at]) > 1 and "." not in groups[at]:
            kind = "more"
        pieces.append((kind, ":".join(groups[at : at + size])))
        at, before = at + size, kind
    return pieces if any(kind != "rest" for kind, _ in pieces) else []


def _address_at(groups: Sequence[str], at: int) -> tuple[Kind, int]:
    """Kind and number of groups of the longest address that begins at a group."""
    for size in range(min(_LONGEST, len(groups) - at), 0, -1):
        kind = _kind_of(groups[at : at + size])
        if kind != "rest":
            return kind, size
    return "rest", 1


def _kind_of(groups: Sequence[str]) -> Kind:
    size, lengths = len(groups), {len(group) for group in groups}
    if size == _EUI_PAIRS and lengths == {2}:
        # It could be IPv6 too, but nobody's prefix has such groups only.
        return "eui"
    if (size, lengths) in ((_MAC_PAIRS, {2}), (_MAC_THIRDS, {4})):
        return "mac"
    if size == 1:
        return "ip4" if "." in groups[0] and is_ip4(groups[0]) else "rest"
    # Most runs are no address, and asking costs.
    gaps = groups[1:-1].count("")
    may_be = gaps == 1 or (gaps == 0 and (size == _IP6_GROUPS or "." in groups[-1]))
    return "ip6" if may_be and _is_ip6(":".join(groups)) else "rest"


def _is_ip6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
