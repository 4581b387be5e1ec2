"""A cover's calibration: it looks for both ends of its way, and knows where it is afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_shelly.simulation.covers.motor import ERRORS
from fleet_shelly.simulation.covers.movement import CLOSING, OPENING, SETTING, Move, Order
from fleet_shelly.simulation.protection import with_error
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_shelly.simulation.covers.cover import Cover

_POWER_THRESHOLD_MARGIN = 1.15


class Calibration:
    """Opens, closes, opens."""

    __slots__ = ("_cover", "_left")

    def __init__(self, cover: Cover) -> None:
        self._cover = cover
        self._left: list[str] | None = None

    @property
    def running(self) -> bool:
        """Whether it is going on."""
        return self._left is not None

    def refuse_meanwhile(self) -> None:
        """Refuse a command that would disturb it.

        Raises:
            DeviceFault: -109.
        """
        if self.running:
            raise DeviceFault(-109, "Cover calibration is running")

    def begin(self) -> None:
        """Begin, unless the cover must not move.

        Raises:
            DeviceFault: -109.
        """
        cover = self._cover
        cover.refuse_while_moving()
        errors = cover.status.get("errors", ())
        if any(error in ERRORS for error in errors):
            raise DeviceFault(-109, "Cover has errors")
        cover.allow(OPENING)
        self._left = [OPENING, CLOSING, OPENING]
        kept = [error for error in errors if not str(error).startswith("cal_abort")]
        cover.report(
            state="calibrating",
            source=cover.device.source,
            pos_control=False,
            current_pos=None,
            **({"errors": kept or None} if "errors" in cover.status else {}),
        )
        self._go_on()

    def arrived(self, move: Move) -> None:
        """The blind is at an end of its way, or did not get there in time."""
        if move.ends == "timeout":
            self.abort(f"timeout_{SETTING[move.direction]}", source="timeout")
        else:
            self._cover.motor.halt()
            self._go_on()

    def abort(self, why: str, *, source: str) -> None:
        """Give up, with an error: ``safety``, ``ext_command``."""
        self._left = None
        self._cover.motor.end(source=source, errors=with_error(self._cover.status, f"cal_abort:{why}"))

    def _go_on(self) -> None:
        cover = self._cover
        if self._left:
            cover.motor.start(Order(direction=self._left.pop(0), source=str(cover.status.get("source"))))
            return
        self._left = None
        peak_w = int(abs(cover.meter.mean_w) * _POWER_THRESHOLD_MARGIN) + 1
        cover.report(
            state="open",
            source="calibration",
            pos_control=True,
            current_pos=100,
            move_timeout=None,
            move_started_at=None,
            **cover.meter.idle(),
        )
        cover.device.set_config(cover.key, {"obstruction_detection": {"power_thr": peak_w}})
