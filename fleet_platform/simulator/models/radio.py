"""Bluetooth devices that a simulated gateway has paired: a radiator valve, a climate sensor, a door contact, a button.

Source: dump of a BLU Gateway Gen3 (S3GW-1DBT001, firmware 1.7.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from fleet_platform.simulator.models.identity import Identity
from plugin_sdk import JSON, JSONObject

Parts: TypeAlias = dict[str, tuple[JSONObject, JSONObject, JSONObject]]
"""Component key to settings, status and attributes."""

_VALVE, _CLIMATE, _CONTACT, _BUTTON = 8, 3, 2, 1
"""``model_id`` of Shelly BLU devices."""

_BATTERY, _HUMIDITY, _TEMPERATURE, _LUX, _WINDOW, _ROTATION, _PUSH = 1, 46, 69, 5, 45, 63, 58
"""``obj_id`` of BTHome measurements."""

_NO_VALUE = object()

_SENSORS: Mapping[int, tuple[tuple[int, JSON], ...]] = {
    _VALVE: ((_BATTERY, 81), (_PUSH, _NO_VALUE), (_TEMPERATURE, 20), (_TEMPERATURE, 21.3)),
    _CLIMATE: ((_BATTERY, 100), (_HUMIDITY, 48), (_PUSH, _NO_VALUE), (_TEMPERATURE, 21.2)),
    _CONTACT: ((_BATTERY, 100), (_LUX, 84), (_WINDOW, False), (_ROTATION, 0)),
    _BUTTON: ((_BATTERY, 97), (_PUSH, _NO_VALUE)),
}


def gateway_devices(identity: Identity) -> Parts:
    """Dynamic components of a gateway with four Bluetooth devices, numbered from 200."""
    parts: Parts = {}
    sensor = 200
    for number, model_id in enumerate((_VALVE, _CLIMATE, _CONTACT, _BUTTON), 200):
        addr = _address(identity)
        heard: JSONObject = {
            "rssi": -identity.random.randint(38, 80),
            "battery": _SENSORS[model_id][0][1],
            "packet_id": identity.random.randint(0, 255),
            "last_updated_ts": 0,
            "paired": True,
            "rpc": model_id == _VALVE,
            "rsv": 43 if model_id == _VALVE else -1,
            "fw_ver": "v1.2.1" if model_id == _VALVE else "v1.0.22",
        }
        attrs: JSONObject = {"flags": 17, "model_id": model_id}
        named: JSONObject = {"id": number, "addr": addr, "name": None, "key": None}
        parts[f"bthomedevice:{number}"] = ({**named, "meta": None}, {"id": number, **heard}, attrs)
        if model_id == _VALVE:
            parts["blutrv:200"] = (_valve_settings(addr), _valve_status(heard), attrs)
        sensor = _add_sensors(parts, model_id, addr, sensor)
    return dict(sorted(parts.items()))


def _add_sensors(parts: Parts, model_id: int, addr: str, first: int) -> int:
    seen: dict[int, int] = {}
    for number, (obj_id, value) in enumerate(_SENSORS[model_id], first):
        idx = seen.get(obj_id, 0)
        seen[obj_id] = idx + 1
        config: JSONObject = {"id": number, "addr": addr, "name": None, "obj_id": obj_id, "idx": idx, "meta": None}
        shown: JSONObject = {} if value is _NO_VALUE else {"value": value}
        parts[f"bthomesensor:{number}"] = (config, {"id": number, **shown, "last_updated_ts": 0}, {})
    return first + len(_SENSORS[model_id])


def _valve_settings(addr: str) -> JSONObject:
    return {
        "id": 200,
        "addr": addr,
        "name": "BluTrv 200",
        "key": None,
        "trv": "bthomedevice:200",
        "temp_sensors": [],
        "dw_sensors": [],
        "override_delay": 5,
        "meta": {},
    }


def _valve_status(heard: JSONObject) -> JSONObject:
    return {"id": 200, "target_C": 20, "current_C": 21.3, "pos": 0, "errors": [], "connected": True, **heard}


def _address(identity: Identity) -> str:
    return ":".join(f"{identity.random.getrandbits(8):02x}" for _ in range(6))
