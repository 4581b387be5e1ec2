"""The device itself: its system settings, its network, and what else is set up rather than used."""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import flag, invalid, required, whole
from plugin_sdk.simulation import Behaviour, Handler

_READ_ONLY = ("mac", "fw_id", "profile")


class Sys(Behaviour):
    """``sys``."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Set the clock, which the simulator does by itself."""
        return {"SetTime": lambda _params: None}

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """An add-on or remote control over UDP needs a restart; identity cannot be set."""
        device = changes.get("device", {})
        if any(name in device for name in _READ_ONLY):
            raise invalid("device")
        return "addon_type" in device or "rpc_udp" in changes


class Restarting(Behaviour):
    """A part whose settings take effect at the next start: ``ws``, ``mqtt``, ``ble``, ``matter``."""

    __slots__ = ()

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Any change needs a restart."""
        return bool(changes)


class Wifi(Restarting):
    """``wifi``."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Look around."""
        return {"Scan": self.scan, "ListAPClients": lambda _params: {"ts": int(self.device.now()), "ap_clients": []}}

    def scan(self, _params: JSONObject) -> JSON:
        """The network it is in."""
        here = self.status
        seen = {"ssid": here.get("ssid"), "bssid": here.get("bssid"), "auth": 3, "channel": 6, "rssi": here.get("rssi")}
        return {"results": [seen]}


class Breaker(Behaviour):
    """``cb:N``: a circuit breaker."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Open or close the circuit."""
        return {"Set": self.set}

    def set(self, params: JSONObject) -> JSON:
        """Change the state and count the cycle."""
        required(params, "output")
        cycles = int(self.status.get("total_cycles", 0)) + 1
        self.report(output=flag(params, "output"), source=self.device.source, total_cycles=cycles)
        return None


class Media(Behaviour):
    """``media``: the Wall Display's loudspeaker."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Volume and what can be played."""
        return {"SetVolume": self.set_volume, "List": lambda _params: {"media": []}}

    def set_volume(self, params: JSONObject) -> JSON:
        """From 0 to 10."""
        required(params, "volume")
        self.report(playback={"volume": whole(params, "volume", 0, 10)})
        return None


class Display(Behaviour):
    """``ui``: a screen that can be switched on."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """The screen."""
        return {"Screen.Set": lambda _params: None}
