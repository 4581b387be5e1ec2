"""How a device reaches the world: Wi-Fi, Ethernet, cloud, MQTT.

Source: Shelly Gen2+ API, "WiFi", "Eth", "Cloud", "Mqtt"; further shapes from the type definitions
taulfsime/shelly-rpc-ts. What ``sta_disconnected`` and ``sta_connect_fail`` carry beside their names is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from fleet_shelly.simulation.system import Restarting, is_wall_display
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import required, text, whole
from plugin_sdk.simulation import Behaviour, Deferred, DeviceFault, Handler, SimulatedDevice

_SCAN_S = (2.5, 5.0)
_REJOIN_S = 4.0
_WEAKEST, _STRONGEST = -92, -32
_WANDERS_DB, _ELSEWHERE_DB = 3, 10
"""How far a signal strays, and from which difference the device must be somewhere else."""

_NEIGHBOURS = (
    "FRITZ!Box 7590 QX",
    "Guest",
    "TP-Link_4F2A",
    "MOVISTAR_8C10",
    "Office",
    "DIRECT-3c-Printer",
    "Casa",
    None,
)
"""Networks of other people; None hides its name."""

_ASSOC_LEAVE, _NO_AP_FOUND = 8, 201
"""Reasons of the ESP32's Wi-Fi driver."""


class Wifi(Restarting):
    """``wifi``."""

    __slots__ = ("_usual",)

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._usual: int | None = None

    def methods(self) -> Mapping[str, Handler]:
        """Look around; a Wall Display also keeps networks and measures."""
        if is_wall_display(self.device):
            return {
                "SavedNetworks.List": self.list_saved_networks,
                "SavedNetworks.Delete": self.delete_saved_network,
                "SpeedTest": self.speed_test,
                "Scan": self.scan,
            }
        return {"Scan": self.scan, "ListAPClients": self.list_ap_clients}

    def scan(self, _params: JSONObject) -> JSON | Deferred:
        """Networks within reach, the strongest first: ``{results: [{ssid, bssid, auth, channel, rssi}]}``."""
        return Deferred.after(self.device, self.device.random.uniform(*_SCAN_S), self._seen)

    def list_ap_clients(self, _params: JSONObject) -> JSON:
        """Who is connected to the device's own access point: ``{ts, ap_clients}``."""
        count = self.status.get("ap_client_count") or 0
        air = self._air()
        clients = [
            {
                "mac": _mac(air),
                "ip": f"192.168.33.{number + 2}",
                "ip_static": False,
                "mport": 10_001 + number,
                "since": int(self.device.now()) - air.randrange(60, 86_400),
            }
            for number in range(count)
        ]
        return {"ts": int(self.device.now()), "ap_clients": clients}

    def list_saved_networks(self, _params: JSONObject) -> JSON:
        """The one it is in; the shape is not documented."""
        return {"networks": [{"ssid": self.config.get("sta", {}).get("ssid")}]}

    def delete_saved_network(self, params: JSONObject) -> JSON:
        """Forget one, but not the one it is in; the text is not documented."""
        required(params, "ssid")
        ssid = text(params, "ssid")
        if ssid == self.config.get("sta", {}).get("ssid"):
            raise DeviceFault(-109, "Network is in use")
        raise DeviceFault(-105, f"Argument 'ssid', value '{ssid}' not found!")

    def speed_test(self, _params: JSONObject) -> JSON | Deferred:
        """Measure for a while; the shape is not documented."""
        mbps = round(self.device.random.uniform(8, 45), 1)
        return Deferred.after(
            self.device, _SCAN_S[1], lambda: {"download_mbps": mbps, "upload_mbps": round(mbps / 3, 1)}
        )

    def boot(self) -> None:
        """Join the network of the settings, which may be others than before the restart."""
        station = next((self.config.get(name, {}) for name in ("sta", "sta1") if self._is_enabled(name)), None)
        joined: JSONObject = {"status": "got ip"}
        if station is not None and station.get("ssid"):
            joined["ssid"] = station["ssid"]
            if station.get("ipv4mode") == "static" and station.get("ip"):
                joined["sta_ip"] = station["ip"]
        point = self.config.get("ap") or {}
        if (point.get("range_extender") or {}).get("enable") is not None:
            extends = point.get("enable") is True and point["range_extender"]["enable"] is True
            if extends or "ap_client_count" in self.status:
                joined["ap_client_count"] = 1 if extends else 0
        _report_differences(self, joined)

    def minute(self) -> None:
        """The signal wanders, which is not told; a device that roams finds a stronger access point, which is."""
        rssi = self.status.get("rssi")
        if not isinstance(rssi, int):
            return
        roam = self.config.get("roam") or {}
        if roam.get("interval") and rssi < (roam.get("rssi_thr") or _WEAKEST):
            self._roam(rssi)
        else:
            rssi = self._wandered(rssi)
            self.device.drift(self.key, {"rssi": max(_WEAKEST, min(_STRONGEST, rssi))})

    def press(self, gesture: str) -> bool:
        """The network fails: ``sta_disconnected``, ``sta_connect_fail``, each with a reason after a space; ``roam``.

        It comes back after some seconds. Without Ethernet nobody hears of it before.
        """
        what, _, reason = gesture.partition(" ")
        if what == "roam" and isinstance(self.status.get("rssi"), int):
            self._roam(self.status["rssi"])
            return True
        if what not in ("sta_disconnected", "sta_connect_fail") or not (reason == "" or reason.isdecimal()):
            return False
        data: JSONObject = {"reason": int(reason or (_ASSOC_LEAVE if what == "sta_disconnected" else _NO_AP_FOUND))}
        if what == "sta_disconnected":
            data["ssid"] = self.status.get("ssid")
        lost: JSONObject = {"status": "disconnected", "sta_ip": None}
        found: JSONObject = {"status": "got ip", "sta_ip": self.status.get("sta_ip")}
        if self.device.status("eth").get("ip"):
            self.device.emit(self.key, what, **data)
            self.report(**lost)
            self.device.after(_REJOIN_S, lambda: self.report(**found))
        else:
            self.device.drift(self.key, lost)
            self.device.after(_REJOIN_S, lambda: self._rejoined(what, data, found))
        return True

    def _rejoined(self, what: str, data: JSONObject, found: JSONObject) -> None:
        self.device.emit(self.key, what, **data)
        self.report(**found)

    def _is_enabled(self, name: str) -> bool:
        station = self.config.get(name)
        return isinstance(station, dict) and station.get("enable") is True

    def _wandered(self, rssi: int) -> int:
        """A signal a minute later: it keeps near to what is usual where the device is."""
        if self._usual is None or abs(rssi - self._usual) > _ELSEWHERE_DB:
            self._usual = rssi
        back = (rssi < self._usual - _WANDERS_DB) - (rssi > self._usual + _WANDERS_DB)
        return rssi + self.device.random.choice((-2, -1, 0, 0, 1, 2)) + back

    def _roam(self, rssi: int) -> None:
        found: JSONObject = {"rssi": min(_STRONGEST, rssi + self.device.random.randint(12, 25))}
        if "bssid" in self.status:
            found["bssid"] = _mac(self.device.random)
        self.report(**found)

    def _air(self) -> Random:
        """For what is around the device, the same each time."""
        return Random(f"{self.device.id}:air")  # noqa: S311 - plausible values, no secrets

    def _seen(self) -> JSONObject:
        air, here = self._air(), self.status
        own = {
            "ssid": here.get("ssid"),
            "bssid": here.get("bssid") or _mac(air),
            "auth": 3,
            "channel": here.get("channel") or air.choice((1, 6, 11)),
            "rssi": here.get("rssi", -60),
        }
        others = [
            {
                "ssid": ssid,
                "bssid": _mac(air),
                "auth": 0 if ssid == "Guest" else air.choice((3, 3, 4)),
                "channel": air.choice((1, 1, 6, 6, 11, 11, 3, 13)),
                "rssi": air.randint(_WEAKEST, -58) + self.device.random.randint(-2, 2),
            }
            for ssid in air.sample(_NEIGHBOURS, air.randint(3, 7))
        ]
        return {"results": sorted((own, *others), key=lambda network: -int(network["rssi"]))}


