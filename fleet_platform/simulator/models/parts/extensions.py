"""Components that the maker's service brings on third-party products with an XT1 module inside.

A service is one script-like program in the device; what it measures and takes are virtual components that it owns.
Their status shows a value and nothing else.

Source: dumps of an irrigation controller and two thermostats (S3XT-0S, firmware 1.4.99-xt-prod1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fleet_platform.simulator.models.parts.part import Part
from plugin_sdk import JSON, JSONObject

_ZONES = 6
_RUNNING: JSONObject = {"state": "running", "etag": "", "stats": {"mem": 1100, "mem_peak": 1300}}


def _service(settings: JSONObject) -> Part:
    return Part(type="service", config=settings, status=_RUNNING, numbered=False)


def _owned(kind: str, name: str, role: str, value: JSON, **more: JSON) -> Part:
    config = {"access": "crw", "name": name, "owner": "service:0", "role": role, **more}
    return Part(type=kind, config=config, status={"value": value}, numbered=False)


def _boolean(name: str, role: str, *, value: bool = False, **ui: JSON) -> Part:
    meta = {"cloud": ["log"], "ui": {"view": "toggle", **ui}}
    return _owned("boolean", name, role, value, default_value=False, persisted=False, meta=meta)


def _enum(name: str, role: str, titles: Mapping[str, str], **meta: JSON) -> Part:
    first = next(iter(titles))
    ui = {"titles": dict(titles), "view": "select"}
    return _owned(
        "enum", name, role, first, default_value=first, options=list(titles), persisted=False, meta={**meta, "ui": ui}
    )


def _reading(name: str, role: str, unit: str, low: int, high: int, value: float, **ui: JSON) -> Part:
    meta = {"cloud": ["measurement", "log"], "ui": {"unit": unit, "view": "label", **ui}}
    more = {"access": "cr", "default_value": 0, "min": low, "max": high, "persisted": False}
    return _owned("number", name, role, value, meta=meta, **more)


def _target(name: str, role: str, unit: str, low: int, high: int, value: float, **ui: JSON) -> Part:
    meta = {"cloud": ["log"], "ui": {"unit": unit, "view": "slider", **ui}}
    return _owned("number", name, role, value, meta=meta, default_value=low, min=low, max=high, persisted=False)


def _zones() -> Iterator[tuple[str, Part]]:
    for number in range(_ZONES):
        zone = _boolean(f"Zone {number + 1}", f"zone{number}")
        meta = {**(zone.config or {})["meta"], "svc": {"dpId": 101 + number}}
        yield (
            f"boolean.zone{number}",
            Part(type="boolean", config={**(zone.config or {}), "meta": meta}, status=zone.status, numbered=False),
        )


_IDLE: JSONObject = {"duration": 10, "source": "init", "started_at": None}
_ON_OFF = ["Disabled", "Enabled"]
_FAN: Mapping[str, str] = {"auto": "Auto", "low": "Low", "medium": "Medium", "high": "High"}
_WORK: Mapping[str, str] = {"cool": "Cool", "dry": "Dry", "heat": "Heat", "ventilation": "Ventilation"}

PARTS: Mapping[str, Part] = {
    # irrigation controller
    "service.irrigation": _service(
        {
            "base_temp": 20,
            "duration_offset": 0,
            "limit_zones": 2,
            "seq_rev": 1,
            "weather_api": False,
            "zones": [{"duration": 10, "name": None, "water_amount": 10}] * _ZONES,
        }
    ),
    **dict(_zones()),
    "enum.sequence": _enum("Active Sequence", "active_sequence", {"none": "None", "seq_0": "All"}),
    "number.average": _reading("Average Temperature", "average_temperature", "°C", -50, 100, 0),
    "number.rain": _reading("Rainfall last 24h", "last_precipitation", "mm/m2", 0, 99999, 0),
    "object.zones": _owned(
        "object", "Zones status", "zones_status", {f"zone{number}": _IDLE for number in range(_ZONES)}, meta=None
    ),
    # floor thermostat
    "service.floor": _service(
        {
            "humidity_offset": 0,
            "power_down_memory": True,
            "temp_anti_freeze": 5,
            "temp_hysteresis": 1,
            "temp_offset": 0,
            "temp_range": [15, 35],
        }
    ),
    "boolean.anti_freeze": _boolean("Anti-freeze", "anti_freeze", titles=_ON_OFF),
    "boolean.child_lock": _boolean("Child lock", "child_lock", titles=_ON_OFF),
    "boolean.enable": _boolean("Enable thermostat", "enable", value=True, titles=_ON_OFF),
    "number.humidity": _reading("Current humidity", "current_humidity", "%", 0, 100, 52),
    "number.floor": _reading("Current temperature", "current_temperature", "°C", 15, 35, 25.5),
    "number.floor_target": _target("Target temperature", "target_temperature", "°C", 15, 35, 25, step=0.5),
    # air conditioning thermostat
    "service.hvac": _service({"temp_unit": "C", "thermostat_mode": "auto"}),
    "enum.fan": _enum("Fan speed", "fan_speed", _FAN, cloud=["log"]),
    "enum.work": _enum("Working mode", "working_mode", _WORK),
    "number.room": _reading("Current temperature", "current_temperature", "°C", 5, 35, 21.5, step=0.5),
    "number.humidity_target": _target("Target humidity", "target_humidity", "%", 40, 75, 45),
    "number.room_target": _target("Target temperature", "target_temperature", "°C", 5, 35, 20.5, step=0.5),
}
