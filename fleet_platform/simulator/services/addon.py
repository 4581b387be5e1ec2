"""``SensorAddon.*``: what is plugged into a sensor add-on.

What is added or removed shows as components after a restart.

Source: Shelly Gen2+ API, "SensorAddon"; shapes from the type definitions taulfsime/shelly-rpc-ts and from clients. The
texts of refusals are not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

from fleet_platform.simulator.device.addon import ADDON, IDS, PARTS
from plugin_sdk import JSON, JSONObject, component_id, component_type
from plugin_sdk.arguments import choice, invalid, mapping, required, text, whole
from plugin_sdk.simulation import Deferred, DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_SCAN_S = 1.5
_PROBES = 3
_MOST: Mapping[str, int] = {"ds18b20": 5, "dht22": 1, "digital_in": 1, "analog_in": 1, "voltmeter": 1}
_ONE_BUS = {"ds18b20": "dht22", "dht22": "ds18b20"}
"""Peripherals that cannot be there together."""


def offered(device: Machine) -> bool:
    """Devices that were started with a sensor add-on."""
    return device.state.addon == "sensor"


def add_peripheral(device: Machine, params: JSONObject) -> JSON:
    """Plug something in: ``{"temperature:100": {}}``."""
    required(params, "type")
    kind, attrs = choice(params, "type", PARTS) or "", mapping(params, "attrs") or {}
    plugged = _plugged(device)
    if len(plugged.get(kind, {})) >= _MOST[kind] * len(PARTS[kind]):
        raise DeviceFault(-108, "Resource exhausted")
    if plugged.get(_ONE_BUS.get(kind, "")):
        raise DeviceFault(-109, f"{_ONE_BUS[kind]} is in use")
    kept: JSONObject = {}
    if kind == "ds18b20":
        kept["addr"] = _free_address(device, plugged, attrs)
    taken = {component_id(key) for components in plugged.values() for key in components}
    number = whole(attrs, "cid", IDS[0], IDS[-1])
    if number is not None and any(f"{part}:{number}" in device.state.config for part in PARTS[kind]):
        raise invalid("cid")
    free = number or next(n for n in IDS if n not in taken)
    keys = [f"{part}:{free}" for part in PARTS[kind]]
    plugged.setdefault(kind, {}).update({key: dict(kept) for key in keys})
    _needs_restart(device)
    return {key: {} for key in keys}


def get_peripherals(device: Machine, _params: JSONObject) -> JSON:
    """What is plugged in: ``{ds18b20: {"temperature:100": {addr}}, digital_in: {"input:100": {}}}``."""
    plugged = _plugged(device)
    return {kind: plugged.get(kind, {}) for kind in PARTS}


def remove_peripheral(device: Machine, params: JSONObject) -> JSON:
    """Pull out what a component stands for; of a sensor with two components, both go."""
    required(params, "component")
    key = text(params, "component") or ""
    plugged = _plugged(device)
    kind = next((kind for kind, components in plugged.items() if key in components), None)
    if kind is None:
        raise DeviceFault(-105, f"Argument 'component', value '{key}' not found!")
    number = component_id(key)
    for gone in [other for other in plugged[kind] if component_id(other) == number]:
        del plugged[kind][gone]
    _needs_restart(device)
    return None


def update_peripheral(device: Machine, params: JSONObject) -> JSON:
    """Another probe in the place of one: ``{component, attrs: {addr}}``."""
    for name in ("component", "attrs"):
        required(params, name)
    key, attrs = text(params, "component") or "", mapping(params, "attrs") or {}
    plugged = _plugged(device)
    probes = plugged.get("ds18b20", {})
    if key not in probes:
        raise DeviceFault(-105, f"Argument 'component', value '{key}' not found!")
    others = {"ds18b20": {other: kept for other, kept in probes.items() if other != key}}
    probes[key] = {"addr": _free_address(device, others, attrs)}
    _needs_restart(device)
    return None


def one_wire_scan(device: Machine, _params: JSONObject) -> JSON | Deferred:
    """Probes on the wire: ``{devices: [{type, addr, component}]}``; takes a moment.

    Raises:
        DeviceFault: -109 while a DHT22 has the wire.
    """
    if _plugged(device).get("dht22"):
        raise DeviceFault(-109, "dht22 is in use")
    return Deferred.after(device, _SCAN_S, lambda: {"devices": _found(device)})


def _found(device: Machine) -> list[JSONObject]:
    """All probes that are there: those in use, and some that nobody has added."""
    used = {kept.get("addr"): key for key, kept in _plugged(device).get("ds18b20", {}).items()}
    addresses = dict.fromkeys((*used, *_addresses(device)))
    return [{"type": "ds18b20", "addr": addr, "component": used.get(addr)} for addr in addresses]


def _addresses(device: Machine) -> list[str]:
    """Addresses of the probes on a device's wire, the same each time; family 40 is the DS18B20."""
    random = Random(f"{device.mac}:one-wire")  # noqa: S311 - plausible values, no secrets
    return [":".join(map(str, (40, 255, *(random.randrange(256) for _ in range(6))))) for _ in range(_PROBES)]


def _free_address(device: Machine, plugged: Mapping[str, JSONObject], attrs: JSONObject) -> str:
    """The probe that is meant: the given one, else the first that nobody has added."""
    used = {kept.get("addr") for kept in plugged.get("ds18b20", {}).values()}
    given = text(attrs, "addr")
    if given is None:
        given = next((addr for addr in _addresses(device) if addr not in used), None)
    parts = (given or "").split(":")
    if given is None or given in used or len(parts) != 8 or not all(_is_byte(part) for part in parts):
        raise invalid("addr")
    return given


def _is_byte(part: str) -> bool:
    return part.isdecimal() and len(part) <= 3 and int(part) < 256


def _plugged(device: Machine) -> dict[str, JSONObject]:
    """What is plugged in, to be changed; at first what the components of the device tell."""
    kept = device.storage(ADDON)
    if "peripherals" not in kept:
        plugged: dict[str, JSONObject] = {}
        addresses = iter(_addresses(device))
        for key in device.state.all_keys():
            kind = _kind_of(device, key) if (component_id(key) or 0) in IDS else None
            if kind is not None:
                plugged.setdefault(kind, {})[key] = {"addr": next(addresses, "")} if kind == "ds18b20" else {}
        kept["peripherals"] = plugged
    found: dict[str, JSONObject] = kept["peripherals"]
    return found


def _kind_of(device: Machine, key: str) -> str | None:
    part = component_type(key)
    if part == "input":
        return "analog_in" if device.config(key).get("type") == "analog" else "digital_in"
    return {"temperature": "ds18b20", "voltmeter": "voltmeter"}.get(part)


def _needs_restart(device: Machine) -> None:
    device.report("sys", {"restart_required": True})


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON | Deferred]] = {
    "SensorAddon.OneWireScan": one_wire_scan,
    "SensorAddon.UpdatePeripheral": update_peripheral,
    "SensorAddon.RemovePeripheral": remove_peripheral,
    "SensorAddon.GetPeripherals": get_peripherals,
    "SensorAddon.AddPeripheral": add_peripheral,
}
