"""The nonces that a device of firmware 2.0 or later has given out. Pure: the time is passed in.

A nonce lives for an hour and is good for many requests, each counted up from 1. There are few places; when all are in
use, whoever wants a new nonce is turned away for two seconds, and then the one least used gives up its place.

Source: Shelly Gen2+ API, "Authentication", sections "Nonce Handling" and "Nonce Tracking and Eviction" (firmware
2.0.0); home-assistant/core issue 178327, evcc issue 32836. Clients that poll once a minute see a nonce end after up to
62 minutes (aioshelly issue 1230).
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

LIFE_S = 3_600.0
SLOTS = 32
THROTTLE_S = 2.0
MOST_REQUESTS = 30_000

_BYTES = 32


@dataclass(slots=True)
class _Slot:
    issued_at: float
    count: int = 0


class Nonces:
    """One device's nonces."""

    __slots__ = ("_slots", "_throttled_until")

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}
        self._throttled_until: float | None = None

    def issue(self, now: float) -> str | None:
        """A new nonce; None while there is no place for one."""
        for nonce in [nonce for nonce, slot in self._slots.items() if now - slot.issued_at >= LIFE_S]:
            del self._slots[nonce]
        if len(self._slots) >= SLOTS and not self._evict(now):
            return None
        self._throttled_until = None
        nonce = base64.b64encode(secrets.token_bytes(_BYTES)).decode()
        self._slots[nonce] = _Slot(now)
        return nonce

    def use(self, nonce: str, count: int, now: float) -> bool:
        """Take a request's nonce and count; returns whether they are good, which they are only once.

        The first count must be 1. That later ones may leave numbers out is not documented.
        """
        slot = self._slots.get(nonce)
        if slot is None or now - slot.issued_at >= LIFE_S:
            return False
        if not slot.count < count <= MOST_REQUESTS or (slot.count == 0 and count != 1):
            return False
        slot.count = count
        return True

    def _evict(self, now: float) -> bool:
        if self._throttled_until is None:
            self._throttled_until = now + THROTTLE_S
        if now < self._throttled_until:
            return False
        del self._slots[min(self._slots, key=lambda nonce: self._slots[nonce].count)]
        return True
