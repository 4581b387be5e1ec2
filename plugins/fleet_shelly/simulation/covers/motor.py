"""A cover's motor: what runs it, where the blind is, and what of that the status shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fleet_shelly.simulation.covers.movement import SETTING, Move, Order, move_for, resting_place
from fleet_shelly.simulation.protection import without_errors
from fleet_shelly.simulation.traits import between
from plugin_sdk import JSON, JSONObject
from plugin_sdk.simulation import Timer

if TYPE_CHECKING:
    from fleet_shelly.simulation.covers.cover import Cover

ERRORS = ("overtemp", "overpower", "overcurrent", "overvoltage", "undervoltage", "obstruction", "safety_switch")
"""What can go wrong, but for a calibration."""

_SHOWN_EVERY_S = 1.0


class Motor:
    """Runs for one thing at a time.

    Attributes:
        move: The movement that it runs for; None while the blind is not moved.
        stalled_w: What it draws against an obstacle; None where nothing is in the way.
    """

    __slots__ = ("_at", "_cover", "_seen", "_timer", "move", "stalled_w")

    def __init__(self, cover: Cover) -> None:
        self._cover = cover
        self._at = resting_place(cover.status)
        self._seen = 0.0
        self._timer: Timer | None = None
        self.move: Move | None = None
        self.stalled_w: float | None = None

    @property
    def runs(self) -> bool:
        """Whether it moves the blind or turns the slats."""
        return self._timer is not None

    def position(self) -> float:
        """Where the blind is now, from 0 (closed) to 100 (open), whether the cover knows or not."""
        if self.move is None:
            return self._at
        # The clock leaps when it is set after boot.
        since_s = max(0.0, min(_SHOWN_EVERY_S, self._cover.device.now() - self._seen))
        return self.move.position(since_s if self.stalled_w is None else 0.0)

    def shown_position(self) -> JSONObject:
        """A patch for the status with the position, if the cover knows it."""
        return {"current_pos": round(self.position())} if self._cover.status.get("pos_control") else {}

    def drawing(self) -> JSONObject:
        """A patch for the status while it runs."""
        meter = self._cover.meter
        return meter.drawing(1.0 if self.stalled_w is None else self.stalled_w / max(1.0, meter.nominal_w))

    def longest_s(self, direction: str) -> float:
        """How long it may run."""
        return float(self._cover.config.get(f"maxtime_{SETTING[direction]}") or 60)

    def put(self, place: float) -> None:
        """Somebody moves the blind by hand."""
        self._at = place

    def start(self, order: Order) -> None:
        """Move the blind, whatever it was doing."""
        cover, direction = self._cover, order.direction
        move = self.move = move_for(
            order,
            here=self.halt(),
            whole_s=self._whole_s(direction),
            confirm_s=self._confirm_s(),
            longest_s=self.longest_s(direction),
        )
        self._seen = cover.device.now()
        patch: JSONObject = {"errors": order.errors} if order.errors else without_errors(cover.status, *ERRORS)
        if not cover.calibration.running:
            patch["state"] = direction
        if cover.status.get("pos_control"):
            patch["target_pos"] = None if order.target is None else round(order.target)
        cover.report(
            source=order.source,
            last_direction=SETTING[direction],
            move_timeout=self.longest_s(direction),
            move_started_at=round(self._seen, 2),
            **patch,
            **self.drawing(),
        )
        self._wait(move)

    def run_for(self, seconds: float, then: Callable[[], None]) -> None:
        """Run without moving the blind."""

        def over() -> None:
            self._timer = None
            then()

        self.halt()
        self._timer = self._cover.device.after(seconds, over)

    def halt(self) -> float:
        """Cut its power; returns where the blind is."""
        self._at = self.position()
        self.move = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return self._at

    def end(self, *, source: str | None, state: str = "stopped", errors: JSON = None) -> None:
        """The movement is over: say so."""
        here = self.halt()
        if here in (0.0, 100.0):
            state = "open" if here else "closed"
        self._cover.report(
            state=state,
            **({} if source is None else {"source": source}),
            target_pos=None,
            move_timeout=None,
            move_started_at=None,
            **({"errors": errors} if errors else {}),
            **self.shown_position(),
            **self._cover.meter.idle(),
        )

    # ---- inside -----------------------------------------------------------------------------------------

    def _whole_s(self, direction: str) -> float:
        """What the blind's whole way takes; a little less than the settings allowed when it first moved."""
        device, key = self._cover.device, self._cover.key
        known: JSON = device.storage(key).setdefault("travel_s", {})
        if not known:
            for way in SETTING:
                known[way] = self.longest_s(way) * between(0.86, 0.96, device.id, key, way)
        return float(known[direction])

    def _confirm_s(self) -> float:
        motor = self._cover.config.get("motor")
        return float(motor.get("idle_confirm_period", 0.25)) if isinstance(motor, dict) else 0.25

    def _wait(self, move: Move) -> None:
        wait_s = max(0.01, min(_SHOWN_EVERY_S, move.runs_s - move.ran_s))
        self._timer = self._cover.device.after(wait_s, lambda: self._run(wait_s))

    def _run(self, seconds: float) -> None:
        """It has run for a while: see, feel, and stop when the blind is there."""
        cover, move = self._cover, self.move
        if move is None:
            return
        move.ran_s += seconds
        if self.stalled_w is not None:
            move.held_s += seconds
        self._seen = cover.device.now()
        cover.report(**self.drawing(), **self.shown_position())
        cover.ran()
        if self.move is not move:
            return
        if move.is_over and move.held_s and move.ends in ("limit", "target"):
            # Held by an obstacle that nobody feels, it goes on until its time is over.
            move.runs_s, move.ends = self.longest_s(move.direction), "timeout"
        if move.is_over:
            cover.arrived(move)
        else:
            self._wait(move)
