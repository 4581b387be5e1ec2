"""The slats of a venetian blind, which the same motor turns in a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_shelly.simulation.covers.movement import CLOSING, OPENING, OPPOSITE, SETTING, Move, within
from plugin_sdk import JSONObject

if TYPE_CHECKING:
    from fleet_shelly.simulation.covers.cover import Cover


def are_enabled(cover: Cover) -> bool:
    """Whether the cover controls slats."""
    return bool(_settings(cover).get("enable"))


def shown(cover: Cover) -> float:
    """How far they are open, in percent; 0 where that is not known."""
    return float(cover.status.get("slat_pos") or 0)


def step(cover: Cover, direction: str, *, source: str) -> None:
    """Turn them a little."""
    percent = float(_settings(cover).get("step") or 20)
    turn(cover, within(shown(cover) + (percent if direction == OPENING else -percent)), source=source)


def settle(cover: Cover, move: Move) -> None:
    """The blind was moved, and they with it: then they are turned as asked for, or as they were before.

    Raises:
        DeviceFault: -109; the motor must not run.
    """
    if not are_enabled(cover):
        return
    before, wanted = cover.status.get("slat_pos"), move.order.slat_pos
    cover.report(slat_pos=100 if move.direction == OPENING else 0)
    if wanted is None and _settings(cover).get("retain_pos") and isinstance(before, int | float):
        wanted = float(before)
    if wanted is not None:
        turn(cover, wanted, source=str(cover.status.get("source")))


def turn(cover: Cover, target: float, *, source: str) -> None:
    """Turn them; the blind stays where it is.

    Raises:
        DeviceFault: -109; the motor must not run.
    """
    here = shown(cover)
    if round(here) == round(target):
        return
    direction = OPENING if target > here else CLOSING
    cover.allow(direction)
    resting = "stopped" if cover.status.get("state") in OPPOSITE else cover.status.get("state")
    whole_s = float(_settings(cover).get("open_time" if direction == OPENING else "close_time") or 1.5)

    def turned() -> None:
        gone = {"move_timeout": None, "move_started_at": None}
        cover.report(state=resting, slat_pos=round(target), **gone, **cover.meter.idle())

    cover.motor.run_for(abs(target - here) / 100 * whole_s, turned)
    cover.report(
        state=direction,
        source=source,
        last_direction=SETTING[direction],
        move_timeout=cover.motor.longest_s(direction),
        move_started_at=round(cover.device.now(), 2),
        **cover.motor.drawing(),
    )


def _settings(cover: Cover) -> JSONObject:
    slat = cover.config.get("slat")
    return slat if isinstance(slat, dict) else {}
