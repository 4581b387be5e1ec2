"""What everything that can be switched on has in common: source, timers, a load, the input beside it."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.simulation.meters import LoadMeter
from plugin_sdk import JSON, ComponentKey, JSONObject, component_id
from plugin_sdk.arguments import flag, number, required, texts
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, SimulatedDevice, Timer

_SETTLES_S = 0.8
"""A meter shows a new load a moment after it was switched on."""

_LONGEST_TIMER_S = 2_147_483


class Output(Behaviour):
    """A component with ``output``, ``source``, ``toggle_after`` and ``auto_on``/``auto_off``."""

    __slots__ = ("_timer", "meter")

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._timer: Timer | None = None
        self.meter = LoadMeter(self, round(device.random.uniform(8, 160), 1))

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
        return {"was_on": self.switch(on=not self.status.get("output"))}

    def reset_counters(self, params: JSONObject) -> JSON:
        """Set energy counters back."""
        return self.meter.reset(texts(params, "type") or ["aenergy", "ret_aenergy"])

    def switch(self, *, on: bool, timer_s: float | None = None, **also: JSON) -> bool:
        """Switch, with all that follows; returns whether it was on.

        Args:
            on: The new state.
            timer_s: Switch back after so many seconds; None for what the settings say.
            also: Further changes of the status that belong to the same command.
        """
        was_on = bool(self.status.get("output"))
        patch: JSONObject = {"output": on, "source": self.device.source, **also, **self._timer_patch(on, timer_s)}
        if not on:
            patch |= self.meter.idle()
        elif "apower" in self.status:
            self.device.after(_SETTLES_S, self._settle)
        self.report(**patch)
        return was_on

    def share(self) -> float:
        """How much of its nominal power the load draws now, from 0 to 1."""
        return 1.0 if self.status.get("output") else 0.0

    def boot(self) -> None:
        """Apply ``initial_state``; energy counters of the last minutes start anew."""
        self.report(source="init", timer_started_at=None, timer_duration=None)
        initial = self.config.get("initial_state")
        on = bool(self.status.get("output"))
        if initial in ("on", "off"):
            on = initial == "on"
        elif initial == "match_input":
            on = bool(self.device.status(f"input:{self._input_index()}").get("state"))
        self.switch(on=on)

    def minute(self) -> None:
        """Count energy and let the device warm up or cool down."""
        patch = self.meter.minute() | self._warmth()
        if patch:
            self.report(**patch)

    def vary(self) -> bool:
        """The load drifts; without a meter, somebody switches."""
        if "apower" in self.status:
            self.report(**self.meter.drawing(self.share()))
        else:
            self.switch(on=not self.status.get("output"))
        return True

    def noticed(self, key: str, event: str) -> None:
        """Do what ``in_mode`` says about the input beside the output."""
        mode = self.config.get("in_mode")
        if mode is None or self.config.get("in_locked") or key != f"input:{self._input_index()}":
            return
        on = bool(self.status.get("output"))
        wanted = _wanted(str(mode), event, on=on)
        if wanted is not None:
            source = "switch" if event in ("on", "off") else "button"
            namespace = self.key.partition(":")[0]
            self.device.call(f"{namespace}.Set", {"id": component_id(self.key), "on": wanted}, source=source)

    def _input_index(self) -> int:
        return int(self.config.get("input_id", self.index))

    def _settle(self) -> None:
        self.report(**self.meter.drawing(self.share()))

    def _timer_patch(self, on: bool, timer_s: float | None) -> JSONObject:
        running = self._timer is not None or "timer_duration" in self.status
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if timer_s is None:
            auto = "auto_off" if on else "auto_on"
            timer_s = self.config.get(f"{auto}_delay") if self.config.get(auto) else None
        if timer_s:
            self._timer = self.device.after(timer_s, lambda: self._timer_ended(on=on))
            return {"timer_started_at": round(self.device.now(), 2), "timer_duration": timer_s}
        return {"timer_started_at": None, "timer_duration": None} if running else {}

    def _timer_ended(self, *, on: bool) -> None:
        self._timer = None
        namespace = self.key.partition(":")[0]
        self.device.call(f"{namespace}.Set", {"id": component_id(self.key), "on": not on}, source="timer")

    def _warmth(self) -> JSONObject:
        shown = self.status.get("temperature")
        if not isinstance(shown, dict) or not isinstance(shown.get("tC"), int | float):
            return {}
        target = 46 + 12 * self.share() * min(1.0, self.meter.nominal_w / 100)
        celsius = round(shown["tC"] + (target - shown["tC"]) * 0.2 + self.device.random.uniform(-0.2, 0.2), 1)
        return {"temperature": degrees(celsius)} if abs(celsius - shown["tC"]) >= 0.5 else {}


def timer_of(params: JSONObject) -> float | None:
    """``toggle_after`` in seconds; None if it was not given."""
    return number(params, "toggle_after", 0.01, _LONGEST_TIMER_S)


def degrees(celsius: float) -> JSONObject:
    """A temperature as devices show it: ``{tC, tF}``."""
    return {"tC": celsius, "tF": round(celsius * 9 / 5 + 32, 1)}


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
    return not on if event == "single_push" and mode in ("momentary", "flip", "cycle", "dim") else None
