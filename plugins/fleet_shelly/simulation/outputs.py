"""What everything that can be switched on has in common: source, timers, a load, protection, the input beside it.

Source: Shelly Gen2+ API, "Switch". Spellings of ``source`` that no capture has (``switch``, ``button``, ``activate``)
are those of client code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import ClassVar

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.gestures import GESTURES, amount
from fleet_shelly.simulation.meters import LoadMeter
from fleet_shelly.simulation.protection import (
    LOAD_ERRORS,
    VOLTAGE_ERRORS,
    exceeded,
    is_too_hot,
    with_error,
    without_errors,
)
from fleet_shelly.simulation.thermal import degrees, minute_of_warming
from plugin_sdk import JSON, ComponentKey, JSONObject, component_type
from plugin_sdk.arguments import flag, number, required, texts
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, SimulatedDevice, Timer

_SETTLES_S = 0.8
"""A meter shows a new load a moment after it was switched on."""

MEASURES_WITHIN_S = 40.0
"""Energy is told alone, at the minute; power that has changed is, at any time of it (notifications.jsonl)."""

_LONGEST_TIMER_S = 2_147_483

LIMITS: Mapping[str, checks.Rule] = {
    "power_limit": checks.number(0, 10_000),
    "voltage_limit": checks.number(0, 500),
    "undervoltage_limit": checks.number(0, 500),
    "current_limit": checks.number(0, 200),
}


class Output(Behaviour):
    """A component with ``output``, ``source``, ``toggle_after`` and ``auto_on``/``auto_off``."""

    __slots__ = ("_recovers", "_timer", "meter")

    loads: ClassVar[Sequence[str]] = ("lamp", "lamp", "lamp", "standby", "fridge", "office", "boiler")
    """What may hang on it, the likelier ones more often."""

    rules: ClassVar[Mapping[str, checks.Rule]] = {
        "name": checks.text(64),
        "in_mode": checks.one_of("momentary", "follow", "flip", "detached", "cycle", "activate"),
        "initial_state": checks.one_of("off", "on", "restore_last", "match_input"),
        "auto_on_delay": checks.number(0, _LONGEST_TIMER_S),
        "auto_off_delay": checks.number(0, _LONGEST_TIMER_S),
        "input_id": checks.number(0, 1),
        **LIMITS,
    }
    """What its settings may be."""

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._timer: Timer | None = None
        self._recovers = False
        self.meter = LoadMeter(self, self.loads)

    @property
    def is_on(self) -> bool:
        """Whether it is switched on."""
        return bool(self.status.get("output"))

    def methods(self) -> Mapping[str, Handler]:
        """Set, toggle, reset counters where there are any."""
        own: dict[str, Handler] = {"Set": self.set, "Toggle": self.toggle}
        if "aenergy" in self.status:
            own["ResetCounters"] = self.reset_counters
        return own

    def set(self, params: JSONObject) -> JSON:
        """Switch to a state."""
        required(params, "on")
        return {"was_on": self.switch(on=bool(flag(params, "on")), timer_s=timer_of(params))}

    def toggle(self, _params: JSONObject) -> JSON:
        """Switch to the other state."""
        return {"was_on": self.switch(on=not self.is_on)}

    def reset_counters(self, params: JSONObject) -> JSON:
        """Set energy counters back."""
        return self.meter.reset(texts(params, "type") or ["aenergy", "ret_aenergy"])

    def switch(self, *, on: bool, timer_s: float | None = None, source: str = "", **also: JSON) -> bool:
        """Switch, with all that follows; returns whether it was on.

        Args:
            on: The new state.
            timer_s: Switch back after so many seconds; None for what the settings say.
            source: Who wants it; none for whoever called the device.
            also: Further changes of the status that belong to the same command.
        """
        was_on = self.is_on
        self._recovers = False
        patch: JSONObject = {
            "output": on,
            "source": source or self.device.source,
            **also,
            **self._timer_patch(on, timer_s),
        }
        if "errors" in self.status:
            patch |= without_errors(self.status, *LOAD_ERRORS, *VOLTAGE_ERRORS)
        if not on:
            patch |= self.meter.idle()
        elif "apower" in self.status:
            self.device.after(_SETTLES_S, self._settle)
        self.report(**patch)
        return was_on

    def share(self) -> float:
        """How much of its power the load draws now, from 0 to 1."""
        return 1.0 if self.status.get("output") else 0.0

    def boot(self) -> None:
        """Apply ``initial_state``; energy counters of the last minutes start anew."""
        self.report(source="init", timer_started_at=None, timer_duration=None, **self.meter.restarted())
        initial = self.config.get("initial_state")
        on = self.is_on
        if initial in ("on", "off"):
            on = initial == "on"
        elif initial == "match_input":
            on = bool(self.device.status(f"input:{self._input_index()}").get("state"))
        self.switch(on=on, source="init")

    def minute(self) -> None:
        """Count energy, follow the day, warm up or cool down."""
        patch = self.meter.minute()
        if patch:
            self.report(**patch)
        share = self.share()
        if "apower" in self.status and self.meter.changed(share):
            self.device.after(self.device.random.uniform(1, MEASURES_WITHIN_S), self._settle)
        minute_of_warming(self, self.meter.mean_w * share)
        self._guard()

    def vary(self) -> bool:
        """The load drifts; without a meter, somebody switches."""
        if "apower" in self.status:
            self.report(**self.meter.drawing(self.share()))
        else:
            self.switch(on=not self.is_on)
        return True

    def press(self, gesture: str) -> bool:
        """Another load or voltage (see :meth:`LoadMeter.press`), ``temperature 100``, ``toggle`` for its own button."""
        celsius = amount(gesture, "temperature")
        if celsius is not None and "temperature" in self.status:
            self.report(temperature=degrees(celsius))
        elif gesture == "toggle":
            self._ask("Toggle", source="button")
            return True
        elif not self.meter.press(gesture):
            return False
        elif gesture.startswith("voltage") and "voltage" in self.status:
            self.report(**{**self.meter.drawing(self.share()), "voltage": self.meter.mains_v})
        elif "apower" in self.status:
            self.report(**self.meter.drawing(self.share()))
        self._guard()
        return True

    def noticed(self, key: str, event: str) -> None:
        """Do what ``in_mode`` says about the input beside the output."""
        mode = str(self.config.get("in_mode"))
        if self.config.get("in_locked") or key != f"input:{self._input_index()}":
            return
        if mode == "cycle" and event == "single_push":
            self._cycle()
            return
        wanted = _wanted(mode, event, on=self.is_on)
        if wanted is not None:
            self._ask("Set", on=wanted, source=_source(mode, event))

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """New limits hold at once; a meter that is turned round needs a restart."""
        checks.obey(changes, self.rules)
        if any(name in LIMITS for name in changes):
            self.device.after(0, self._guard)
        return "reverse" in changes

    # ---- inside -----------------------------------------------------------------------------------------

    def _ask(self, verb: str, *, source: str, **params: JSON) -> None:
        """Have one of the component's own methods run, as its inputs do; it may refuse."""
        with suppress(DeviceFault):
            self.device.call(f"{component_type(self.key)}.{verb}", {"id": self.index, **params}, source=source)

    def _input_index(self) -> int:
        return int(self.config.get("input_id", self.index))

    def _cycle(self) -> None:
        """Go on to the next combination of the outputs that one button goes through.

        Their order is not documented: none, the first, the second, both.
        """
        kind = component_type(self.key)
        turning = [key for key in self.device.keys(kind) if self.device.config(key).get("in_mode") == "cycle"]
        shown = sum(1 << place for place, key in enumerate(turning) if self.device.status(key).get("output"))
        after = (shown + 1) % (1 << len(turning))
        for place, key in enumerate(turning):
            if (shown ^ after) >> place & 1:
                number = self.device.status(key).get("id", 0)
                params = {"id": number, "on": bool(after >> place & 1)}
                self.device.call(f"{kind}.Set", params, source="button")

    def _settle(self) -> None:
        patch = self.meter.drawing(self.share())
        if patch:
            self.report(**patch)
        self._guard()

    def _guard(self) -> None:
        """Switch off where a limit is exceeded; come back where the mains are well again."""
        error = "overtemp" if is_too_hot(self.status) else exceeded(self.status, self.config)
        if error is not None and (self.is_on or error not in self.status.get("errors", ())):
            self._trip(error)
        elif error not in VOLTAGE_ERRORS and (cleared := without_errors(self.status, *VOLTAGE_ERRORS)):
            source = next(f"{gone}_clear" for gone in VOLTAGE_ERRORS if gone in self.status.get("errors", ()))
            self.report(**cleared)
            if self._recovers and self.config.get("autorecover_voltage_errors"):
                self.switch(on=True, source=source)
            self._recovers = False

    def _trip(self, error: str) -> None:
        if error not in VOLTAGE_ERRORS and not self.is_on:
            return
        self._recovers = self._recovers or (self.is_on and error in VOLTAGE_ERRORS)
        errors = with_error(self.status, error)
        if not self.is_on:
            self.report(errors=errors)
            return
        self.report(output=False, source=error, errors=errors, **self._stop_timer(), **self.meter.idle())

    def _timer_patch(self, on: bool, timer_s: float | None) -> JSONObject:
        ended = self._stop_timer()
        if timer_s is None:
            auto = "auto_off" if on else "auto_on"
            timer_s = self.config.get(f"{auto}_delay") if self.config.get(auto) else None
        if timer_s:
            self._timer = self.device.after(timer_s, lambda: self._timer_ended(on=on))
            return {"timer_started_at": round(self.device.now(), 2), "timer_duration": timer_s}
        return ended

    def _stop_timer(self) -> JSONObject:
        """A patch that tells the end of a timer; empty if none runs."""
        running = self._timer is not None or "timer_duration" in self.status
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return {"timer_started_at": None, "timer_duration": None} if running else {}

    def _timer_ended(self, *, on: bool) -> None:
        self._timer = None
        self._ask("Set", on=not on, source="timer")


def timer_of(params: JSONObject) -> float | None:
    """``toggle_after`` in seconds; None if it was not given."""
    return number(params, "toggle_after", 0.01, _LONGEST_TIMER_S)


def at_least_one(params: JSONObject, *names: str) -> None:
    """Refuse a call that asks for nothing.

    Raises:
        DeviceFault: -103.
    """
    if not any(name in params for name in names):
        raise DeviceFault(-103, f"Missing required one of {', '.join(names)}")


def _wanted(mode: str, event: str, *, on: bool) -> bool | None:
    """The state an input asks for; None for no change.

    Args:
        mode: ``in_mode`` of the output.
        event: What the input noticed.
        on: The state now.
    """
    if event in ("on", "off"):
        if mode == "follow":
            return event == "on"
        if mode == "flip" or (mode == "momentary" and event == "on"):
            return not on
        return True if mode == "activate" else None
    if event in GESTURES and mode == "activate":
        return True
    return not on if event == "single_push" and mode in ("momentary", "flip", "dim") else None


def _source(mode: str, event: str) -> str:
    if mode == "activate":
        return "activate"
    return "switch" if event in ("on", "off") else "button"
