"""Lights: plain dimmers and strips in colours or shades of white.

Each takes the parameters of its kind in ``Set``, dims up and down, and passes through a transition to its target. The
output itself is on or off at once; only the look takes its time.

Source: Shelly Gen2+ API, "Light", "RGB", "RGBW", "CCT", "RGBCCT".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.daytime import local_hour
from fleet_shelly.simulation.outputs import Output, at_least_one, timer_of
from fleet_shelly.simulation.transitions import Transition
from plugin_sdk import JSON, ComponentKey, JSONObject, component_type
from plugin_sdk.arguments import choice, colour, flag, number
from plugin_sdk.local_time import is_within, read_period
from plugin_sdk.simulation import DeviceFault, Handler, SimulatedDevice, Timer, clock_is_set

_DIM_STEP_S = 0.2
_DEFAULT_FADE_RATE = 3
_LONGEST_TRANSITION_S = 10_800
_SHORTEST_TRANSITION_S = 0.5
_WARMEST_K, _COLDEST_K = 2700, 6500
_CALIBRATION_S, _CALIBRATION_STEPS = 10.0, 4

_LOOKS: Mapping[str, checks.Rule] = {
    "brightness": checks.number(0, 100),
    "rgb": checks.numbers(3, 0, 255),
    "white": checks.number(0, 255),
    "ct": checks.number(1000, 10_000),
    "mode": checks.one_of("rgb", "cct"),
}


class Light(Output):
    """``light:N``, and what all lights share."""

    __slots__ = ("_calibrating", "_dimming", "_is_night", "_transition", "_transition_timer")

    shared_methods: ClassVar[Sequence[str]] = ("SetAll",)

    loads: ClassVar[Sequence[str]] = ("lamp",)

    looks: ClassVar[tuple[str, ...]] = ("brightness",)
    """What the light shows."""

    rules: ClassVar[Mapping[str, checks.Rule]] = {
        **Output.rules,
        "in_mode": checks.one_of("follow", "flip", "activate", "detached", "dim", "dual_dim"),
        "initial_state": checks.one_of("off", "on", "restore_last"),
        "transition_duration": checks.number(0, _LONGEST_TRANSITION_S),
        "min_brightness_on_toggle": checks.number(0, 100),
        "button_fade_rate": checks.number(1, 5),
        "night_mode.active_between": checks.period,
        "range_map": checks.span(0, 100),
        "ct_range": checks.span(1000, 10_000),
        **{f"night_mode.{look}": rule for look, rule in _LOOKS.items()},
        **{f"button_presets.button_doublepush.{look}": rule for look, rule in _LOOKS.items()},
    }

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._calibrating: Timer | None = None
        self._dimming: Timer | None = None
        self._is_night = False
        self._transition: Transition | None = None
        self._transition_timer: Timer | None = None

    def methods(self) -> Mapping[str, Handler]:
        """Set, toggle, dim; calibrate where the light says it needs that; all together where there are several."""
        own = {**super().methods(), "DimUp": self.dim_up, "DimDown": self.dim_down, "DimStop": self.dim_stop}
        if "undervoltage_limit" in self.config:
            own["Calibrate"] = self.calibrate
        if component_type(self.key) == "light" and len(self.device.keys("light")) > 1:
            own["SetAll"] = self.set_all
        return own

    def set(self, params: JSONObject) -> JSON:
        """Change state, brightness or look; what is not given stays."""
        at_least_one(params, "on", "offset", *self.offsets(), *self.looks)
        goal = self._goal(params)
        on = flag(params, "on")
        lasts_s = number(params, "transition_duration", 0, _LONGEST_TRANSITION_S)
        self._show(on=self.is_on if on is None else on, goal=goal, lasts_s=lasts_s, timer_s=timer_of(params))
        return None

    def set_all(self, params: JSONObject) -> JSON:
        """Change all lights of the device alike."""
        numbers = [self.device.status(key).get("id", 0) for key in self.device.keys("light")]
        for each in numbers:
            self.device.call("Light.Set", {**params, "id": each}, source=self.device.source)
        return None

    def toggle(self, _params: JSONObject) -> JSON:
        """Switch to the other state, not darker than ``min_brightness_on_toggle``."""
        was_on = self.is_on
        least = self.config.get("min_brightness_on_toggle", 0)
        brighter = not was_on and self.status.get("brightness", 100) < least
        self._show(on=not was_on, goal={"brightness": least} if brighter else {}, lasts_s=0)
        return {"was_on": was_on}

    def dim_up(self, params: JSONObject) -> JSON:
        """Get brighter until stopped."""
        self._dim(params, +1)
        return None

    def dim_down(self, params: JSONObject) -> JSON:
        """Get darker until stopped."""
        self._dim(params, -1)
        return None

    def dim_stop(self, _params: JSONObject) -> JSON:
        """Stay at this brightness."""
        self._stop_dimming()
        return None

    def calibrate(self, _params: JSONObject) -> JSON:
        """Learn the load; takes ten seconds, and fails without one."""
        if self._calibrating is not None:
            raise DeviceFault(-109, "Calibration is in progress")
        self._stop_moving()
        self._calibrate_on(0)
        return None

    def offsets(self) -> Mapping[str, str]:
        """Parameters that change a look relatively, and which."""
        return {f"offset_{look}": look for look in ("brightness", "white") if look in self.looks}

    def share(self) -> float:
        """Brightness decides how much the light draws, and how much colour it mixes."""
        status = self.status
        if not status.get("output"):
            return 0.0
        share = float(status.get("brightness", 100)) / 100
        rgb = status.get("rgb")
        if rgb is None or status.get("mode") == "cct":
            return share
        colours = float(sum(rgb)) / 765 + float(status.get("white", 0)) / 255
        return max(0.02, share * min(1.0, colours))

    def boot(self) -> None:
        """A light starts with its look; what was going on is over."""
        self.report(transition=None, calibration=None)
        super().boot()

    def minute(self) -> None:
        """Count energy; night begins or ends."""
        super().minute()
        self._mind_night(begin="night_mode_start_period")

    def press(self, gesture: str) -> bool:
        """As any output; ``load 0`` takes the lamp out, which the light notices."""
        taken = super().press(gesture)
        if taken and gesture.startswith("load"):
            others = [one for one in self.status.get("flags", ()) if one != "no_load"]
            flags = [*others, "no_load"] if self.meter.nominal_w == 0 else others
            self.report(flags=flags or None)
        return taken

    def noticed(self, key: str, event: str) -> None:
        """In a dimming mode a long push dims, two pushes call the preset, one toggles."""
        mode = self.config.get("in_mode")
        if mode not in ("dim", "dual_dim") or self.config.get("in_locked"):
            super().noticed(key, event)
            return
        direction = self._direction(key, str(mode))
        if direction is None:
            return
        if event == "long_push":
            self._ask("DimUp" if direction > 0 else "DimDown", source=str(mode))
        elif event == "btn_up":
            self._stop_dimming(source="dimstop")
        elif event == "double_push":
            preset = (self.config.get("button_presets") or {}).get("button_doublepush")
            if isinstance(preset, dict):
                self._ask("Set", source="double", on=True, **preset)
        elif event == "single_push" and mode == "dim":
            self._ask("Toggle", source="button")
        elif event == "single_push":
            self._ask("Set", source="button", on=direction > 0)

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A change of the night holds at once."""
        restart = super().configured(changes)
        if "night_mode" in changes:
            self.device.after(0, lambda: self._mind_night(begin="night_mode_started_period"))
        return restart

    # ---- looks ------------------------------------------------------------------------------------------

    def _goal(self, params: JSONObject) -> JSONObject:
        """The look that a call asks for: what it gives, and nothing else."""
        goal: JSONObject = {}
        if (brightness := number(params, "brightness", 0, 100)) is not None:
            goal["brightness"] = brightness
        for name, look in {"offset": "brightness", **self.offsets()}.items():
            offset, most = number(params, name, -100, 100), 255 if look == "white" else 100
            if offset is not None:
                goal[look] = max(0, min(most, self.status.get(look, 0) + offset))
        for look, read in _READ.items():
            if look in self.looks and (value := read(self, params)) is not None:
                goal[look] = value
        return goal

    def ct_range(self) -> tuple[float, float]:
        """The warmest and the coldest white, in K."""
        low, high = self.config.get("ct_range") or (_WARMEST_K, _COLDEST_K)
        return low, high

    def _show(self, *, on: bool, goal: JSONObject, lasts_s: float | None, timer_s: float | None = None) -> None:
        """Switch, and go to a look in a time; None for the time that the settings say."""
        self._abort_calibration()
        goal = {**(self._transition.goal if self._transition is not None else {}), **goal}
        if "brightness" in goal:
            goal["brightness"] = min(goal["brightness"], self._brightest())
        goal = {look: value for look, value in goal.items() if value != self.status.get(look)}
        stopped = self._stop_moving()
        if lasts_s is None:
            lasts_s = self._usual_s(goal)
        if not on or not goal or not lasts_s:
            self.switch(on=on, timer_s=timer_s, **stopped, **goal)
            return
        start = {look: self.status.get(look) for look in goal}
        self._transition = way = Transition(start=start, goal=goal, lasts_s=lasts_s)
        target = {look: goal.get(look, self.status[look]) for look in self.looks if look in (*goal, *self.status)}
        shown = way.shown(output=on, target=target, started_at=round(self.device.now(), 2))
        self.switch(on=on, timer_s=timer_s, transition=shown)
        self._go_on()

    def _usual_s(self, goal: Mapping[str, JSON]) -> float:
        """How long a change takes by the settings, which say what the whole brightness takes."""
        whole_s = float(self.config.get("transition_duration") or 0)
        if not whole_s or set(goal) != {"brightness"}:
            return whole_s
        share = float(abs(goal["brightness"] - self.status.get("brightness", 0))) / 100
        return max(_SHORTEST_TRANSITION_S, round(whole_s * share, 2))

    def _go_on(self) -> None:
        if self._transition is not None:
            step_s = self._transition.next_step_s()
            self._transition_timer = self.device.after(step_s, lambda: self._step(step_s))

    def _step(self, seconds: float) -> None:
        way = self._transition
        if way is None:
            return
        there = way.step(seconds)
        look = way.goal if there else way.look()
        if there:
            self._transition = self._transition_timer = None
            self.report(source="transition", transition=None, **look)
        else:
            self.report(**look)
            self._go_on()
        self._redraw()

    def _redraw(self) -> None:
        patch = self.meter.drawing(self.share())
        if patch:
            self.report(**patch)
            self._guard()

    def _stop_moving(self) -> JSONObject:
        """A patch that tells the end of a transition; dimming stops too."""
        if self._transition_timer is not None:
            self._transition_timer.cancel()
        self._transition = self._transition_timer = None
        if self._dimming is not None:
            self._dimming.cancel()
            self._dimming = None
        return {"transition": None} if "transition" in self.status else {}

    def _trip(self, error: str) -> None:
        super()._trip(error)
        if (ended := self._stop_moving()) and not self.is_on:
            self.report(**ended)

    # ---- dimming ----------------------------------------------------------------------------------------

    def _direction(self, key: str, mode: str) -> int | None:
        """Where an input dims to; None if it is no input of this light."""
        if mode == "dual_dim":
            return {f"input:{2 * self.index}": 1, f"input:{2 * self.index + 1}": -1}.get(key)
        if key != f"input:{self.index}":
            return None
        return 1 if self.status.get("brightness", 0) < self._brightest() else -1

    def _dim(self, params: JSONObject, direction: int) -> None:
        rate = int(number(params, "fade_rate", 1, 5) or self.config.get("button_fade_rate", _DEFAULT_FADE_RATE))
        self._show(on=True, goal={}, lasts_s=0)
        self._dim_step(rate * direction * 2)

    def _dim_step(self, step: int) -> None:
        before = self.status.get("brightness", 0)
        after = max(1, min(self._brightest(), before + step))
        self._dimming = None
        if after != before:
            self.report(brightness=after)
            self._redraw()
            self._dimming = self.device.after(_DIM_STEP_S, lambda: self._dim_step(step))

    def _stop_dimming(self, *, source: str = "") -> None:
        if self._dimming is not None:
            self._dimming.cancel()
            self._dimming = None
            if source:
                self.report(source=source)

    # ---- night ------------------------------------------------------------------------------------------

    def _brightest(self) -> int:
        """The brightness that is allowed now."""
        limit = self._night().get("brightness") if self._is_night else None
        return int(limit) if isinstance(limit, int | float) else 100

    def _night(self) -> JSONObject:
        night = self.config.get("night_mode")
        return night if isinstance(night, dict) else {}

    def _mind_night(self, *, begin: str) -> None:
        """Notice when the night begins, and take its look; at its end the look stays and is free again."""
        night = self._night()
        was_night, period = self._is_night, read_period(night.get("active_between"))
        self._is_night = bool(
            night.get("enable") is True
            and period is not None
            and clock_is_set(self.device)
            and is_within(local_hour(self.device), period)
        )
        if period is not None and self._is_night and not was_night:
            look = {name: night[name] for name in self.looks if name != "brightness" and night.get(name) is not None}
            darker = min(self.status.get("brightness", 100), self._brightest())
            source = "night_mode_start_full_period" if period[0] == period[1] else begin
            self.report(source=source, **self._stop_moving(), **look, brightness=darker)
            self._redraw()
        elif was_night and not self._is_night:
            self.report(source="night_mode_end_period")

    # ---- calibration ------------------------------------------------------------------------------------

    def _calibrate_on(self, step: int) -> None:
        if step < _CALIBRATION_STEPS:
            self.report(calibration={"progress": 100 * step // _CALIBRATION_STEPS})
            wait_s = _CALIBRATION_S / _CALIBRATION_STEPS
            self._calibrating = self.device.after(wait_s, lambda: self._calibrate_on(step + 1))
        else:
            self._end_calibration("cal_abort:no_load" if self.meter.nominal_w == 0 else None)

    def _abort_calibration(self) -> None:
        if self._calibrating is not None:
            self._calibrating.cancel()
            self._end_calibration("cal_abort:interrupted")

    def _end_calibration(self, error: str | None) -> None:
        self._calibrating = None
        others = [one for one in self.status.get("flags", ()) if one != "uncalibrated"]
        flags = [*others, "uncalibrated"] if error else others
        kept = [one for one in self.status.get("errors", ()) if not str(one).startswith("cal_abort")]
        errors = [*kept, error] if error else kept
        self.report(calibration=None, flags=flags or None, errors=errors or None)


class Rgb(Light):
    """``rgb:N``: a colour and its brightness."""

    __slots__ = ()

    looks: ClassVar[tuple[str, ...]] = ("rgb", "brightness")


class Rgbw(Rgb):
    """``rgbw:N``: a colour and a white channel."""

    __slots__ = ()

    looks: ClassVar[tuple[str, ...]] = ("rgb", "brightness", "white")


class Cct(Light):
    """``cct:N``: white between two colour temperatures."""

    __slots__ = ()

    looks: ClassVar[tuple[str, ...]] = ("brightness", "ct")


class Rgbcct(Light):
    """``rgbcct:N``: a colour, or white between two colour temperatures."""

    __slots__ = ()

    looks: ClassVar[tuple[str, ...]] = ("mode", "rgb", "brightness", "ct")

    def _goal(self, params: JSONObject) -> JSONObject:
        """A colour sets the mode that shows it, as a colour temperature does; not documented, clients rely on it."""
        goal = super()._goal(params)
        if "mode" not in goal and ("rgb" in goal) != ("ct" in goal):
            goal["mode"] = "rgb" if "rgb" in goal else "cct"
        return goal


_READ: Mapping[str, Callable[[Light, JSONObject], JSON]] = {
    "rgb": lambda _light, params: colour(params),
    "white": lambda _light, params: number(params, "white", 0, 255),
    "ct": lambda light, params: number(params, "ct", *light.ct_range()),
    "mode": lambda _light, params: choice(params, "mode", ("rgb", "cct")),
}
"""How each look beside the brightness is read from a call."""
