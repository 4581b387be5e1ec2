"""``wifi``, ``mqtt`` and ``ws`` of one device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from fleet_platform.simulator.models.identity import Identity
from fleet_platform.simulator.models.model import Model
from plugin_sdk import JSONObject

Furnished: TypeAlias = tuple[str, JSONObject, JSONObject | None]
"""Component key, settings, status."""

_SSID = "Site WiFi"
_ACCESS_POINT = "20:23:51:f9:28:bd"
_STATION: JSONObject = {
    "ssid": _SSID,
    "is_open": False,
    "enable": True,
    "ipv4mode": "dhcp",
    "ip": None,
    "netmask": None,
    "gw": None,
    "nameserver": None,
}
_WIFI: JSONObject = {
    "sta": _STATION,
    "sta1": {**_STATION, "ssid": None, "is_open": True, "enable": False},
    "roam": {"rssi_thr": -80, "interval": 60},
}
_OPEN_AP: JSONObject = {"ssid": "", "is_open": True, "enable": False}
_WIFI_ALWAYS_ON: JSONObject = {"ap": {**_OPEN_AP, "range_extender": {"enable": False}}, **_WIFI}
_WIFI_SLEEPER: JSONObject = {"ap": _OPEN_AP, **_WIFI}
_WIFI_WALL: JSONObject = {"sta": _STATION}
_BROKER: JSONObject = {
    "server": None,
    "user": None,
    "ssl_ca": None,
    "rpc_ntf": True,
    "status_ntf": False,
    "use_client_cert": False,
    "enable_rpc": True,
    "enable_control": True,
}


def network_parts(model: Model, identity: Identity, device_id: str) -> Iterator[Furnished]:
    """The network components of one device."""
    wifi: JSONObject = {"sta_ip": identity.ip, "status": "got ip", "ssid": _SSID, "rssi": identity.rssi}
    broker: JSONObject = {"enable": False, "client_id": device_id, "topic_prefix": device_id}
    if model.is_wall_display:
        gateway = identity.ip.rpartition(".")[0] + ".1"
        mac = ":".join(identity.mac.lower()[at : at + 2] for at in range(0, 12, 2))
        wifi |= {"mac": mac, "netmask": "255.255.255.0", "gw": gateway, "nameserver": gateway}
        yield "wifi", _WIFI_WALL, wifi
        yield "mqtt", broker, {"connected": False}
        return
    yield "wifi", _WIFI_SLEEPER if model.sleeps_s else _WIFI_ALWAYS_ON, {**wifi, "bssid": _ACCESS_POINT}
    yield "mqtt", {**broker, **_BROKER}, {"connected": False}
    yield "ws", {"enable": True, "server": None, "ssl_ca": "ca.pem"}, {"connected": False}
