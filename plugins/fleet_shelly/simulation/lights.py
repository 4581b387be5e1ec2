"""Lights: plain dimmers and strips in colours or shades of white.

Each takes the parameters of its kind in ``Set``, dims up and down, and passes through a transition to its target.

Source: Shelly Gen2+ API, "Light", "RGB", "RGBW", "CCT".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from fleet_shelly.simulation.outputs import Output, at_least_one, timer_of
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import colour, flag, invalid, number
from plugin_sdk.simulation import Handler, SimulatedDevice, Timer

_DIM_STEP_S = 0.2
_DEFAULT_FADE_RATE = 3


class Light(Output):
    """``light:N``, and what all lights share."""

    __slots__ = ("_dimming", "_transition")

    looks: ClassVar[tuple[str, ...]] = ()
    """What the light shows beside its brightness."""

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._dimming: Timer | None = None
        self._transition: Timer | None = None

    def methods(self) -> Mapping[str, Handler]:
        """Set, toggle, dim; calibrate where the light says it needs that."""
        own = {**super().methods(), "DimUp": self.dim_up, "DimDown": self.dim_down, "DimStop": self.dim_stop}
        if "undervoltage_limit" in self.config:
            own["Calibrate"] = self.calibrate
        return own

    def set(self, params: JSONObject) -> JSON:
        """Change state, brightness or look; what is not given stays."""
        at_least_one(params, "on", "brightness", "offset", *self.looks)
        wanted = self._wanted_look(params)
        on = flag(params, "on")
        self._stop_dimming()
        self.switch(
            on=bool(self.status.get("output")) if on is None else on,
            timer_s=timer_of(params),
            **wanted,
            **self._begin_transition(params, wanted),
        )
        return None

    def toggle(self, _params: JSONObject) -> JSON:
        """Switch to the other state, not darker than ``min_brightness_on_toggle``."""
        on = not self.status.get("output")
        self._stop_dimming()
        least = self.config.get("min_brightness_on_toggle", 0)
        brighter = {"brightness": least} if on and self.status.get("brightness", 100) < least else {}
        return {"was_on": self.switch(on=on, **brighter)}

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
        """Learn the load; takes ten seconds."""
        self.report(calibration={"progress": 0})
        self.device.after(5, lambda: self.report(calibration={"progress": 50}))
        self.device.after(10, lambda: self.report(calibration=None, flags=None))
        return None

    def share(self) -> float:
        """Brightness decides how much the light draws."""
        return float(self.status.get("brightness", 100)) / 100 if self.status.get("output") else 0.0

    def noticed(self, key: str, event: str) -> None:
        """A long push dims, two pushes call the preset, one toggles."""
        mine = key == f"input:{self.index}" and self.config.get("in_mode") == "dim"
        if mine and event == "long_push":
            self._dim({}, +1 if self.status.get("brightness", 0) < 100 else -1)
        elif mine and event == "double_push":
            preset = self.config.get("button_presets", {}).get("button_doublepush")
            if preset:
                self.switch(on=True, **preset)
        else:
            super().noticed(key, event)

    def _wanted_look(self, params: JSONObject) -> JSONObject:
        wanted: JSONObject = {}
        brightness = number(params, "brightness", 0, 100)
        offset = number(params, "offset", -100, 100)
        if offset is not None:
            brightness = max(0, min(100, self.status.get("brightness", 0) + offset))
        if brightness is not None:
            wanted["brightness"] = brightness
        return wanted

    def _begin_transition(self, params: JSONObject, wanted: JSONObject) -> JSONObject:
        """Show the way to a new brightness while it lasts."""
        given = number(params, "transition_duration", 0, 10_800)
        duration = self.config.get("transition_duration", 0) if given is None else given
        if self._transition is not None:
            self._transition.cancel()
            self._transition = None
        if not duration or "brightness" not in wanted:
            return {"transition": None} if "transition" in self.status else {}
        self._transition = self.device.after(duration, self._end_transition)
        on = params.get("on", self.status.get("output"))
        target = {"output": on, "brightness": wanted["brightness"]}
        return {"transition": {"target": target, "started_at": round(self.device.now(), 2), "duration": duration}}

    def _end_transition(self) -> None:
        self._transition = None
        self.report(transition=None)

    def _dim(self, params: JSONObject, direction: int) -> None:
        rate = int(number(params, "fade_rate", 1, 5) or self.config.get("button_fade_rate", _DEFAULT_FADE_RATE))
        self._stop_dimming()
        self.device.call(f"{self.key.partition(':')[0]}.Set", {"id": self.index, "on": True}, source=self.device.source)
        self._dim_step(rate * direction * 2)

    def _dim_step(self, step: int) -> None:
        before = self.status.get("brightness", 0)
        after = max(1, min(100, before + step))
        if after != before:
            self.report(brightness=after, **self.meter.drawing(after / 100))
            self._dimming = self.device.after(_DIM_STEP_S, lambda: self._dim_step(step))

    def _stop_dimming(self) -> None:
        if self._dimming is not None:
            self._dimming.cancel()
            self._dimming = None


class Rgb(Light):
    """``rgb:N``: a colour and its brightness."""

    __slots__ = ()

    looks: ClassVar[tuple[str, ...]] = ("rgb",)

    def _wanted_look(self, params: JSONObject) -> JSONObject:
        wanted, rgb = super()._wanted_look(params), colour(params)
        return wanted if rgb is None else {**wanted, "rgb": rgb}


class Rgbw(Rgb):
    """``rgbw:N``: a colour and a white channel."""

    __slots__ = ()

    looks: ClassVar[tuple[str, ...]] = ("rgb", "white")

    def _wanted_look(self, params: JSONObject) -> JSONObject:
        wanted, white = super()._wanted_look(params), number(params, "white", 0, 255)
        return wanted if white is None else {**wanted, "white": white}


class Cct(Light):
    """``cct:N``: white between two colour temperatures."""

    __slots__ = ()

    looks: ClassVar[tuple[str, ...]] = ("ct",)

    def _wanted_look(self, params: JSONObject) -> JSONObject:
        wanted = super()._wanted_look(params)
        low, high = self.config.get("ct_range") or (2700, 6500)
        ct = number(params, "ct", low, high)
        return wanted if ct is None else {**wanted, "ct": ct}

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """The range has two ends."""
        ends = changes.get("ct_range", [2700, 6500])
        if len(ends) != 2 or not all(isinstance(end, int) and not isinstance(end, bool) for end in ends):
            raise invalid("ct_range")
        return False
