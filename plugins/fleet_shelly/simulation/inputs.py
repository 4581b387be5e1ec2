"""Inputs: buttons with their gestures, switches with two positions, analogue values, counters of pulses.

Source: Shelly Gen2+ API, "Input"; a Plus 2PM was heard to say ``btn_up`` 0.13 s and ``single_push`` half a second after
``btn_down`` (bieniu/ha-shellies-discovery-gen2, issue 250). That ``long_push`` comes while the button is still down is
not documented; a light in ``dim`` mode could not follow it otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.expressions import LONGEST, check_expression, transformed
from fleet_shelly.simulation.gestures import GESTURES, amount
from fleet_shelly.simulation.rate_limit import WINDOW_S, RateLimit
from fleet_shelly.simulation.traits import between
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import choice, required, texts
from plugin_sdk.simulation import Behaviour, Handler, SimulatedDevice, Timer, clock_is_set

_PRESSES: Mapping[str, int] = {"single_push": 1, "double_push": 2, "triple_push": 3}
_BY_PRESSES = ("single_push", "double_push", "triple_push")
_TYPES = ("switch", "button", "analog", "count")
_EDGES = ("btn_down", "btn_up")

_PRESS_S, _PAUSE_S = 0.13, 0.12
_AGAIN_S = 0.37
"""A button waits so long for another push before it says how many there were."""

_HELD_S = 0.8
_LONG_PUSH_S = 1.5
_USED = 0.02
"""How often an input is used when it might change: people press rarely, loads drift all the time."""

_MINUTES_SHOWN = 3
_VALUES = ("state", "percent", "xpercent", "counts", "freq", "xfreq")


class Input(Behaviour):
    """``input:N``. A button shows no state; a switch shows whether it is closed."""

    __slots__ = ("_limit", "_pending", "_pressed", "_pulses")

    shared_methods: ClassVar[Sequence[str]] = ("CheckExpression",)

    rules: ClassVar[Mapping[str, checks.Rule]] = {
        "name": checks.text(64),
        "type": checks.one_of(*_TYPES),
        "report_thr": checks.number(0, 100),
        "range_map": checks.span(0, 100),
        "range": checks.number(0, 1),
        "count_rep_thr": checks.number(1, 2_147_483_647),
        "freq_window": checks.number(1, 3600),
        "freq_rep_thr": checks.number(0, 10_000),
        **{f"{name}.expr": checks.text(LONGEST) for name in ("xpercent", "xcounts", "xfreq")},
        **{f"{name}.unit": checks.text(20) for name in ("xpercent", "xcounts", "xfreq")},
    }

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._limit: RateLimit | None = None
        self._pending: Timer | None = None
        self._pressed = 0
        self._pulses = 0

    def methods(self) -> Mapping[str, Handler]:
        """Trigger a button from afar; try a formula; set a counter back."""
        own: dict[str, Handler] = {"CheckExpression": check_expression}
        if self._type() == "button":
            own["Trigger"] = self.trigger
        if self._type() == "count":
            own["ResetCounters"] = self.reset_counters
        return own

    def trigger(self, params: JSONObject) -> JSON:
        """Emit an event as if somebody pressed."""
        required(params, "event_type")
        self._event(choice(params, "event_type", (*GESTURES, *_EDGES)) or "")
        return None

    def reset_counters(self, params: JSONObject) -> JSON:
        """Count from zero again: ``{counts: {total}}`` with what it showed."""
        if "counts" not in (texts(params, "type") or ["counts"]):
            return {}
        total = self.status.get("counts", {}).get("total", 0)
        self._pulses = 0
        self.report(counts=self._counts(0, [0] * _MINUTES_SHOWN))
        return {"counts": {"total": total}}

    def press(self, gesture: str) -> bool:
        """A gesture or an edge for a button; ``on``, ``off`` and ``toggle`` for a switch.

        ``percent 40`` for an analogue input, ``count 10`` for so many pulses. An input that is not enabled takes them
        and says nothing.
        """
        read = self._readers().get(self._type())
        taken = None if read is None else read(gesture)
        if taken is None:
            return False
        if self.config.get("enable") is not False:
            taken()
        return True

    def minute(self) -> None:
        """Pulses come at their pace; an analogue value drifts."""
        if self.config.get("enable") is False:
            return
        if self._type() == "count":
            self._count_minute()
        elif self._type() == "analog":
            self._drift()

    def vary(self) -> bool:
        """Somebody uses it, now and then."""
        if self.device.random.random() > _USED:
            return False
        return self.press("single_push" if self._type() == "button" else "toggle")

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A new type changes what the state can be; one that is not enabled shows none."""
        checks.obey(changes, self.rules)
        if "type" in changes or "enable" in changes:
            fresh = self._fresh() if self.config.get("enable") is not False else {}
            gone = dict.fromkeys(name for name in _VALUES if name in self.status)
            self.report(**{"state": None, **gone, **fresh})
        return False

    # ---- by type ----------------------------------------------------------------------------------------

    def _type(self) -> str:
        return str(self.config.get("type"))

    def _readers(self) -> Mapping[str, Callable[[str], Callable[[], None] | None]]:
        """For each type, what turns a gesture into what happens."""
        return {"button": self._button, "switch": self._switch, "analog": self._analog, "count": self._count}

    def _fresh(self) -> JSONObject:
        """What the status shows of an input that has just become one of its type."""
        kind = self._type()
        if kind == "analog":
            return {"percent": 0}
        if kind == "count":
            return {"counts": self._counts(0, [0] * _MINUTES_SHOWN), "freq": 0}
        return {} if kind == "button" else {"state": False}

    def _button(self, gesture: str) -> Callable[[], None] | None:
        if gesture in _EDGES:
            return self._down if gesture == "btn_down" else self._up
        if gesture in _PRESSES:
            return lambda: self._push(_PRESSES[gesture])
        return self._push_long if gesture == "long_push" else None

    def _switch(self, gesture: str) -> Callable[[], None] | None:
        if gesture == "toggle":
            return lambda: self._close(not self.status.get("state"))
        if gesture in ("on", "off"):
            return lambda: self._close((gesture == "on") is not bool(self.config.get("invert")))
        return None

    def _analog(self, gesture: str) -> Callable[[], None] | None:
        percent = amount(gesture, "percent")
        return None if percent is None or not 0 <= percent <= 100 else lambda: self._show_percent(percent)

    def _count(self, gesture: str) -> Callable[[], None] | None:
        pulses = amount(gesture, "count")
        return None if pulses is None or not 0 <= pulses < 1e6 else lambda: self._pulse(int(pulses))

    # ---- switches ---------------------------------------------------------------------------------------

    def _close(self, closed: bool) -> None:
        if self._limited().allows_status():
            self.report(state=closed)
        else:
            # What the limit holds back is the notification; the state itself is what it is.
            self.device.drift(self.key, {"state": closed})
        self.device.signal(self.key, "on" if closed else "off")

    # ---- buttons ----------------------------------------------------------------------------------------

    def _push(self, times: int) -> None:
        for push in range(times):
            self.device.after(push * (_PRESS_S + _PAUSE_S), self._down)
            self.device.after(push * (_PRESS_S + _PAUSE_S) + _PRESS_S, self._up)

    def _push_long(self) -> None:
        self.device.after(0, self._down)
        self.device.after(_LONG_PUSH_S, self._up)

    def _down(self) -> None:
        self._event("btn_down")
        self._pressed += 1
        self._await(_HELD_S, self._held)

    def _up(self) -> None:
        self._event("btn_up")
        if self._pressed > 0:
            self._await(_AGAIN_S, self._released)

    def _held(self) -> None:
        """It has been held: a long push, whatever came before it."""
        self._pending = None
        self._pressed = 0
        self._event("long_push")

    def _released(self) -> None:
        """No further push came."""
        self._pending = None
        pushes, self._pressed = self._pressed, 0
        self._event(_BY_PRESSES[min(pushes, len(_BY_PRESSES)) - 1])

    def _await(self, seconds: float, then: Callable[[], None]) -> None:
        if self._pending is not None:
            self._pending.cancel()
        self._pending = self.device.after(seconds, then)

    def _event(self, event: str) -> None:
        if self._limited().allows_event():
            self.device.emit(self.key, event)
        self.device.signal(self.key, event)

    # ---- values -----------------------------------------------------------------------------------------

    def _show_percent(self, percent: float) -> None:
        if self.config.get("invert"):
            percent = 100 - percent
        low, high = self.config.get("range_map") or (0, 100)
        shown = round(low + (high - low) * percent / 100, 1)
        patch: JSONObject = {"percent": shown}
        is_shown, value = transformed(self.config.get("xpercent"), shown)
        if is_shown:
            patch["xpercent"] = value
        if self._limited().allows_status():
            self.report(**patch)
        else:
            self.device.drift(self.key, patch)

    def _drift(self) -> None:
        before = self.status.get("percent")
        if isinstance(before, int | float):
            after = max(0.0, min(100.0, before + self.device.random.uniform(-2, 2)))
            if abs(after - before) >= float(self.config.get("report_thr") or 1):
                self.report(percent=round(after, 1))

    def _pulse(self, pulses: int) -> None:
        """Count pulses; told when they are as many as the settings want."""
        before = int(self.status.get("counts", {}).get("total", 0))
        self._pulses += pulses
        every = int(self.config.get("count_rep_thr") or 1)
        if (before + pulses) // every != before // every and self._limited().allows_status():
            self.report(counts=self._counts(before + pulses, None))
        else:
            self.device.drift(self.key, {"counts": {"total": before + pulses}})

    def _count_minute(self) -> None:
        pace = between(2, 40, self.device.id, self.key, "pulses")
        self._pulse(max(0, round(self.device.random.gauss(pace, pace / 8))))
        counts = self.status.get("counts", {})
        recent = [self._pulses, *counts.get("by_minute", ())][:_MINUTES_SHOWN]
        pulses, self._pulses = self._pulses, 0
        hertz = round(pulses / 60, 2)
        patch: JSONObject = {"counts": self._counts(int(counts.get("total", 0)), recent), "freq": hertz}
        is_shown, value = transformed(self.config.get("xfreq"), hertz)
        if is_shown:
            patch["xfreq"] = value
        self.report(**patch)

    def _counts(self, total: int, recent: list[int] | None) -> JSONObject:
        """The status's ``counts``, transformed where the settings want that."""
        transform = self.config.get("xcounts")
        patch: JSONObject = {"total": total}
        if (shown := transformed(transform, total))[0]:
            patch["xtotal"] = shown[1]
        if recent is not None and clock_is_set(self.device):
            patch["by_minute"] = recent
            patch["minute_ts"] = int(self.device.now()) // 60 * 60
            if shown[0]:
                patch["xby_minute"] = [transformed(transform, one)[1] for one in recent]
        return patch

    # ---- limit ------------------------------------------------------------------------------------------

    def _limited(self) -> RateLimit:
        """The count of this minute's notifications; at its end the input says what was missed."""
        if self._limit is None:
            self._limit = RateLimit()
            self.device.after(WINDOW_S, self._end_window)
        return self._limit

    def _end_window(self) -> None:
        limit, self._limit = self._limit, None
        if limit is None or not limit.exceeded:
            return
        missed: JSONObject = {"missed_status": limit.missed_status, "missed_events": limit.missed_events}
        self.device.emit(self.key, "rate_limit_exceeded", **missed)
        if limit.missed_status:
            self.report(**{name: self.status[name] for name in ("state", "percent", "counts") if name in self.status})
