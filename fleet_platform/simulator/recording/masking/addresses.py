"""MAC and IP addresses inside texts: finding every spelling, and replacing each by another of the same kind.

The maker's half of a MAC stays, and so does what an IP address says by its form: private, link-local, a netmask.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from fleet_platform.simulator.recording.masking.colons import Kind, is_ip4, pieces_in
from fleet_platform.simulator.recording.masking.keyed import another_hex, another_rest, another_tail, stream

_HEX = "[0-9A-Fa-f]"
_PAIR = f"{_HEX}{{2}}"
_ESCAPE = r"%(?:25)*(?:2[DEde0]|3[Aa]|5[Ff])"
_SEPARATOR = rf"(?:[:\-._ ]|{_ESCAPE})"

ADDRESS = re.compile(
    # EUI-64 before MAC, whose six pairs it holds; a run of anything with colons may be a MAC or IPv6
    rf"(?P<eui>(?<!{_HEX}){_PAIR}(?:-{_PAIR}){{7}}(?!{_HEX}))"
    rf"|(?P<colons>(?:{_HEX}*+:){{2,}}+(?:(?:\d{{1,3}}\.){{3}}\d{{1,3}}|{_HEX}*+))"
    rf"|(?P<mac>{_PAIR}(?P<sep>{_SEPARATOR}){_PAIR}(?:(?i:(?P=sep)){_PAIR}){{4}})"
    rf"|(?P<halves>(?<!\d){_HEX}{{6}}(?:[:\-._]|{_ESCAPE}){_HEX}{{6}}(?!\d))"
    # … and not the middle of a UUID
    rf"|(?P<thirds>(?<!{_HEX})(?<!{_HEX}{{8}}-){_HEX}{{4}}(?P<dot>[.\-_]){_HEX}{{4}}(?P=dot){_HEX}{{4}}(?!{_HEX}))"
    r"|(?P<numbers>(?<!\d)(?<!\d\.)\d++(?:\.\d++){3,}+)"
    rf"|(?P<run>{_HEX}{{12,}})"
)
"""Whatever looks like an address; :meth:`Addresses.replace` decides whether it is one."""

_MAC_WITH_COLONS = re.compile(rf"{_PAIR}(?::{_PAIR}){{5}}")
_MAC_DIGITS = 12
_EUI_DIGITS = 16
_HALF_DIGITS = 6
_IP4_NUMBERS = 4
_MAX_KNOWN = 200_000

_KEPT_V4 = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3")))
_BLOCKS_V4 = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"))
)
_FIRST_V4 = frozenset(str(network).partition(".")[0] for network in _BLOCKS_V4)

_SHARED = IPv4Address("100.64.0.0")
_SHARED_BITS = 22
"""Public addresses move to the block for carriers (RFC 6598), where nobody's server is."""

_BLOCKS_V6 = tuple(map(IPv6Network, ("fe80::/64", "fc00::/7", "2001:db8::/32")))
_DOCUMENTATION = IPv6Address("2001:db8::").packed[:4]
"""Public IPv6 addresses move to the block for documentation (RFC 3849)."""