class Ethernet(Restarting):
    """``eth``."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Who got an address from it."""
        return {"ListClients": self.list_clients}

    def list_clients(self, params: JSONObject) -> JSON:
        """``{ts, offset, count, total, dhcp_clients}``: nobody is plugged into a simulated device."""
        offset = whole(params, "offset") or 0
        return {"ts": int(self.device.now()), "offset": offset, "count": 0, "total": 0, "dhcp_clients": []}

    def boot(self) -> None:
        """A fixed address shows where there is a cable."""
        if self.status.get("ip") and self.config.get("ipv4mode") == "static" and self.config.get("ip"):
            _report_differences(self, {"ip": self.config["ip"]})


class Uplink(Restarting):
    """``cloud`` and ``mqtt``: a connection that is there some seconds after a start, if the settings want it."""

    __slots__ = ()

    def boot(self) -> None:
        """Nothing is connected yet."""
        _report_differences(self, {"connected": False})
        if self.config.get("enable") is True and self.config.get("server"):
            self.device.after(self.device.random.uniform(2, 6), lambda: self.report(connected=True))

    def press(self, gesture: str) -> bool:
        """The other end fails and comes back: ``disconnected``, ``connected``."""
        if gesture not in ("connected", "disconnected"):
            return False
        self.report(connected=gesture == "connected")
        return True


def _report_differences(behaviour: Behaviour, wanted: Mapping[str, JSON]) -> None:
    """Report what the status does not show yet."""
    changed = {name: value for name, value in wanted.items() if behaviour.status.get(name) != value}
    if changed:
        behaviour.report(**changed)


def _mac(random: Random) -> str:

    return ":".join(f"{random.randrange(256):02x}" for _ in range(6))
