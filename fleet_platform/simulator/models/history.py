"""Which fields came or went with which firmware, and how to take away what a version lacks. Constant data, pure.

A row's version is the first that a dump shows with the field (or, for one that went, without it). Between the newest
dump before and that one the truth may lie anywhere.

Source: dumps of firmware 0.14.1 to 1.8.99 and of Wall Displays 2.2.1 to 2.6.2, all compared field by field in
``tests/simulator/test_against_dumps.py``; ``ble.enable``: aioshelly, firmware 2.0.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from fleet_platform.simulator.device.firmware import is_wall_display
from fleet_platform.simulator.models.firmware import Version, is_development, read_version
from plugin_sdk import JSON, JSONObject

Side: TypeAlias = Literal["config", "status", "info"]

_Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """Fields that came or went.

    Attributes:
        version: The first with them, or without them.
        type: Component type; empty for ``Shelly.GetDeviceInfo``.
        side: Settings, status or info.
        fields: Their paths in the component: ``ap.range_extender``; empty means the whole component.
        apps: Only of these; empty means all.
        gone: Whether they went.
    """

    version: Version
    type: str
    side: Side
    fields: str
    apps: tuple[str, ...] = ()
    gone: bool = False

    def lacks(self, app: str, version: Version) -> bool:
        """Whether a firmware is without these fields."""
        return (not self.apps or app in self.apps) and (version >= self.version) is self.gone


_DIMMERS = ("ProDimmerx", "Dimmer0110VPMG3")

_ROWS = (
    _Row((1, 0, 3), "", "info", "slot"),
    _Row((1, 7, 5), "", "info", "provision"),
    _Row((2, 0, 0), "", "info", "enhanced_security"),
    _Row((1, 4, 0), "bthome", "config", ""),
    _Row((1, 4, 0), "knx", "config", ""),
    _Row((1, 5, 0), "blugw", "config", ""),
    _Row((1, 5, 99), "matter", "config", ""),
    _Row((1, 4, 99), "ble", "config", "observer", gone=True),
    _Row((2, 0, 0), "ble", "config", "enable", gone=True),
    _Row((1, 7, 5), "blutrv", "status", "errors connected fw_ver"),
    _Row((1, 7, 5), "bthomedevice", "status", "fw_ver"),
    _Row((1, 6, 99), "cover", "config", "maintenance_mode in_locked slat"),
    _Row((1, 4, 99), "em", "config", "ct_type"),
    _Row((1, 5, 0), "eth", "config", "server_mode"),
    _Row((1, 7, 5), "eth", "status", "ip6"),
    _Row((1, 4, 0), "input", "config", "enable"),
    _Row((1, 5, 1), "light", "config", "range_map", apps=("ProDimmerx",)),
    _Row((1, 1, 0), "mqtt", "config", "ssl_ca"),
    _Row((1, 6, 99), "switch", "config", "in_locked"),
    _Row((1, 5, 99), "switch", "config", "reverse"),
    _Row((1, 2, 2), "switch", "status", "ret_aenergy"),
    _Row((1, 0, 3), "sys", "config", "sleep", gone=True),
    _Row((1, 0, 3), "sys", "config", "device.eco_mode debug.level debug.file_level"),
    _Row((1, 5, 1), "sys", "config", "device.eco_mode", apps=_DIMMERS),
    _Row((1, 5, 99), "sys", "config", "debug.file_log"),
    _Row((1, 4, 0), "sys", "config", "device.sys_btn_toggle"),
    _Row((1, 8, 99), "sys", "config", "device.tls_check_cert_validity_time device.enhanced_security"),
    _Row((1, 1, 0), "sys", "status", "reset_reason"),
    _Row((1, 4, 99), "sys", "status", "last_sync_ts ram_min_free btrelay_rev"),
    _Row((1, 6, 99), "sys", "status", "utc_offset"),
    _Row((1, 7, 5), "sys", "status", "bthc_rev"),
    _Row((1, 7, 4), "wifi", "status", "bssid"),
    _Row((1, 7, 5), "wifi", "status", "sta_ip6"),
)

_ONLY_IN_DEVELOPMENT = (_Row((2, 0, 0), "sys", "config", "debug.file_log"),)
"""What development builds have before the releases do."""

_NOT_IN_DEVELOPMENT = (_Row((2, 0, 0), "", "info", "provision"),)
"""What releases have before the development builds do, which branched off earlier."""

_LOGS = "debug.logs.Radar debug.logs.WebRTC"
_MEMORY = "ram_size ram_free fs_size fs_free ch"

_WALL_DISPLAY_ROWS = (
    _Row((2, 6, 2), "input", "config", "enable"),
    _Row((2, 6, 2), "media", "status", "item_counts.alert item_counts.ringtone"),
    _Row((2, 4, 4), "sys", "config", "debug.logs.ShellySmartControl"),
    _Row((2, 6, 2), "sys", "config", f"{_LOGS} ui_data tzdata icu_version"),
    _Row((2, 4, 4), "sys", "config", "media_player_enabled"),
    _Row((2, 4, 4), "sys", "status", _MEMORY),
    _Row((2, 6, 2), "sys", "status", "kvs_rev virtual_rev relays_in_thermostat"),
    _Row((2, 6, 2), "thermostat", "config", "target_F failure_detection"),
    _Row((2, 6, 2), "thermostat", "status", "target_F current_F errors"),
    _Row((2, 6, 2), "ui", "config", "brightness.min_level brightness.auto_off.timeout brightness.auto_dim"),
    _Row((2, 6, 2), "ui", "config", "screen_off_when_idle", gone=True),
)


def has(app: str, version: str, component_type: str) -> bool:
    """Whether a firmware knows a type of component at all."""
    return () not in _lacking(app, version, component_type, "config")


def prune(app: str, version: str, component_type: str, side: Side, value: JSONObject) -> JSONObject:
    """A component that a firmware has, without the fields that it lacks; the very object where it lacks none."""
    for path in _lacking(app, version, component_type, side):
        value = _without(value, path)
    return value


@cache
def _lacking(app: str, version: str, component_type: str, side: Side) -> Sequence[_Path]:
    number = read_version(version)
    return tuple(
        tuple(field.split(".")) if field else ()
        for row in _rows(app, version)
        if row.type == component_type and row.side == side and row.lacks(app, number)
        for field in (row.fields.split() or [""])
    )


def _rows(app: str, version: str) -> Iterable[_Row]:
    if is_wall_display(app):
        return _WALL_DISPLAY_ROWS
    return (*_ROWS, *(_NOT_IN_DEVELOPMENT if is_development(version) else _ONLY_IN_DEVELOPMENT))


def _without(value: JSONObject, path: _Path) -> JSONObject:
    name, rest = path[0], path[1:]
    if name not in value:
        return value
    inner: JSON = value[name]
    if rest and isinstance(inner, dict):
        pruned = _without(inner, rest)
        return value if pruned is inner else {**value, name: pruned}
    return {key: each for key, each in value.items() if key != name}
