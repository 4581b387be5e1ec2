"""``wifi``, ``mqtt`` and ``ws`` of one device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from fleet_platform.simulator.models.identity import Identity
from fleet_platform.simulator.models.model import Model
from plugin_sdk import JSONObject

Furnished: TypeAlias = tuple[str, JSONObject | None, JSONObject | None]
"""Component key, settings, status."""

_SSID = "Site WiFi"
_ACCESS_POINTS = ("20:23:51:f9:28:bd", "20:23:51:f9:2c:41", "20:23:51:f9:31:06")
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
    "ap": {"ssid": "", "is_open": True, "enable": False, "range_extender": {"enable": False}},
    "sta": _STATION,
    "sta1": {**_STATION, "ssid": None, "is_open": True, "enable": False},
    "roam": {"rssi_thr": -80, "interval": 60},
}
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
_OUTBOUND: JSONObject = {"enable": True, "server": None, "ssl_ca": "ca.pem"}


def network_parts(model: Model, identity: Identity, device_id: str) -> Iterator[Furnished]:
    """The network components of one device, as the newest firmware shows them."""
    wifi: JSONObject = {"sta_ip": identity.ip, "status": "got ip", "ssid": _SSID, "rssi": identity.rssi}
    broker: JSONObject = {"enable": False, "client_id": device_id, "topic_prefix": device_id}
    if model.is_wall_display:
        gateway = identity.ip.rpartition(".")[0] + ".1"
        mac = ":".join(identity.mac.lower()[at : at + 2] for at in range(0, 12, 2))
        wifi |= {"mac": mac, "netmask": "255.255.255.0", "gw": gateway, "nameserver": gateway}
        yield "wifi", _WIFI_WALL, wifi
        yield "mqtt", broker, {"connected": False}
        return
    wifi["bssid"] = _ACCESS_POINTS[int(identity.mac, 16) % len(_ACCESS_POINTS)]
    if model.ipv6:
        wifi["sta_ip6"] = [identity.link_local]
    yield "wifi", _WIFI, wifi
    yield "mqtt", {**broker, **_BROKER}, {"connected": False}
    yield "ws", _OUTBOUND, {"connected": False}
