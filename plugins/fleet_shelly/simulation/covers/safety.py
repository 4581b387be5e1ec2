"""What stops a cover without anybody's command: its safety switch, its limits, an obstacle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_shelly.simulation.covers.movement import OPPOSITE, SETTING, Order
from fleet_shelly.simulation.protection import exceeded, is_too_hot, with_error, without_errors
from plugin_sdk import JSONObject
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_shelly.simulation.covers.cover import Cover

STOPS_ALL = ("overvoltage", "undervoltage", "overtemp")
"""Errors with which a cover does not move at all."""


class SafetySwitch:
    """An input that tells whether the way is safe. It works with one input for the commands only."""

    __slots__ = ("_cover", "_interrupted")

    def __init__(self, cover: Cover) -> None:
        self._cover = cover
        self._interrupted: str | None = None

    def allow(self, direction: str) -> None:
        """Refuse a movement that is not safe.

        Raises:
            DeviceFault: -109.
        """
        settings = self._settings()
        if settings is None or not self._is_engaged():
            return
        if self._interrupted is not None:
            allowed = settings.get("allowed_move") == "reverse" and direction != self._interrupted
        else:
            allowed = settings.get("direction") not in ("both", SETTING[direction])
        if not allowed:
            self._cover.report(errors=with_error(self._cover.status, "safety_switch"))
            raise DeviceFault(-109, "Safety switch is engaged")

    def forget(self) -> None:
        """Somebody stopped the cover: what was interrupted does not go on."""
        self._interrupted = None

    def switched(self, *, engaged: bool) -> None:
        """The way is not safe, or it is again."""
        settings = self._settings()
        if settings is None:
            return
        if engaged:
            self._stop(settings)
        else:
            self._release(settings)

    def _stop(self, settings: JSONObject) -> None:
        cover, move = self._cover, self._cover.motor.move
        if cover.calibration.running:
            cover.report(errors=with_error(cover.status, "safety_switch"))
            cover.calibration.abort("safety", source="safety_switch")
        elif move is not None and settings.get("direction") in ("both", SETTING[move.direction]):
            self._interrupted = move.direction
            errors = with_error(cover.status, "safety_switch")
            cover.motor.end(source="safety_switch", errors=errors)
            if settings.get("action") == "reverse":
                back = OPPOSITE[move.direction]
                cover.motor.start(Order(direction=back, source="safety_switch", errors=errors))

    def _release(self, settings: JSONObject) -> None:
        cover, paused = self._cover, self._interrupted
        self._interrupted = None
        if cleared := without_errors(cover.status, "safety_switch"):
            cover.report(**cleared)
        if paused is not None and settings.get("action") == "pause" and cover.motor.move is None:
            cover.command(Order(direction=paused, source="safety_switch"))

    def _settings(self) -> JSONObject | None:
        config = self._cover.config
        safety = config.get("safety_switch")
        works = isinstance(safety, dict) and safety.get("enable") is True and config.get("in_mode") == "single"
        return safety if works else None

    def _is_engaged(self) -> bool:
        place = 2 * self._cover.index + (0 if self._cover.config.get("swap_inputs") else 1)
        return self._cover.device.status(f"input:{place}").get("state") is True


def guard(cover: Cover) -> None:
    """Stop where a limit is exceeded; forget errors of the mains and of heat when they are over."""
    error = "overtemp" if is_too_hot(cover.status) else exceeded(cover.status, cover.config)
    if error is None:
        if gone := without_errors(cover.status, *STOPS_ALL):
            cover.report(**gone)
    elif cover.calibration.running:
        cover.report(errors=with_error(cover.status, error))
        cover.calibration.abort("safety", source=error)
    elif cover.motor.move is not None:
        cover.motor.end(source=error, errors=with_error(cover.status, error))
    elif error not in cover.status.get("errors", ()) and error in STOPS_ALL:
        cover.report(errors=with_error(cover.status, error))


def feel(cover: Cover) -> bool:
    """Whether an obstacle was noticed, and what had to be done about it was done."""
    detection, move = cover.config.get("obstruction_detection"), cover.motor.move
    if move is None or cover.calibration.running or not isinstance(detection, dict) or not detection.get("enable"):
        return False
    monitored = detection.get("direction") in ("both", SETTING[move.direction])
    # A moment of tolerance: the timer's sum of seconds is not exact.
    held_off = move.ran_s + 0.01 < detection.get("holdoff", 0)
    if not monitored or held_off or (cover.status.get("apower") or 0) <= detection.get("power_thr", 0):
        return False
    errors = with_error(cover.status, "obstruction")
    # Not documented: the source of a stop that nobody asked for is spelled as its error.
    cover.motor.end(source="obstruction", errors=errors)
    if detection.get("action") == "reverse" and not move.order.reverses:
        back = OPPOSITE[move.direction]
        cover.motor.start(Order(direction=back, source="obstruction", reverses=True, errors=errors))
    return True