class Addresses:
    """Replaces addresses; remembers the MACs it saw, to find them where they are glued to other digits."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: set[str] = set()

    def replace(self, match: re.Match[str]) -> str | None:
        """The text for a match of :data:`ADDRESS`; None if it is no address after all."""
        text, at = match.group(), match.start()
        # What it begins with may be the end of a word.
        glued = at > 0 and match.string[at - 1].isalnum()
        match match.lastgroup:
            case "numbers":
                return self._numbers(text.split("."), glued=glued)
            case "colons":
                return self._colons(text, glued=glued)
            case "eui":
                return _spell(self._eui(text.replace("-", "")), text)
            case "run":
                return self._run(text)
            case _:
                return self.mac(text)

    def mac(self, text: str) -> str:
        """Another MAC in the same spelling and case."""
        return _spell(self._mac(_digits(text)), text)

    def ip4(self, text: str) -> str | None:
        """Another IPv4 address of the same kind; None for what is no address, the same for one that means no host."""
        if not is_ip4(text):
            return None
        address = IPv4Address(text)
        if any(address in network for network in _KEPT_V4):
            return text
        for network in _BLOCKS_V4:
            if address in network:
                return str(IPv4Address(another_rest(self._key, address.packed, network.prefixlen)))
        bits = int.from_bytes(stream(self._key, "ip4", address.packed, 4), "big") & ((1 << _SHARED_BITS) - 1)
        return str(_SHARED + bits)

    def ip6(self, text: str) -> str | None:
        """Another IPv6 address of the same kind; None for what is no address."""
        try:
            address = IPv6Address(text)
        except ValueError:
            return None
        if address.ipv4_mapped is not None:
            return f"::ffff:{self.ip4(str(address.ipv4_mapped))}"
        if address.is_unspecified or address.is_loopback or address.is_multicast:
            return text
        for network in _BLOCKS_V6:
            if address in network:
                return str(IPv6Address(another_rest(self._key, address.packed, network.prefixlen)))
        return str(IPv6Address(_DOCUMENTATION + another_rest(self._key, address.packed, 32)[4:]))

    # ---- numbers with dots --------------------------------------------------------------------------------

    def _numbers(self, numbers: list[str], *, glued: bool) -> str | None:
        """Four numbers or more: an address, perhaps behind a word's last digits or before a port."""
        starts = range(len(numbers) - _IP4_NUMBERS + 1)
        found = [at for at in starts if numbers[at] in _FIRST_V4 and _is_private(_window(numbers, at))]
        if not found:
            at = starts[-1] if glued else 0
            found = [at] if is_ip4(_window(numbers, at)) else []
        for at in found:
            numbers[at : at + _IP4_NUMBERS] = (self.ip4(_window(numbers, at)) or "").split(".")
        return ".".join(numbers) if found else None

    # ---- digits with colons, and without ------------------------------------------------------------------

    def _colons(self, text: str, *, glued: bool) -> str | None:
        pieces = pieces_in(text, glued=glued)
        if pieces:
            return ":".join(self._piece(kind, piece) for kind, piece in pieces)
        replaced = _MAC_WITH_COLONS.sub(lambda mac: self.mac(mac.group()), text)
        return None if replaced == text else replaced

    def _piece(self, kind: Kind, text: str) -> str:
        match kind:
            case "mac":
                return self.mac(text)
            case "eui":
                return _spell(self._eui(text.replace(":", "")), text)
            case "ip4":
                return self.ip4(text) or text
            case "ip6":
                return self.ip6(text) or text
            case "more":
                return another_hex(self._key, text)
            case "rest":
                return text

    def _run(self, text: str) -> str | None:
        """A run of hexadecimal digits: a MAC, an EUI-64, or something that a MAC hides in."""
        size = len(text)
        if size == _EUI_DIGITS:
            return _spell(self._eui(text), text)
        if size < _EUI_DIGITS:
            # Letters of a word before it may look like digits: "topicAABBCCDDEEFF".
            start = next((at for at in range(size - 11) if text[at : at + 12].lower() in self._known), size - 12)
            return text[:start] + self.mac(text[start : start + 12]) + text[start + 12 :]
        result, at = "", 0
        while at < size:
            part = text[at : at + _MAC_DIGITS]
            is_mac = part.lower() in self._known
            result += self.mac(part) if is_mac else text[at]
            at += _MAC_DIGITS if is_mac else 1
        return None if result == text else result

    def _mac(self, digits: str) -> str:
        """Twelve lower-case digits for twelve."""
        if len(self._known) < _MAX_KNOWN:
            self._known.add(digits)
        maker, tail = digits[:_HALF_DIGITS], int(digits[_HALF_DIGITS:], 16)
        return f"{maker}{another_tail(self._key, tail, maker.encode()):06x}"

    def _eui(self, text: str) -> str:
        """Sixteen lower-case digits for sixteen; one made from a MAC stays made from that MAC's replacement."""
        digits = text.lower()
        if digits[6:10] == "fffe":
            mac = self._mac(digits[:6] + digits[10:])
            return f"{mac[:6]}fffe{mac[6:]}"
        rest = bytes.fromhex(digits[6:])
        return digits[:6] + another_rest(self._key, digits[:6].encode() + rest, 8 * _HALF_DIGITS)[_HALF_DIGITS:].hex()


def _window(numbers: Sequence[str], at: int) -> str:
    return ".".join(numbers[at : at + _IP4_NUMBERS])


def _is_private(text: str) -> bool:
    """Whether an address belongs to somebody's own network."""
    return is_ip4(text) and any(IPv4Address(text) in network for network in _BLOCKS_V4)


def _digits(text: str) -> str:
    """The hexadecimal digits of a MAC, lower case."""
    return re.sub(rf"{_ESCAPE}|[^0-9a-f]", "", text.lower())


def _spell(digits: str, like: str) -> str:
    """Put lower-case digits in the places of those of another text, in its case."""
    letters = re.sub(rf"{_ESCAPE}|[^A-Fa-f]", "", like)
    digits = digits.upper() if letters and letters.isupper() else digits
    fill = iter(digits)
    return re.sub(rf"({_ESCAPE})|{_HEX}", lambda found: found.group(1) or next(fill), like)
