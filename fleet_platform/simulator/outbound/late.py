"""Answers that a fault holds back, on whichever side a call came in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


def late(device: Machine, send: Callable[[bytes], None], delay_s: float) -> Callable[[bytes], None]:
    """What sends an answer so many seconds later: a sleeper stays awake until then, a restart drops it."""
    if delay_s <= 0:
        return send

    def send_later(text: bytes) -> None:
        device.power.owes_answer(more=True)
        device.after(delay_s, lambda: send_now(text))

    def send_now(text: bytes) -> None:
        device.power.owes_answer(more=False)
        send(text)

    return send_later
