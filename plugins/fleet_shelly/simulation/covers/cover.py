"""The component: its methods, its settings, and what happens to it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.covers import inputs, slats
from fleet_shelly.simulation.covers.calibration import Calibration
from fleet_shelly.simulation.covers.motor import Motor
from fleet_shelly.simulation.covers.movement import CLOSING, OPENING, Move, Order, within
from fleet_shelly.simulation.covers.safety import STOPS_ALL, SafetySwitch, feel, guard
from fleet_shelly.simulation.gestures import amount
from fleet_shelly.simulation.meters import LoadMeter
from fleet_shelly.simulation.outputs import LIMITS, at_least_one
from fleet_shelly.simulation.thermal import degrees, minute_of_warming
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import invalid, number, texts
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, SimulatedDevice

_STALLED = 2.5
"""A motor that is held fast draws so many times what it draws running."""


class Cover(Behaviour):
    """``cover:N``.

    Attributes:
        meter: What the motor draws.
        motor: Moves the blind.
        calibration: Finds both ends of its way.
        safety: Stops it.
    """

    __slots__ = ("calibration", "meter", "motor", "safety")

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
        self.motor = Motor(self)
        self.calibration = Calibration(self)
        self.safety = SafetySwitch(self)

    # ---- methods ----------------------------------------------------------------------------------------

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
        return self._move(OPENING, params)

    def close(self, params: JSONObject) -> JSON:
        """Close fully, or for a duration."""
        return self._move(CLOSING, params)

    def stop(self, _params: JSONObject) -> JSON:
        """Stop where it is; a calibration is given up."""
        self.safety.forget()
        if self.calibration.running:
            self.calibration.abort("ext_command", source=self.device.source)
        elif self.motor.runs:
            self.motor.end(source=self.device.source)
        return None

    def go_to_position(self, params: JSONObject) -> JSON:
        """Go to a position, absolute or relative; turn the slats, or both."""
        at_least_one(params, "pos", "rel", "slat_pos", "slat_rel")
        here = self.motor.position()
        target = _wanted(params, "pos", "rel", here)
        slat_pos = _wanted(params, "slat_pos", "slat_rel", slats.shown(self))
        self.calibration.refuse_meanwhile()
        if not self.status.get("pos_control"):
            raise DeviceFault(-109, "Cover is not calibrated")
        if slat_pos is not None and not slats.are_enabled(self):
            raise DeviceFault(-109, "Slat control is not enabled")
        source = self.device.source
        if target is not None and round(target) != round(here):
            direction = OPENING if target > here else CLOSING
            self.command(Order(direction=direction, source=source, target=target, slat_pos=slat_pos))
        elif slat_pos is not None:
            slats.turn(self, slat_pos, source=source)
        return None

    def calibrate(self, _params: JSONObject) -> JSON:
        """Find both ends: open, close, open. The cover can be positioned afterwards."""
        self.calibration.begin()
        return None

    # ---- life -------------------------------------------------------------------------------------------

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
        wanted = {"open": OPENING, "closed": CLOSING}.get(str(self.config.get("initial_state")))
        if wanted is not None:
            with suppress(DeviceFault):
                self.command(Order(direction=wanted, source=self.device.source))

    def minute(self) -> None:
        """Count energy, warm up or cool down."""
        patch = self.meter.minute()
        minute_of_warming(self, float(self.status.get("apower") or 0))
        if patch:
            self.report(**patch)
        guard(self)

    def vary(self) -> bool:
        """Mains voltage and the motor's load drift."""
        self.report(**self.meter.drawing(1.0 if self.motor.move is not None else 0.0))
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
            self.motor.stalled_w = self.meter.nominal_w * _STALLED if stalled_w is None else stalled_w
        elif gesture == "clear":
            self.motor.stalled_w = None
        elif place is not None and 0 <= place <= 100 and not self._is_moving():
            self.motor.put(place)
            state = "open" if place == 100 else "closed" if place == 0 else "stopped"
            self.report(state=state, **self.motor.shown_position())
        elif celsius is not None and "temperature" in self.status:
            self.report(temperature=degrees(celsius))
        elif not self.meter.press(gesture):
            return False
        elif gesture.startswith("voltage") and "voltage" in self.status:
            self.report(voltage=self.meter.mains_v)
        guard(self)
        return True

    def noticed(self, key: str, event: str) -> None:
        """Its inputs command it."""
        inputs.notice(self, key, event)

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Not while it moves, but for the threshold of obstacles; motor directions need a restart."""
        checks.obey(changes, self.rules)
        free = list(changes) == ["obstruction_detection"] and list(changes["obstruction_detection"]) == ["power_thr"]
        if not free:
            self.refuse_while_moving()
        if "enable" in changes.get("slat", {}):
            open_now = 100 if self.motor.position() >= 50 else 0
            self.report(slat_pos=open_now if slats.are_enabled(self) else None)
        return "invert_directions" in changes

    # ---- for its parts ----------------------------------------------------------------------------------

    def command(self, order: Order) -> None:
        """Move, if that may be.

        Raises:
            DeviceFault: -109.
        """
        self.calibration.refuse_meanwhile()
        self.allow(order.direction)
        self.motor.start(order)

    def allow(self, direction: str) -> None:
        """Refuse to run the motor where that is not safe.

        Raises:
            DeviceFault: -109.
        """
        if self.config.get("maintenance_mode"):
            raise DeviceFault(-109, "Cover is in maintenance mode")
        for error in STOPS_ALL:
            if error in self.status.get("errors", ()):
                raise DeviceFault(-109, f"Cover has error {error}")
        self.safety.allow(direction)

    def refuse_while_moving(self) -> None:
        """Refuse what needs a blind that rests.

        Raises:
            DeviceFault: -109.
        """
        if self._is_moving():
            raise DeviceFault(-109, "Cover is moving")

    def ran(self) -> None:
        """The motor has run for a while."""
        if not feel(self):
            guard(self)

    def arrived(self, move: Move) -> None:
        """The motor has run as long as it was to."""
        if self.calibration.running:
            self.calibration.arrived(move)
            return
        # A position that is reached and a duration that is over leave the source of the command.
        source = {"limit": "limit_switch", "timeout": "timeout"}.get(move.ends)
        self.motor.end(source=source, state=move.resting_state())
        with suppress(DeviceFault):  # the way was not safe any more: they stay as they are
            slats.settle(self, move)

    # ---- inside -----------------------------------------------------------------------------------------

    def _move(self, direction: str, params: JSONObject) -> JSON:
        duration_s = number(params, "duration", 0.1, self.motor.longest_s(direction))
        self.command(Order(direction=direction, source=self.device.source, duration_s=duration_s))
        return None

    def _is_moving(self) -> bool:
        return self.calibration.running or self.motor.move is not None


def _wanted(params: JSONObject, absolute: str, relative: str, here: float) -> float | None:
    """The position, in percent, that is asked for in one of two ways; None if it is in neither."""
    if absolute in params and relative in params:
        raise invalid(relative)
    there, way = number(params, absolute, 0, 100), number(params, relative, -100, 100)
    return there if way is None else within(here + way)
