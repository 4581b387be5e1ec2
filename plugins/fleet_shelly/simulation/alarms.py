"""Smoke and flood alarms."""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject
from plugin_sdk.simulation import Behaviour, Handler


class Flood(Behaviour):
    """``flood:N``."""

    __slots__ = ()

    def press(self, gesture: str) -> bool:
        """``alarm`` and ``alarm_off`` as if there were water or smoke, ``mute`` for the button."""
        if gesture in ("alarm", "alarm_off"):
            self.report(alarm=gesture == "alarm", mute=False)
        elif gesture == "mute":
            self.report(mute=True)
        return gesture in ("alarm", "alarm_off", "mute")


class Smoke(Flood):
    """``smoke:N``: can be muted from afar."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Mute."""
        return {"Mute": self.mute}

    def mute(self, _params: JSONObject) -> JSON:
        """Be quiet while the alarm lasts."""
        self.report(mute=True)
        return None
