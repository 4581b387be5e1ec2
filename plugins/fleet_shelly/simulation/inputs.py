"""Inputs: buttons with their gestures, switches with two positions."""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import choice, required
from plugin_sdk.simulation import Behaviour, Handler

GESTURES = ("single_push", "double_push", "triple_push", "long_push")
_PUSHES: Mapping[str, int] = {"single_push": 1, "double_push": 2, "triple_push": 3, "long_push": 1}
_PUSH_S = 0.1
_USED = 0.02
"""How often an input is used when it might change: people press rarely, loads drift all the time."""


class Input(Behaviour):
    """``input:N``. A button shows no state; a switch shows whether it is closed."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Trigger a button from afar."""
        return {"Trigger": self.trigger} if self._is_button() else {}

    def trigger(self, params: JSONObject) -> JSON:
        """Emit a gesture as if somebody pressed."""
        required(params, "event_type")
        self._gesture(choice(params, "event_type", GESTURES) or "")
        return None

    def press(self, gesture: str) -> bool:
        """A gesture, or ``on``, ``off`` and ``toggle`` for a switch."""
        if self._is_button() and gesture in (*GESTURES, "btn_down", "btn_up"):
            if gesture in GESTURES:
                self._push(gesture, _PUSHES[gesture])
            else:
                self.device.emit(self.key, gesture)
            return True
        if self._is_button() or gesture not in ("on", "off", "toggle"):
            return False
        closed = not self.status.get("state") if gesture == "toggle" else gesture == "on"
        self.report(state=closed)
        self.device.signal(self.key, "on" if closed else "off")
        return True

    def vary(self) -> bool:
        """Somebody uses it, now and then."""
        if self.device.random.random() > _USED:
            return False
        return self.press("single_push" if self._is_button() else "toggle")

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A new type changes what the state can be."""
        if "type" in changes:
            self.report(state=None if self._is_button() else False)
        return False

    def _is_button(self) -> bool:
        return self.config.get("type") == "button"

    def _push(self, gesture: str, times: int) -> None:
        """Down and up as often as the gesture needs, then the gesture."""
        for push in range(times):
            self.device.after(2 * push * _PUSH_S, lambda: self.device.emit(self.key, "btn_down"))
            self.device.after((2 * push + 1) * _PUSH_S, lambda: self.device.emit(self.key, "btn_up"))
        self.device.after(2 * times * _PUSH_S, lambda: self._gesture(gesture))

    def _gesture(self, gesture: str) -> None:
        self.device.emit(self.key, gesture)
        self.device.signal(self.key, gesture)
