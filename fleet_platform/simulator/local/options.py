"""What the local side of a simulated fleet is like. Plain data."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOptions:
    """How simulated devices serve their own network.

    Attributes:
        port: Port of all devices where each has an address of its own; else that of the first, and the others count up.
        announce: Whether devices announce themselves by multicast DNS.
        own_addresses: Whether each device gets a loopback address of its own; None for wherever the system has them.
        setup_window_s: Seconds after a start in which a device of firmware 1.8 or later without a password can be set
            up; then it answers 403 to all but its identity until it has one or restarts. None for no such rule. That
            newly produced devices are stricter from 1.8 on is the vendor's word; this rule, its length and its error
            are not documented, so it is off unless asked for.
    """

    port: int = DEFAULT_PORT
    announce: bool = True
    own_addresses: bool | None = None
    setup_window_s: float | None = None
