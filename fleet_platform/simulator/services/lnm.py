"""``LNM.*``: groups of devices that tell each other their status over multicast; dynamic components ``lnm:N``.

They are kept and counted; a simulated device sends nothing by them.

Source: names from ``Shelly.ListMethods`` of a Shelly 2PM Gen3; shapes from the types of taulfsime/shelly-rpc-ts.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import flag, invalid, mapping, required, text, texts, whole
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_IDS = range(200, 300)


def offered(device: Machine) -> bool:
    """Devices that control something by Bluetooth buttons: those that list the methods."""
    return "bthc_rev" in device.state.sys


def create(device: Machine, params: JSONObject) -> JSON:
    """A new group: ``{id}``."""
    required(params, "config")
    given = mapping(params, "config") or {}
    required(given, "addr")
    config = {"addr": _address(given), "tx": _part(given, "tx", components=True), "rx": _part(given, "rx")}
    taken = device.keys("lnm")
    free = next((n for n in _IDS if f"lnm:{n}" not in taken), None)
    number = whole(params, "id", _IDS[0], _IDS[-1]) or free
    if number is None:
        raise DeviceFault(-108, "Resource exhausted")
    if f"lnm:{number}" in taken:
        raise invalid("id")
    stats: JSONObject = {"tx_msgs": 0, "rx_msgs": 0, "since": int(device.now())}
    device.add(f"lnm:{number}", status={"id": number, "stats": stats}, config={"id": number, **config})
    return {"id": number}


def delete(device: Machine, params: JSONObject) -> JSON:
    """Leave a group: ``{}``."""
    required(params, "id")
    key = f"lnm:{whole(params, 'id')}"
    if key not in device.keys("lnm"):
        raise DeviceFault(-105, f"Bad id={params['id']}")
    device.remove(key)
    return {}


def _address(given: JSONObject) -> str:
    """A multicast address with a port."""
    address = text(given, "addr") or ""
    host, _, port = address.rpartition(":")
    try:
        fits = ipaddress.IPv4Address(host).is_multicast and port.isdecimal() and 0 < int(port) < 65_536
    except ValueError:
        fits = False
    if not fits:
        raise invalid("addr")
    return address


def _part(given: JSONObject, name: str, *, components: bool = False) -> JSONObject:
    part = mapping(given, name) or {}
    settings: JSONObject = {"enable": flag(part, "enable") or False}
    if components:
        settings["components"] = texts(part, "components") or []
    return settings


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {"LNM.Delete": delete, "LNM.Create": create}
