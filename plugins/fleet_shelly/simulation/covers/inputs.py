"""What a cover does at the word of its inputs: one for each direction, or one for all and the other for safety."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from fleet_shelly.simulation.covers import slats
from fleet_shelly.simulation.covers.movement import CLOSING, OPENING, Order
from fleet_shelly.simulation.gestures import GESTURES
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_shelly.simulation.covers.cover import Cover


def notice(cover: Cover, key: str, event: str) -> None:
    """An input noticed something; the cover may refuse what it wants."""
    first, second = f"input:{2 * cover.index}", f"input:{2 * cover.index + 1}"
    if cover.config.get("swap_inputs"):
        first, second = second, first
    mode = cover.config.get("in_mode")
    if key not in (first, second) or cover.config.get("in_locked") or mode not in ("single", "dual"):
        return
    with suppress(DeviceFault):
        if mode == "dual":
            _dual(cover, OPENING if key == first else CLOSING, event)
        elif key == first and event in ("on", "off", "single_push"):
            _single(cover, "button" if event == "single_push" else "switch")
        elif key == second and event in ("on", "off"):
            cover.safety.switched(engaged=event == "on")


def _dual(cover: Cover, direction: str, event: str) -> None:
    turns, move = slats.are_enabled(cover), cover.motor.move
    if cover.calibration.running and event in ("off", *GESTURES):
        cover.calibration.abort("ext_command", source="switch" if event == "off" else "button")
    elif move is not None and event in ("off", "single_push"):
        if event == "single_push" or move.direction == direction:
            cover.motor.end(source="switch" if event == "off" else "button")
    elif event == "on":
        cover.command(Order(direction=direction, source="switch"))
    elif event == "single_push" and turns:
        slats.step(cover, direction, source="button")
    elif event == ("long_push" if turns else "single_push"):
        cover.command(Order(direction=direction, source="long_push" if turns else "button"))


def _single(cover: Cover, source: str) -> None:
    """Open, stop, close, stop."""
    if cover.calibration.running:
        cover.calibration.abort("ext_command", source=source)
    elif cover.motor.move is not None:
        cover.motor.end(source=source)
    else:
        ends = {"open": CLOSING, "closed": OPENING}
        last = CLOSING if cover.status.get("last_direction") == "open" else OPENING
        cover.command(Order(direction=ends.get(str(cover.status.get("state")), last), source=source))
