"""Identity and ``sys`` of one device."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from fleet_platform.simulator.models.history import has, prune
from fleet_platform.simulator.models.identity import Identity
from fleet_platform.simulator.models.model import Model
from fleet_platform.simulator.models.network import Furnished
from plugin_sdk import JSONObject

_DEBUG: JSONObject = {
    "level": 2,
    "file_level": None,
    "mqtt": {"enable": False},
    "websocket": {"enable": False},
    "file_log": {"enable": False},
    "udp": {"addr": None},
}
_LOCATION: JSONObject = {"tz": "Europe/Berlin", "lat": 52.5, "lon": 13.4}
_RPC_UDP: JSONObject = {"dst_addr": None, "listen_port": None}
_SNTP: JSONObject = {"server": "time.cloudflare.com"}
_SECURITY: JSONObject = {"tls_check_cert_validity_time": True, "enhanced_security": False}

_CONTROLLABLE = frozenset({"switch", "light", "rgb", "rgbw", "cct", "rgbcct", "cover"})
"""Component types that ``bthc_rev`` comes with: what Bluetooth buttons can control."""

_RAM_JITTER, _BLOCK = 1_500, 4_096


def device_info(model: Model, identity: Identity, profile: str) -> JSONObject:
    """Answer of ``Shelly.GetDeviceInfo``; a Wall Display adds to it what its ``sys`` shows."""
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
    if "matter" in model.common and has(model.app, model.version, "matter"):
        info["matter"] = False
    info |= {"provision": "complete", "enhanced_security": False}
    return {**prune(model.app, model.version, "", "info", info), **model.info}


def system_part(model: Model, identity: Identity, info: JSONObject, keys: Sequence[str], *, addon: bool) -> Furnished:
    """``sys``: settings and status, as the newest firmware shows them.

    Args:
        model: What it is.
        identity: Who it is.
        info: Its :func:`device_info`.
        keys: Keys of its components.
        addon: Whether an add-on is plugged in.
    """
    random = identity.random
    revision = random.randint(5, 60)
    config: JSONObject = {
        "device": {
            "name": identity.name,
            "mac": identity.mac,
            "fw_id": model.fw_id,
            "discoverable": True,
            "eco_mode": False,
            **_SECURITY,
            **({"profile": info["profile"]} if "profile" in info else {}),
            **model.device,
            **({"addon_type": "sensor"} if addon else {}),
        },
        "location": _LOCATION,
        "debug": _debug(model.app, model.version),
        "ui_data": {},
        "rpc_udp": _RPC_UDP,
        "sntp": _SNTP,
        **({"sleep": {"wakeup_period": model.sleeps_s}} if model.sleeps_s else {}),
        "cfg_rev": revision,
    }
    shown = _shown(model, identity, revision, keys)
    return "sys", config, shown


@cache
def _debug(app: str, version: str) -> JSONObject:
    """Shared between all devices of an app."""
    debug: JSONObject = prune(app, version, "sys", "config", {"debug": _DEBUG})["debug"]
    return debug


def _shown(model: Model, identity: Identity, revision: int, keys: Sequence[str]) -> JSONObject:
    random = identity.random
    ram, ram_free, flash, flash_free = model.memory
    ram_free -= 4 * random.randint(0, _RAM_JITTER)
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
        "fs_free": flash_free - _BLOCK * random.randint(0, 4),
        "cfg_rev": revision,
        "kvs_rev": 0,
        **({"schedule_rev": 0} if always_on else {}),
        "webhook_rev": 0,
        **({"btrelay_rev": 0} if always_on else {}),
        **({"bthc_rev": 0} if _is_controlled_by_radio(model) else {}),
        "available_updates": {},
        "reset_reason": 3 if always_on else 8,
        "utc_offset": 3600,
        **model.shown,
    }
    if model.channels:
        shown["ch"] = [key for key in keys if key.partition(":")[0] in _CONTROLLABLE]
    if model.zigbee:
        shown["alt"] = {f"{model.app}ZB": _zigbee_firmware(model)}
    if model.sleeps_s is not None:
        shown["wakeup_reason"] = {"boot": "deepsleep_wake", "cause": "periodic"}
        shown["wakeup_period"] = model.sleeps_s
    return shown


def _is_controlled_by_radio(model: Model) -> bool:
    """Whether Bluetooth buttons can control it: what has Bluetooth devices of its own, and an output of the mains.

    Dumps show no ``bthc_rev`` on meters with a contactor.
    """
    types = {part.rpartition("*")[2].partition(".")[0] for parts in model.profiles.values() for part in parts}
    return "bthome" in model.common and bool(types & _CONTROLLABLE) and not types & {"em", "em1"}


def _zigbee_firmware(model: Model) -> JSONObject:
    builds = {
        stage: {"version": version, "build_id": model.at(version).fw_id}
        for stage, version in (("beta", "2.0.0-beta1"), ("stable", "1.7.5"))
    }
    return {"name": model.name, "desc": f"{model.name} with Zigbee", **builds}
