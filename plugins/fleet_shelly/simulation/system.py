"""The device itself: its system settings, and the parts of it that are set up rather than used."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fleet_shelly.simulation import checks
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import flag, invalid, mapping, number, required
from plugin_sdk.simulation import Behaviour, Handler, SimulatedDevice

_READ_ONLY = ("mac", "fw_id", "profile")
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
_LATEST_S = 4_102_444_800
"""The end of 2099."""


def is_wall_display(device: SimulatedDevice) -> bool:
    """Whether a device is built on another platform than all others, which ``sys`` tells."""
    return "platform" in device.status("sys")


class Sys(Behaviour):
    """``sys``."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Set the clock; a Wall Display and a module with a service of its own have others."""
        if is_wall_display(self.device):
            return {
                "GetInternalTemperatures": self.get_internal_temperatures,
                "ListDebugComponents": self.list_debug_components,
                "RestartApplication": self.restart_application,
                "SetDebugConfig": self.set_debug_config,
            }
        debug: Mapping[str, Handler] = {"SetDebug": self.set_debug} if self.device.keys("service") else {}
        return {**debug, "SetTime": self.set_time}

    def set_time(self, params: JSONObject) -> JSON:
        """Take the time, which the simulator's devices get from a time server anyhow."""
        required(params, "unixtime")
        number(params, "unixtime", 0, _LATEST_S)
        return None

    def set_debug(self, params: JSONObject) -> JSON:
        """Change the debug settings; parameters are not documented, and taken to be those of ``Sys.SetConfig``."""
        self.device.set_config("sys", {"debug": params})
        return None

    def get_internal_temperatures(self, _params: JSONObject) -> JSON:
        """Of the board; the shape is not documented."""
        return {"temperatures": [{"name": "cpu", "tC": 46.5}, {"name": "board", "tC": 41.0}]}

    def list_debug_components(self, _params: JSONObject) -> JSON:
        """What writes a log: ``{components: [name]}``; the shape is not documented."""
        return {"components": list((self.config.get("debug") or {}).get("logs", {}))}

    def restart_application(self, _params: JSONObject) -> JSON:
        """Start the application anew, and not the system under it."""
        if "app_uptime" in self.status:
            self.report(app_uptime=0)
        return None

    def set_debug_config(self, params: JSONObject) -> JSON:
        """Choose what writes a log: ``{config: {logs: {"RPC": true}}}``."""
        required(params, "config")
        config = mapping(params, "config") or {}
        return {"restart_required": self.device.set_config("sys", {"debug": config})}

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """An add-on or remote control over UDP needs a restart; identity cannot be set."""
        device = changes.get("device", {})
        if any(name in device for name in _READ_ONLY):
            raise invalid("device")
        return "addon_type" in device or "rpc_udp" in changes

    def press(self, gesture: str) -> bool:
        """A server offers firmware: ``update_available 1.8.0``, ``update_available 2.0.0-beta1``.

        A version with a dash is one for testers and is offered as ``beta``.
        """
        what, _, version = gesture.partition(" ")
        if what != "update_available" or _VERSION.fullmatch(version) is None:
            return False
        self.report(available_updates={"beta" if "-" in version else "stable": {"version": version}})
        return True


class Restarting(Behaviour):
    """A part whose settings take effect at the next start: ``ws``, ``knx``, ``modbus``."""

    __slots__ = ()

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Any change needs a restart."""
        return bool(changes)


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

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Limits have bounds."""
        checks.obey(changes, {"name": checks.text(64), "reaction_delay": checks.number(0, 3_600)})
        return False


class Service(Behaviour):
    """``service:N``: the program that makes a module a product."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """What it is, and which virtual components are its own.

        Source: type definitions taulfsime/shelly-rpc-ts.
        """
        return {"GetResources": self.get_resources, "GetInfo": self.get_info}

    def get_info(self, _params: JSONObject) -> JSON:
        """``{type, ver, build_id, etag}``."""
        identity = self.device.call("Shelly.GetDeviceInfo")
        return {**identity.get(f"svc{self.index}", {}), "etag": self.status.get("etag", "")}

    def get_resources(self, _params: JSONObject) -> JSON:
        """``{etag, vc: {role: component key}}``."""
        kinds = ("boolean", "number", "text", "enum", "object", "button", "group")
        own = {
            self.device.config(key)["role"]: key
            for kind in kinds
            for key in self.device.keys(kind)
            if self.device.config(key).get("owner") == self.key and self.device.config(key).get("role")
        }
        return {"etag": self.status.get("etag", ""), "vc": own}
