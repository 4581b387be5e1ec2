"""Covers: blinds and shutters that take their time to move.

The position follows from when the motor started; the status shows it once a second while it runs.

Source: Shelly Gen2+ API, "Cover"; fields while moving from a captured ``Cover.GetStatus`` of a 2PM Gen3.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.simulation.meters import LoadMeter
from fleet_shelly.simulation.outputs import at_least_one
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import number, texts
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, SimulatedDevice, Timer

_SHOWN_EVERY_S = 1.0
_OPENING, _CLOSING = "opening", "closing"


class Cover(Behaviour):
    """``cover:N``."""

    __slots__ = ("_from_pos", "_started", "_target", "_timer", "meter")

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self.meter = LoadMeter(self, round(device.random.uniform(90, 180), 1))
        self._timer: Timer | None = None
        self._from_pos = 0.0
        self._started = 0.0
        self._target: float | None = None

    def methods(self) -> Mapping[str, Handler]:
        """Move, stop, calibrate."""
        return {
            "Open": self.open,
            "Close": self.close,
            "Stop": self.stop,
            "GoToPosition": self.go_to_position,
            "Calibrate": self.calibrate,
            "ResetCounters": lambda params: self.meter.reset(texts(params, "type") or ["aenergy"]),
        }

    def open(self, params: JSONObject) -> JSON:
        """Open fully, or for a duration."""
        self._move(_OPENING, 100.0, number(params, "duration", 0.1, 300))
        return None

    def close(self, params: JSONObject) -> JSON:
        """Close fully, or for a duration."""
        self._move(_CLOSING, 0.0, number(params, "duration", 0.1, 300))
        return None

    def stop(self, _params: JSONObject) -> JSON:
        """Stop where it is."""
        if self._moving():
            self._end("stopped")
        return None

    def go_to_position(self, params: JSONObject) -> JSON:
        """Go to a position, absolute or relative."""
        at_least_one(params, "pos", "rel")
        if not self.status.get("pos_control"):
            raise DeviceFault(-109, "Cover is not calibrated")
        pos, rel = number(params, "pos", 0, 100), number(params, "rel", -100, 100)
        here = self._position()
        target = max(0.0, min(100.0, here + rel)) if rel is not None else float(pos or 0)
        if round(target) != round(here):
            self._move(_OPENING if target > here else _CLOSING, target, None, shown_target=True)
        return None

    def calibrate(self, _params: JSONObject) -> JSON:
        """Find both ends: open, close, open. The cover can be positioned afterwards."""
        if self._moving():
            raise DeviceFault(-109, "Cover is moving")
        self.report(state="calibrating", source=self.device.source, **self.meter.drawing(1.0))
        self.device.after(2 * self._travel_s(_OPENING), self._calibrated)
        return None

    def boot(self) -> None:
        """A motor does not run on after a restart."""
        if self._moving() or self.status.get("state") == "calibrating":
            self._end("stopped", source="init")

    def minute(self) -> None:
        """Count energy."""
        patch = self.meter.minute()
        if patch:
            self.report(**patch)

    def vary(self) -> bool:
        """Mains voltage and the motor's load drift."""
        self.report(**self.meter.drawing(1.0 if self._moving() else 0.0))
        return True

    def noticed(self, key: str, event: str) -> None:
        """Two inputs, one for each direction: a switch moves while closed, a button starts and stops."""
        inputs = {f"input:{2 * self.index}": _OPENING, f"input:{2 * self.index + 1}": _CLOSING}
        direction = inputs.get(key)
        if direction is None or self.config.get("in_mode") != "dual" or self.config.get("in_locked"):
            return
        if self._moving() and event in ("off", "single_push"):
            self._end("stopped", source="switch" if event == "off" else "button")
        elif event in ("on", "single_push"):
            self._move(direction, 100.0 if direction == _OPENING else 0.0, None, source="switch")

    # ---- moving -----------------------------------------------------------------------------------------

    def _moving(self) -> bool:
        return self.status.get("state") in (_OPENING, _CLOSING)

    def _travel_s(self, direction: str) -> float:
        return float(self.config.get("maxtime_open" if direction == _OPENING else "maxtime_close") or 60)

    def _position(self) -> float:
        """Where it is now, from 0 (closed) to 100 (open)."""
        shown = self.status.get("current_pos")
        if not self._moving():
            ends = {"open": 100.0, "closed": 0.0}
            return ends.get(str(self.status.get("state")), 50.0) if shown is None else float(shown)
        direction = str(self.status["state"])
        moved = (self.device.now() - self._started) / self._travel_s(direction) * 100
        return max(0.0, min(100.0, self._from_pos + (moved if direction == _OPENING else -moved)))

    def _move(
        self, direction: str, target: float, duration_s: float | None, *, shown_target: bool = False, source: str = ""
    ) -> None:
        here = self._position()
        if self._moving():
            self._cancel()
        self._from_pos, self._started, self._target = here, self.device.now(), target
        whole_s = self._travel_s(direction)
        needed_s = abs(target - here) / 100 * whole_s if self.status.get("pos_control") else whole_s
        if needed_s <= 0:
            self._end("open" if target >= 100 else "closed")
            return
        runs_s = needed_s if duration_s is None else min(duration_s, needed_s)
        self.report(
            state=direction,
            source=source or self.device.source,
            last_direction="open" if direction == _OPENING else "close",
            move_timeout=whole_s,
            move_started_at=round(self._started, 2),
            target_pos=round(target) if shown_target else None,
            **self.meter.drawing(1.0),
        )
        self._timer = self.device.after(min(_SHOWN_EVERY_S, runs_s), lambda: self._run(self._started + runs_s))

    def _run(self, until: float) -> None:
        """Show where it is; stop when it is there."""
        left_s = until - self.device.now()
        if left_s <= 0.01:
            self._end(self._final_state(), source="limit_switch" if self._target in (0.0, 100.0) else "")
            return
        if self.status.get("pos_control"):
            self.report(current_pos=round(self._position()), **self.meter.drawing(1.0))
        self._timer = self.device.after(min(_SHOWN_EVERY_S, left_s), lambda: self._run(until))

    def _final_state(self) -> str:
        position = self._position() if self.status.get("pos_control") else float(self._target or 0)
        return "open" if position >= 99.5 else "closed" if position <= 0.5 else "stopped"

    def _end(self, state: str, *, source: str = "") -> None:
        position = {"open": 100, "closed": 0}.get(state, round(self._position()))
        self._cancel()
        self.report(
            state=state,
            source=source or self.device.source,
            target_pos=None,
            move_timeout=None,
            move_started_at=None,
            **({"current_pos": position} if self.status.get("pos_control") else {}),
            **self.meter.idle(),
        )

    def _calibrated(self) -> None:
        self.report(state="open", pos_control=True, current_pos=100, last_direction="open", **self.meter.idle())

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
