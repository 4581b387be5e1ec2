"""Loopback addresses for many devices.

Linux answers to all of 127.0.0.0/8, so each device gets an address of its own there and all share a port, as in a real
network. Other systems have 127.0.0.1 only: the ports count up. Nothing here is reachable from another machine.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from typing import TypeAlias

Address: TypeAlias = tuple[str, int]
"""Host and port."""

_TRIES = 4_096
_BACKLOG = 16
_FIRST, _LAST = (127 << 24) + (1 << 16), (127 << 24) + (255 << 16)
_ONLY = "127.0.0.1"
_TAKEN = (errno.EADDRINUSE, errno.EACCES)


class NoAddress(OSError):
    """No loopback address is free; the text says what to do."""


class Addresses:
    """Gives out addresses that are free: another simulator, or anybody else, may have some of them already.

    Args:
        port: Port of all addresses, or the first where there is only one address.
        own: Whether each device gets an address of its own; None for wherever the system has them.
    """

    def __init__(self, port: int, *, own: bool | None = None) -> None:
        self._port = port
        self._own = has_own_addresses() if own is None else own
        self._candidates = self._all()

    def take(self) -> socket.socket:
        """A socket that listens on the next free address.

        Raises:
            NoAddress: There is none.
        """
        refusal: OSError | None = None
        for _, address in zip(range(_TRIES), self._candidates, strict=False):
            try:
                return listen(address)
            except OSError as err:
                if err.errno not in _TAKEN:
                    raise
                refusal = err
        raise NoAddress(
            f"no free loopback address for port {self._port} ({refusal or 'all are given out'}); "
            "choose another port with --local-port"
        )

    def _all(self) -> Iterator[Address]:
        if self._own:
            for number in range(_FIRST, _LAST):
                if number & 0xFF not in (0, 0xFF):
                    yield socket.inet_ntoa(number.to_bytes(4, "big")), self._port
        else:
            for port in range(self._port, 65_536):
                yield _ONLY, port


def listen(address: Address) -> socket.socket:
    """A socket that listens on an address.

    Raises:
        OSError: It is taken, or may not be used.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def has_own_addresses() -> bool:
    """Whether this system answers to loopback addresses beside 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((socket.inet_ntoa((_FIRST + 1).to_bytes(4, "big")), 0))
        except OSError:
            return False
    return True
