"""Identity and ``sys`` of one device."""

from __future__ import annotations

from fleet_platform.simulator.models.identity import Identity
from fleet_platform.simulator.models.model import Model
from fleet_platform.simulator.models.network import Furnished
from plugin_sdk import JSONObject

_DEBUG: JSONObject = {
    "level": 2,
    "file_level": None,
    "mqtt": {"enable": False},
    "websocket": {"enable": False},
    "udp": {"addr": None},
}
_LOCATION: JSONObject = {"tz": "Europe/Berlin", "lat": 52.5, "lon": 13.4}
_RPC_UDP: JSONObject = {"dst_addr": None, "listen_port": None}
_SNTP: JSONObject = {"server": "time.cloudflare.com"}


def device_info(model: Model, identity: Identity, profile: str) -> JSONObject:
    """Answer of ``Shelly.GetDeviceInfo``."""
    mac = identity.mac if model.is_wall_display else identity.mac.lower()
    info: JSONObject = {
        "name": identity.name,
        "id": f"{model.prefix}-{mac}",
        "mac": identity.mac,
        "slot": identity.random.randint(0, 1),
        "model": model.code,
        "gen": model.gen,
        "fw_id": model.fw_id,
        "ver": model.version,
        "app": model.app,
        "auth_en": False,
        "auth_domain": None,
    }
    if model.is_wall_display:
        for absent in ("name", "slot", "auth_domain"):
            del info[absent]
        return info
    if profile:
        info["profile"] = profile
    if "matter" in model.common:
        info["matter"] = False
    if "enhanced_security" in model.device:
        info["enhanced_security"] = False
    elif model.version >= "1.7.5":
        info["provision"] = "complete"
    return info


def system_part(model: Model, identity: Identity, info: JSONObject) -> Furnished:
    """``sys``: settings and status."""
    random = identity.random
    revision = random.randint(5, 60)
    device: JSONObject = {
        "name": identity.name,
        "mac": identity.mac,
        "fw_id": model.fw_id,
        "discoverable": True,
        "eco_mode": False,
        **({"profile": info["profile"]} if "profile" in info else {}),
        **model.device,
    }
    config: JSONObject = {
        "device": device,
        "location": _LOCATION,
        "debug": _DEBUG,
        "ui_data": {},
        "rpc_udp": _RPC_UDP,
        "sntp": _SNTP,
        "cfg_rev": revision,
    }
    ram, ram_free, flash, flash_free = model.memory
    always_on = model.sleeps_s is None
    shown: JSONObject = {
        "mac": identity.mac,
        "restart_required": False,
        "time": None,
        "unixtime": None,
        "last_sync_ts": None,
        "uptime": random.randint(3_600, 5_000_000) if always_on else 3,
        "ram_size": ram,
        "ram_free": ram_free,
        "ram_min_free": ram_free - 25_000,
        "fs_size": flash,
        "fs_free": flash_free,
        "cfg_rev": revision,
        "kvs_rev": 0,
        **({"schedule_rev": 0} if always_on else {}),
        "webhook_rev": 0,
        **({"btrelay_rev": 0} if always_on else {}),
        **({"bthc_rev": 0} if _is_controlled_by_radio(model) else {}),
        "available_updates": {},
        "reset_reason": 3 if always_on else 8,
        "utc_offset": 3600,
    }
    if not always_on:
        shown["wakeup_reason"] = {"boot": "deepsleep_wake", "cause": "periodic"}
        shown["wakeup_period"] = model.sleeps_s
    if model.is_wall_display:
        del shown["time"], shown["last_sync_ts"], shown["ram_min_free"], shown["btrelay_rev"], shown["utc_offset"]
        shown = {**info, **shown, "platform": "vXD10000M", "virtual_rev": 0}
    return "sys", config, shown


def _is_controlled_by_radio(model: Model) -> bool:
    """Whether Bluetooth buttons can control it: devices that know KNX and have something to control."""
    parts = {part.rpartition("*")[2].partition(".")[0] for profile in model.profiles.values() for part in profile}
    return "bthome" in model.common and "knx" in model.common and parts != {"input"}
