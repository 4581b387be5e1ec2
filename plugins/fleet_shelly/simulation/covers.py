"""Covers: blinds and shutters that take their time to move.

A cover knows where it is only when it is calibrated; the blind itself is somewhere all the same. While it moves, the
status shows the position once a second.

Source: Shelly Gen2+ API, "Cover"; fields while moving from a captured ``Cover.GetStatus`` of a 2PM Gen3. The texts of
refusals are not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Literal

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.gestures import GESTURES, amount
from fleet_shelly.simulation.meters import LoadMeter
from fleet_shelly.simulation.outputs import LIMITS, at_least_one
from fleet_shelly.simulation.protection import exceeded, is_too_hot, with_error, without_errors
from fleet_shelly.simulation.thermal import degrees, minute_of_warming
from fleet_shelly.simulation.traits import between
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import invalid, number, texts
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, SimulatedDevice, Timer

_SHOWN_EVERY_S = 1.0
_OPENING, _CLOSING = "opening", "closing"
_OPPOSITE = {_OPENING: _CLOSING, _CLOSING: _OPENING}
_SETTING = {_OPENING: "open", _CLOSING: "close"}
"""How settings and ``last_direction`` call a movement."""

_STALLED = 2.5
"""A motor that is held fast draws so many times what it draws running."""

_ERRORS = ("overtemp", "overpower", "overcurrent", "overvoltage", "undervoltage", "obstruction", "safety_switch")
_STOPS_OPENING = ("overvoltage", "undervoltage", "overtemp")
_POWER_THRESHOLD_MARGIN = 1.15

_End = Literal["limit", "target", "duration", "timeout"]


@dataclass(slots=True, kw_only=True)
class _Move:
    """A motor that runs.

    Attributes:
        direction: ``opening`` or ``closing``.
        origin: Where the blind was, in percent.
        whole_s: What the whole way takes.
        runs_s: How long the motor is to run.
        ends: What ends it then.
        reverses: Whether it flees from an obstacle.
        ran_s: How long it has run.
    """

    direction: str
    origin: float
    whole_s: float
    runs_s: float
    ends: _End
    reverses: bool = False
    ran_s: float = 0.0
    held_s: float = 0.0

    def position(self, more_s: float = 0.0) -> float:
        """Where the blind is; ``more_s`` is the time since ``ran_s`` was counted."""
        moved = (min(self.runs_s, self.ran_s + more_s) - self.held_s) / self.whole_s * 100
        return max(0.0, min(100.0, self.origin + (moved if self.direction == _OPENING else -moved)))


class Cover(Behaviour):
    """``cover:N``."""

    __slots__ = ("_at", "_interrupted", "_move", "_plan", "_seen", "_stalled_w", "_then", "_timer", "meter")

    rules: ClassVar[Mapping[str, checks.Rule]] = {
        "name": checks.text(64),
        "in_mode": checks.one_of("single", "dual", "detached"),
        "initial_state": checks.one_of("open", "closed", "stopped"),
        "maxtime_open": checks.number(0.1, 300),
        "maxtime_close": checks.number(0.1, 300),
        "motor.idle_power_thr": checks.number(0, 50),
        "motor.idle_confirm_period": checks.number(0.25, 2),
        "obstruction_detection.direction": checks.one_of("open", "close", "both"),
        "obstruction_detection.action": checks.one_of("stop", "reverse"),
        "obstruction_detection.power_thr": checks.number(0, 10_000),
        "obstruction_detection.holdoff": checks.number(0.1, 300),
        "safety_switch.direction": checks.one_of("open", "close", "both"),
        "safety_switch.action": checks.one_of("stop", "reverse", "pause"),
        "safety_switch.allowed_move": checks.one_of("reverse", None),
        "slat.open_time": checks.number(0.5, 30),
        "slat.close_time": checks.number(0.5, 30),
        "slat.step": checks.number(1, 100),
        **LIMITS,
    }

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self.meter = LoadMeter(self, ("motor",))
        self._at = _resting_place(self.status)
        self._move: _Move | None = None
        self._plan: list[str] | None = None
        self._timer: Timer | None = None
        self._then: Callable[[], None] | None = None
        self._seen = 0.0
        self._stalled_w: float | None = None
        self._interrupted: str | None = None

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
        self._command(_OPENING, number(params, "duration", 0.1, self._maxtime_s(_OPENING)))
        return None

    def close(self, params: JSONObject) -> JSON:
        """Close fully, or for a duration."""
        self._command(_CLOSING, number(params, "duration", 0.1, self._maxtime_s(_CLOSING)))
        return None

    def stop(self, _params: JSONObject) -> JSON:
        """Stop where it is; a calibration is given up."""
        self._interrupted = None
        if self._plan is not None:
            self._abort_calibration("cal_abort:ext_command", source=self.device.source)
        elif self._timer is not None:
            self._end(source=self.device.source)
        return None

    def go_to_position(self, params: JSONObject) -> JSON:
        """Go to a position, absolute or relative; turn the slats, or both."""
        at_least_one(params, "pos", "rel", "slat_pos", "slat_rel")
        for one, other in (("pos", "rel"), ("slat_pos", "slat_rel")):
            if one in params and other in params:
                raise invalid(other)
        pos, rel = number(params, "pos", 0, 100), number(params, "rel", -100, 100)
        slat_pos, slat_rel = number(params, "slat_pos", 0, 100), number(params, "slat_rel", -100, 100)
        slat = slat_pos if slat_rel is None else _within(float(self.status.get("slat_pos") or 0) + slat_rel)
        self._refuse_while_calibrating()
        if not self.status.get("pos_control"):
            raise DeviceFault(-109, "Cover is not calibrated")
        if slat is not None and not self._slat().get("enable"):
            raise DeviceFault(-109, "Slat control is not enabled")
        if pos is None and rel is None:
            self._turn_slats(slat or 0.0, source=self.device.source)
            return None
        here = self.position()
        target = _within(here + rel) if rel is not None else float(pos or 0)
        if round(target) == round(here):
            if slat is not None:
                self._turn_slats(slat, source=self.device.source)
            return None
        direction = _OPENING if target > here else _CLOSING
        self._allow(direction)
        self._start(direction, source=self.device.source, target=target)
        if slat is not None:
            self._then = lambda: self._turn_slats(slat, source=str(self.status.get("source")))
        return None

    def calibrate(self, _params: JSONObject) -> JSON:
        """Find both ends: open, close, open. The cover can be positioned afterwards."""
        if self._plan is not None or self._move is not None:
            raise DeviceFault(-109, "Cover is moving")
        if any(error in _ERRORS for error in self.status.get("errors", ())):
            raise DeviceFault(-109, "Cover has errors")
        self._allow(_OPENING)
        self._plan = [_OPENING, _CLOSING, _OPENING]
        kept = [error for error in self.status.get("errors", ()) if not str(error).startswith("cal_abort")]
        self.report(
            state="calibrating",
            source=self.device.source,
            pos_control=False,
            current_pos=None,
            **({"errors": kept or None} if "errors" in self.status else {}),
        )
        self._calibrate_on()
        return None

    def boot(self) -> None:
        """A motor does not run on after a restart; then comes what ``initial_state`` says."""
        was_calibrating = self.status.get("state") == "calibrating"
        resting = self.status.get("state") in ("open", "closed")
        self.report(
            source="init",
            target_pos=None,
            move_timeout=None,
            move_started_at=None,
            **({} if resting else {"state": "stopped"}),
            **({"pos_control": False, "current_pos": None} if was_calibrating else {}),
            **self.meter.idle(),
            **self.meter.restarted(),
        )
        wanted = {"open": _OPENING, "closed": _CLOSING}.get(str(self.config.get("initial_state")))
        if wanted is not None:
            with suppress(DeviceFault):
                self._command(wanted, None)

    def minute(self) -> None:
        """Count energy, warm up or cool down."""
        patch = self.meter.minute()
        minute_of_warming(self, float(self.status.get("apower") or 0))
        if patch:
            self.report(**patch)
        self._guard()

    def vary(self) -> bool:
        """Mains voltage and the motor's load drift."""
        self.report(**self.meter.drawing(1.0 if self._move is not None else 0.0))
        return True

    def press(self, gesture: str) -> bool:
        """Another motor or voltage, or an obstacle.

        ``load 150``, ``voltage 290`` and ``temperature 100`` as for outputs; ``obstruct`` puts something in the way,
        against which the motor draws much more, or as much as given: ``obstruct 1200``; ``clear`` takes it away.
        ``at 40`` puts a blind that rests there, as somebody who has no use for the motor does.
        """
        stalled_w, celsius = amount(gesture, "obstruct"), amount(gesture, "temperature")
        place = amount(gesture, "at")
        if gesture == "obstruct" or stalled_w is not None:
            self._stalled_w = self.meter.nominal_w * _STALLED if stalled_w is None else stalled_w
        elif gesture == "clear":
            self._stalled_w = None
        elif place is not None and 0 <= place <= 100 and self._move is None and self._plan is None:
            self._at = place
            state = "open" if place == 100 else "closed" if place == 0 else "stopped"
            self.report(state=state, **self._shown_position())
        elif celsius is not None and "temperature" in self.status:
            self.report(temperature=degrees(celsius))
        elif not self.meter.press(gesture):
            return False
        elif gesture.startswith("voltage") and "voltage" in self.status:
            self.report(voltage=self.meter.mains_v)
        self._guard()
        return True

    def noticed(self, key: str, event: str) -> None:
        """Two inputs, one for each direction, or one for all and the other for safety."""
        first, second = f"input:{2 * self.index}", f"input:{2 * self.index + 1}"
        if self.config.get("swap_inputs"):
            first, second = second, first
        mode = self.config.get("in_mode")
        if key not in (first, second) or self.config.get("in_locked") or mode not in ("single", "dual"):
            return
        with suppress(DeviceFault):
            if mode == "dual":
                self._dual(_OPENING if key == first else _CLOSING, event)
            elif key == first and event in ("on", "off", "single_push"):
                self._single("button" if event == "single_push" else "switch")
            elif key == second and event in ("on", "off"):
                self._safety(engaged=event == "on")

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Not while it moves, but for the threshold of obstacles; motor directions need a restart."""
        checks.obey(changes, self.rules)
        free = list(changes) == ["obstruction_detection"] and list(changes["obstruction_detection"]) == ["power_thr"]
        if (self._move is not None or self._plan is not None) and not free:
            raise DeviceFault(-109, "Cover is moving")
        if "enable" in changes.get("slat", {}):
            self.report(slat_pos=(100 if self._at >= 50 else 0) if self._slat().get("enable") else None)
        return "invert_directions" in changes

    # ---- where it is ------------------------------------------------------------------------------------

    def position(self) -> float:
        """Where the blind is now, from 0 (closed) to 100 (open), whether the cover knows or not."""
        if self._move is None:
            return self._at
        # The clock leaps when it is set after boot.
        since_s = max(0.0, min(_SHOWN_EVERY_S, self.device.now() - self._seen))
        return self._move.position(since_s if self._stalled_w is None else 0.0)

    def _shown_position(self) -> JSONObject:
        return {"current_pos": round(self.position())} if self.status.get("pos_control") else {}

    def _maxtime_s(self, direction: str) -> float:
        setting = "maxtime_open" if direction == _OPENING else "maxtime_close"
        return float(self.config.get(setting) or 60)

    def _whole_s(self, direction: str) -> float:
        """What the blind's whole way takes; a little less than the settings allowed when it first moved."""
        known: JSON = self.device.storage(self.key).setdefault("travel_s", {})
        if not known:
            for way in _SETTING:
                known[way] = self._maxtime_s(way) * between(0.86, 0.96, self.device.id, self.key, way)
        return float(known[direction])

    # ---- what is asked ----------------------------------------------------------------------------------

    def _command(self, direction: str, duration_s: float | None, *, source: str = "") -> None:
        self._refuse_while_calibrating()
        self._allow(direction)
        self._start(direction, source=source or self.device.source, duration_s=duration_s)

    def _refuse_while_calibrating(self) -> None:
        if self._plan is not None:
            raise DeviceFault(-109, "Cover calibration is running")

    def _allow(self, direction: str) -> None:
        """Refuse a movement that is not safe.

        Raises:
            DeviceFault: -109.
        """
        if self.config.get("maintenance_mode"):
            raise DeviceFault(-109, "Cover is in maintenance mode")
        for error in _STOPS_OPENING:
            if error in self.status.get("errors", ()):
                raise DeviceFault(-109, f"Cover has error {error}")
        safety = self._guarding()
        if safety is None or not self._is_unsafe():
            return
        if self._interrupted is not None:
            allowed = safety.get("allowed_move") == "reverse" and direction != self._interrupted
        else:
            allowed = safety.get("direction") not in ("both", _SETTING[direction])
        if not allowed:
            self.report(errors=with_error(self.status, "safety_switch"))
            raise DeviceFault(-109, "Safety switch is engaged")

    def _dual(self, direction: str, event: str) -> None:
        slats = bool(self._slat().get("enable"))
        if self._plan is not None and event in ("off", *GESTURES):
            self._abort_calibration("cal_abort:ext_command", source="switch" if event == "off" else "button")
        elif self._move is not None and event in ("off", "single_push"):
            if event == "single_push" or self._move.direction == direction:
                self._end(source="switch" if event == "off" else "button")
        elif event == "on":
            self._command(direction, None, source="switch")
        elif event == "single_push" and slats:
            step = float(self._slat().get("step") or 20)
            here = float(self.status.get("slat_pos") or 0)
            self._turn_slats(_within(here + (step if direction == _OPENING else -step)), source="button")
        elif event == ("long_push" if slats else "single_push"):
            self._command(direction, None, source="long_push" if slats else "button")

    def _single(self, source: str) -> None:
        """Open, stop, close, stop."""
        if self._plan is not None:
            self._abort_calibration("cal_abort:ext_command", source=source)
        elif self._move is not None:
            self._end(source=source)
        else:
            ends = {"open": _CLOSING, "closed": _OPENING}
            last = _CLOSING if self.status.get("last_direction") == "open" else _OPENING
            self._command(ends.get(str(self.status.get("state")), last), None, source=source)

    # ---- safety -----------------------------------------------------------------------------------------

    def _guarding(self) -> JSONObject | None:
        """Settings of the safety switch; None if there is none. It works with one input only."""
        safety = self.config.get("safety_switch")
        works = isinstance(safety, dict) and safety.get("enable") is True and self.config.get("in_mode") == "single"
        return safety if works else None

    def _is_unsafe(self) -> bool:
        place = 2 * self.index + (0 if self.config.get("swap_inputs") else 1)
        return self.device.status(f"input:{place}").get("state") is True

    def _safety(self, *, engaged: bool) -> None:
        safety = self._guarding()
        if safety is None:
            return
        if not engaged:
            cleared, paused = without_errors(self.status, "safety_switch"), self._interrupted
            self._interrupted = None
            if cleared:
                self.report(**cleared)
            if paused is not None and safety.get("action") == "pause" and self._move is None:
                self._command(paused, None, source="safety_switch")
            return
        if self._plan is not None:
            self.report(errors=with_error(self.status, "safety_switch"))
            self._abort_calibration("cal_abort:safety", source="safety_switch")
        elif self._move is not None and safety.get("direction") in ("both", _SETTING[self._move.direction]):
            self._interrupted = self._move.direction
            self._end(source="safety_switch", errors=with_error(self.status, "safety_switch"))
            if safety.get("action") == "reverse":
                self._start(_OPPOSITE[self._interrupted], source="safety_switch", errors=self.status.get("errors"))

    def _guard(self) -> None:
        """Stop where a limit is exceeded or something is in the way; forget errors of the mains when they are over."""
        error = "overtemp" if is_too_hot(self.status) else exceeded(self.status, self.config)
        if error is None:
            if gone := without_errors(self.status, "overvoltage", "undervoltage", "overtemp"):
                self.report(**gone)
        elif self._plan is not None:
            self.report(errors=with_error(self.status, error))
            self._abort_calibration("cal_abort:safety", source=error)
        elif self._move is not None:
            self._end(source=error, errors=with_error(self.status, error))
        elif error not in self.status.get("errors", ()) and error in _STOPS_OPENING:
            self.report(errors=with_error(self.status, error))

    def _feel(self) -> bool:
        """Whether an obstacle was noticed, and what had to be done about it was done."""
        detection, move = self.config.get("obstruction_detection"), self._move
        if move is None or self._plan is not None or not isinstance(detection, dict) or not detection.get("enable"):
            return False
        monitored = detection.get("direction") in ("both", _SETTING[move.direction])
        # A moment of tolerance: the timer's sum of seconds is not exact.
        held_off = move.ran_s + 0.01 < detection.get("holdoff", 0)
        if not monitored or held_off or (self.status.get("apower") or 0) <= detection.get("power_thr", 0):
            return False
        errors = with_error(self.status, "obstruction")
        # Not documented: the source of a stop that nobody asked for is spelled as its error.
        self._end(source="obstruction", errors=errors)
        if detection.get("action") == "reverse" and not move.reverses:
            self._start(_OPPOSITE[move.direction], source="obstruction", reverses=True, errors=errors)
        return True

    # ---- moving -----------------------------------------------------------------------------------------

    def _start(
        self,
        direction: str,
        *,
        source: str,
        target: float | None = None,
        duration_s: float | None = None,
        reverses: bool = False,
        errors: JSON = None,
    ) -> None:
        here = self._halt()
        whole_s = self._whole_s(direction)
        goal = (100.0 if direction == _OPENING else 0.0) if target is None else target
        way_s = abs(goal - here) / 100 * whole_s
        at_end = goal in (0.0, 100.0)
        ends: list[tuple[float, _End]] = [(way_s + self._confirm_s(), "limit") if at_end else (way_s, "target")]
        if duration_s is not None:
            ends.append((duration_s, "duration"))
        ends.append((self._maxtime_s(direction), "timeout"))
        runs_s, why = min(ends, key=lambda end: end[0])
        self._move = _Move(
            direction=direction, origin=here, whole_s=whole_s, runs_s=runs_s, ends=why, reverses=reverses
        )
        self._seen = self.device.now()
        patch: JSONObject = {"errors": errors} if errors else without_errors(self.status, *_ERRORS)
        if self._plan is None:
            patch["state"] = direction
        self.report(
            source=source,
            last_direction=_SETTING[direction],
            move_timeout=self._maxtime_s(direction),
            move_started_at=round(self._seen, 2),
            **({"target_pos": None if target is None else round(target)} if self.status.get("pos_control") else {}),
            **patch,
            **self._drawing(),
        )
        self._wait()

    def _confirm_s(self) -> float:
        motor = self.config.get("motor")
        return float(motor.get("idle_confirm_period", 0.25)) if isinstance(motor, dict) else 0.25

    def _drawing(self) -> JSONObject:
        """A patch for the status while the motor runs."""
        share = 1.0 if self._stalled_w is None else self._stalled_w / max(1.0, self.meter.nominal_w)
        return self.meter.drawing(share)

    def _wait(self) -> None:
        move = self._move
        if move is not None:
            wait_s = max(0.01, min(_SHOWN_EVERY_S, move.runs_s - move.ran_s))
            self._timer = self.device.after(wait_s, lambda: self._run(wait_s))

    def _run(self, seconds: float) -> None:
        """The motor has run for a while: see, feel, and stop when it is there."""
        move = self._move
        if move is None:
            return
        move.ran_s += seconds
        if self._stalled_w is not None:
            move.held_s += seconds
        self._seen = self.device.now()
        self.report(**self._drawing(), **self._shown_position())
        if self._feel():
            return
        self._guard()
        if self._move is not move:
            return
        if move.ran_s < move.runs_s - 0.005:
            self._wait()
        elif move.held_s and move.ends in ("limit", "target"):
            # Held by an obstacle that nobody feels, the motor goes on until its time is over.
            move.runs_s, move.ends = self._maxtime_s(move.direction), "timeout"
            if move.ran_s < move.runs_s - 0.005:
                self._wait()
            else:
                self._arrived(move)
        else:
            self._arrived(move)

    def _arrived(self, move: _Move) -> None:
        if self._plan is not None:
            if move.ends == "timeout":
                self._abort_calibration(f"cal_abort:timeout_{_SETTING[move.direction]}", source="timeout")
            else:
                self._halt()
                self._calibrate_on()
            return
        # A position that is reached and a duration that is over leave the source of the command.
        source, then = {"limit": "limit_switch", "timeout": "timeout"}.get(move.ends), self._then
        self._end(source=source, state=_resting_state(move))
        self._settle_slats(move, then)

    def _halt(self) -> float:
        """Cut the motor's power; returns where the blind is."""
        self._at = self.position()
        self._move = self._then = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return self._at

    def _end(self, *, source: str | None, state: str = "stopped", errors: JSON = None) -> None:
        """The movement is over: say so."""
        here = self._halt()
        if here in (0.0, 100.0):
            state = "open" if here else "closed"
        self.report(
            state=state,
            **({} if source is None else {"source": source}),
            target_pos=None,
            move_timeout=None,
            move_started_at=None,
            **({"errors": errors} if errors else {}),
            **self._shown_position(),
            **self.meter.idle(),
        )

    # ---- slats ------------------------------------------------------------------------------------------

    def _slat(self) -> JSONObject:
        slat = self.config.get("slat")
        return slat if isinstance(slat, dict) else {}

    def _settle_slats(self, move: _Move, then: Callable[[], None] | None) -> None:
        """Where the slats are after the blind moved: turned with it, then as they were or as asked for."""
        slat = self._slat()
        if not slat.get("enable"):
            return
        before = self.status.get("slat_pos")
        self.report(slat_pos=100 if move.direction == _OPENING else 0)
        if then is not None:
            then()
        elif slat.get("retain_pos") and isinstance(before, int | float):
            self._turn_slats(float(before), source=str(self.status.get("source")))

    def _turn_slats(self, target: float, *, source: str) -> None:
        """Turn the slats, which takes a moment of the motor; the blind stays where it is."""
        here = float(self.status.get("slat_pos") or 0)
        if round(here) == round(target):
            return
        direction = _OPENING if target > here else _CLOSING
        self._allow(direction)
        self._halt()
        resting = "stopped" if self.status.get("state") in _OPPOSITE else self.status.get("state")
        whole_s = float(self._slat().get("open_time" if direction == _OPENING else "close_time") or 1.5)
        started = round(self.device.now(), 2)
        self.report(
            state=direction,
            source=source,
            last_direction=_SETTING[direction],
            move_timeout=self._maxtime_s(direction),
            move_started_at=started,
            **self._drawing(),
        )

        def turned() -> None:
            self._timer = None
            gone = {"move_timeout": None, "move_started_at": None}
            self.report(state=resting, slat_pos=round(target), **gone, **self.meter.idle())

        self._timer = self.device.after(abs(target - here) / 100 * whole_s, turned)

    # ---- calibration ------------------------------------------------------------------------------------

    def _calibrate_on(self) -> None:
        if self._plan:
            self._start(self._plan.pop(0), source=str(self.status.get("source")))
            return
        self._plan = None
        peak_w = int(abs(self.meter.mean_w) * _POWER_THRESHOLD_MARGIN) + 1
        self.report(
            state="open",
            source="calibration",
            pos_control=True,
            current_pos=100,
            move_timeout=None,
            move_started_at=None,
            **self.meter.idle(),
        )
        self.device.set_config(self.key, {"obstruction_detection": {"power_thr": peak_w}})

    def _abort_calibration(self, error: str, *, source: str) -> None:
        self._plan = None
        self._end(source=source, errors=with_error(self.status, error))


def _within(percent: float) -> float:
    return max(0.0, min(100.0, percent))


def _resting_place(status: Mapping[str, JSON]) -> float:
    """Where a blind is that does not move, as far as the status tells."""
    shown = status.get("current_pos")
    if isinstance(shown, int | float):
        return float(shown)
    return {"open": 100.0, "closed": 0.0}.get(str(status.get("state")), 50.0)


def _resting_state(move: _Move) -> str:
    """The state after a movement that came to its end."""
    if move.ends == "limit":
        return "open" if move.direction == _OPENING else "closed"
    return "stopped"
