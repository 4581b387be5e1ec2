"""Identity and ``sys`` of a Wall Display: a tablet, whose ``sys`` shows its identity and whose settings are its own."""

from __future__ import annotations

from fleet_platform.simulator.models.identity import Identity
from fleet_platform.simulator.models.model import Model
from fleet_platform.simulator.models.network import Furnished
from plugin_sdk import JSONObject

_LOGS = (
    *("Generic", "Bluetooth", "Cloud", "Interface", "Media", "MQTT", "Network", "Radar", "RPC", "Thermostat"),
    *("Screen", "UART", "Webhooks", "WebRTC", "WebSocket", "ShellySmartControl"),
)
_OFF: JSONObject = {"enable": False}


def wall_system_part(model: Model, identity: Identity, info: JSONObject, outputs: list[str]) -> Furnished:
    """``sys`` of a Wall Display, as the newest firmware shows it.

    Args:
        model: What it is.
        identity: Who it is.
        info: What ``Shelly.GetDeviceInfo`` and ``sys`` start with.
        outputs: Keys of its switches.
    """
    random = identity.random
    revision = random.randint(5, 60)
    uptime = random.randint(3_600, 5_000_000)
    ram, ram_free, flash, flash_free = model.memory
    thermostat = any(part == "thermostat" for part in next(iter(model.profiles.values())))
    config: JSONObject = {
        "cfg_rev": revision,
        "device": {"fw_id": model.fw_id, "mac": identity.mac, "discoverable": False, "name": identity.name},
        "location": {"tz": "Europe/Berlin", "lat": 52.5, "lon": 13.4},
        "sntp": {"server": "time.google.com"},
        "debug": {"websocket": _OFF, "mqtt": _OFF, "logs": dict.fromkeys(_LOGS, True)},
        "media_player_enabled": True,
        "ui_data": {"device_revision": "1"},
        "tzdata": "2026a",
        "icu_version": "2016f",
    }
    shown: JSONObject = {
        **info,
        "uptime": uptime,
        "app_uptime": uptime // 3,
        "ram_size": ram,
        "ram_free": ram_free,
        "fs_size": flash,
        "fs_free": flash_free,
        "discoverable": False,
        "cfg_rev": revision,
        "schedule_rev": 0,
        "webhook_rev": 0,
        "virtual_rev": 0,
        "kvs_rev": 0,
        "serial": f"SAWD{random.randint(10**8, 10**9 - 1)}",
        "batch_id": f"{random.getrandbits(20):05x}",
        "batch_date": 240_000 + random.randint(101, 628),
        "available_updates": {},
        "restart_required": False,
        "unixtime": None,
        "relay_in_thermostat": thermostat,
        "relays_in_thermostat": [0] if thermostat else [],
        "sensor_in_thermostat": thermostat,
        "awaiting_auth_code": False,
        "ch": outputs,
        **model.shown,
    }
    return "sys", config, shown
