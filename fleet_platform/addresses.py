"""Where the platform is reached."""

from __future__ import annotations

import ipaddress
import socket


def reachable(host: str, port: int) -> list[str]:
    """Addresses for browsers and devices: ``http://192.168.1.5:7011``, as far as this machine knows its own."""
    names = _own() if _is_any(host) else [host]
    return [f"http://{f'[{name}]' if ':' in name else name}:{port}" for name in names]


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host


def _own() -> list[str]:
    """The address this machine uses towards others, then the loopback; nothing is sent to find out."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation (RFC 5737): routed, never reached
            return list(dict.fromkeys([str(probe.getsockname()[0]), "127.0.0.1"]))
    except OSError:
        return ["127.0.0.1"]
