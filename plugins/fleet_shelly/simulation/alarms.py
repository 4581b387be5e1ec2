"""Smoke and flood alarms.

Source: Shelly Gen2+ API, "Smoke", "Flood". Events besides the status are not documented; ``alarm_test`` is known as the
name of a webhook and as a cause of waking up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from fleet_shelly.simulation import checks
from plugin_sdk import JSON, JSONObject
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler


class Alarm(Behaviour):
    """What alarms share: they sound, and can be muted while they do."""

    __slots__ = ()

    rules: ClassVar[Mapping[str, checks.Rule]] = {"name": checks.text(64)}

    def press(self, gesture: str) -> bool:
        """``alarm`` and ``alarm_off`` as if there were water or smoke, ``mute`` for the button."""
        if gesture in ("alarm", "alarm_off"):
            self.report(alarm=gesture == "alarm", mute=False)
        elif gesture == "mute":
            self._mute()
        return gesture in ("alarm", "alarm_off", "mute")

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Nothing to do but to check."""
        checks.obey(changes, self.rules)
        return False

    def _mute(self) -> None:
        """Be quiet while the alarm lasts; without one there is nothing to mute."""
        if self.status.get("alarm"):
            self.report(mute=True)


class Flood(Alarm):
    """``flood:N``: water at the sensor, or a sensor cable that is not plugged in."""

    __slots__ = ()

    rules: ClassVar[Mapping[str, checks.Rule]] = {
        **Alarm.rules,
        "alarm_mode": checks.one_of("disabled", "normal", "intense", "rain", None),
        "report_holdoff": checks.number(0, 86_400),
    }

    def press(self, gesture: str) -> bool:
        """As any alarm; ``cable_unplugged`` and ``cable_plugged``.

        That an alarm in mode ``disabled`` still shows is not documented: the mode is how it sounds. What
        ``report_holdoff`` holds off is not documented either, and not simulated.
        """
        if gesture in ("cable_unplugged", "cable_plugged"):
            self.report(errors=["cable_unplugged"] if gesture == "cable_unplugged" else None)
            return True
        return super().press(gesture)


class Smoke(Alarm):
    """``smoke:N``: can be muted from afar."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Mute."""
        return {"Mute": self.mute}

    def mute(self, _params: JSONObject) -> JSON:
        """Be quiet while the alarm lasts."""
        if not self.status.get("alarm"):
            raise DeviceFault(-109, "No alarm to mute")
        self._mute()
        return None

    def press(self, gesture: str) -> bool:
        """As any alarm; ``test`` for the self-test, which is no alarm."""
        if gesture == "test":
            self.device.emit(self.key, "alarm_test")
            return True
        return super().press(gesture)
