"""A device's backup: what is in the archive, and the archive's bytes. Pure.

The format of real archives is not documented beyond this: a zip file, not encrypted, some kilobytes, with the settings
(passwords in the clear), the key-value store and the optional sections that ``Sys.CreateBackup`` names; a JSON member
holds the device's identity. The names of the members are this simulator's own.

Source: documentation of ALLTERCO's Fleet Manager ("Device Backups", ``backupArchive.ts``), and an owner's report of an
archive of an XT1.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import orjson
from pydantic import BaseModel, ValidationError

from fleet_platform.simulator.device.addon import ADDON, fit_addon
from fleet_platform.simulator.device.merge import UnfitSetting, merge_settings
from plugin_sdk import JSON, JSONObject, component_type

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine
    from fleet_platform.simulator.device.state import State


class Component(BaseModel):
    """A dynamic component or a script."""

    config: JSONObject
    status: JSONObject = {}
    attrs: JSONObject = {}
    kept: JSONObject = {}


class Identity(BaseModel):
    """Whose it is, of ``Shelly.GetDeviceInfo``."""

    id: str
    mac: str
    model: str
    app: str
    ver: str
    profile: str | None = None


class Kept(BaseModel):
    """A value of the key-value store."""

    etag: str
    value: JSON


class Backup(BaseModel):
    """What is in an archive; one member each, and none for a section that was not wanted."""

    info: Identity
    config: dict[str, JSONObject]
    kvs: dict[str, Kept] = {}
    files: dict[str, str] = {}
    addon: dict[str, dict[str, dict[str, JSONObject]]] = {}
    ble_bondings: JSONObject | None = None
    dynamic_components: dict[str, Component] | None = None
    persistent_counters: dict[str, dict[str, float]] | None = None
    schedules: dict[int, JSONObject] | None = None
    scripts: dict[str, Component] | None = None
    webhooks: dict[int, JSONObject] | None = None
    matter_storage: dict[str, int] | None = None


CONTENTS = (
    "ble_bondings",
    "dynamic_components",
    "persistent_counters",
    "schedules",
    "scripts",
    "webhooks",
    "matter_storage",
)
"""Sections that a backup may have beside the settings."""

_IDENTITY = ("mac", "fw_id", "profile")
_COUNTERS = ("aenergy", "ret_aenergy")
_LARGEST_MEMBER = 1 << 20
_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)
"""Of a zip file; two archives of the same content are the same bytes."""


_UNREADABLE = (zipfile.BadZipFile, orjson.JSONDecodeError, NotImplementedError, RuntimeError, EOFError, zlib.error)


class BadArchive(ValueError):
    """Bytes that are no backup of a device."""


def pack(backup: Backup) -> bytes:
    """A zip file with one JSON member a section."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in backup.model_dump(mode="json", exclude_none=False).items():
            if content is not None:
                archive.writestr(zipfile.ZipInfo(f"{name}.json", _FIRST_MOMENT), orjson.dumps(content))
    return buffer.getvalue()


def unpack(data: bytes) -> Backup:
    """What is in a zip file.

    Raises:
        BadArchive: It is none, or not what a device would have packed.
    """
    sections: dict[str, JSON] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if member.file_size > _LARGEST_MEMBER:
                    raise BadArchive(f"{member.filename} is too large")
                sections[member.filename.removesuffix(".json")] = orjson.loads(archive.read(member))
        return Backup.model_validate(sections)
    except (*_UNREADABLE, ValidationError) as err:
        raise BadArchive(str(err)) from err


def take(device: Machine, contents: Collection[str]) -> Backup:
    """What a device has: identity, settings, key-value store, and the wanted sections."""
    state, stores = device.state, device.stores
    keys = state.all_keys()
    backup = Backup(
        info=Identity.model_validate({"app": "", "model": "", "ver": "", **state.info, "mac": device.mac}),
        config={key: device.config(key) for key in keys if not state.is_dynamic(key) and not _is_script(key)},
        kvs={key: Kept.model_validate(kept) for key, kept in stores.kvs.items()},
        files=stores.components.get("files", {}),
        addon=stores.components.get(ADDON, {}),
    )
    if "ble_bondings" in contents:
        backup.ble_bondings = stores.components.get("ble", {})
    if "dynamic_components" in contents:
        backup.dynamic_components = {key: _component(device, key) for key in keys if state.is_dynamic(key)}
    if "persistent_counters" in contents:
        backup.persistent_counters = _counters(state.status)
    if "schedules" in contents:
        backup.schedules = stores.schedules
    if "scripts" in contents:
        backup.scripts = {key: _component(device, key) for key in keys if _is_script(key)}
    if "webhooks" in contents:
        backup.webhooks = stores.webhooks
    if "matter_storage" in contents:
        backup.matter_storage = {"num_fabrics": device.status("matter").get("num_fabrics", 0)}
    return backup


def put(device: Machine, backup: Backup, contents: Collection[str]) -> None:
    """Give a device that is down what another had, but not the other's identity."""
    source, origin = backup.info, device.origin
    names = {source.id: device.id, source.mac: device.mac}
    if source.profile in origin.profiles and source.profile != device.state.info.get("profile"):
        device.change_profile(source.profile or "")
    backup = backup.model_copy(update={name: None for name in CONTENTS if name not in contents})
    state, stores = device.state, device.stores
    stores.kvs = {key: kept.model_dump() for key, kept in backup.kvs.items()}
    stores.components["files"] = {**backup.files}
    if backup.addon:
        stores.components[ADDON] = {**backup.addon}
    _put_settings(device, _renamed(backup.config, names))
    if backup.schedules is not None:
        stores.schedules = _renamed(backup.schedules, names)
    if backup.webhooks is not None:
        stores.webhooks = _renamed(backup.webhooks, names)
    if backup.ble_bondings is not None:
        stores.components["ble"] = backup.ble_bondings
    if backup.dynamic_components is not None:
        dynamic = [key for key in state.all_keys() if state.is_dynamic(key)]
        _put_components(device, backup.dynamic_components, dynamic)
    if backup.scripts is not None:
        _put_components(device, backup.scripts, [key for key in state.all_keys() if _is_script(key)])
    if backup.persistent_counters is not None:
        _put_counters(state.status, backup.persistent_counters)
    if backup.matter_storage is not None and "matter" in state.status:
        state.status["matter"].update(backup.matter_storage)
    for revision in ("kvs_rev", "schedule_rev", "webhook_rev"):
        if revision in state.sys:
            state.sys[revision] = state.count_up(revision)


def _component(device: Machine, key: str) -> Component:
    state, kept = device.state, device.stores.components
    return Component(
        config=device.config(key), status=device.status(key), attrs=state.attrs.get(key, {}), kept=kept.get(key, {})
    )


def _counters(status: Mapping[str, JSONObject]) -> dict[str, dict[str, float]]:
    found = {
        key: {name: part[name]["total"] for name in _COUNTERS if isinstance(part.get(name), dict)}
        for key, part in status.items()
    }
    return {key: totals for key, totals in found.items() if totals}


def _put_counters(status: Mapping[str, JSONObject], counters: Mapping[str, Mapping[str, float]]) -> None:
    for key, totals in counters.items():
        for name, total in totals.items():
            if name in _COUNTERS and isinstance(status.get(key, {}).get(name), dict):
                status[key][name]["total"] = total


def _put_settings(device: Machine, config: Mapping[str, JSONObject]) -> None:
    """Settings of the components that the device has, where they fit; its own marks stay."""
    state = device.state
    fit_addon(_with_addon(state, config), device.stores)
    for key in state.config:
        try:
            new, changes = merge_settings(device.config(key), _settable(key, config.get(key, {})))
        except UnfitSetting:
            continue
        device.ws_changed |= key == "ws" and bool(changes)
        state.config[key] = new
    sys = device.config("sys")
    if "name" in state.info and isinstance(sys.get("device"), dict):
        state.info["name"] = sys["device"].get("name")
    if "cfg_rev" in state.sys:
        revision = state.sys["cfg_rev"] = state.count_up("cfg_rev")
        state.config["sys"] = {**sys, **({"cfg_rev": revision} if "cfg_rev" in sys else {})}


def _with_addon(state: State, config: Mapping[str, JSONObject]) -> State:
    """The state with the add-on that it is to have, which decides what components there are."""
    device, wanted = state.config.get("sys", {}).get("device"), config.get("sys", {}).get("device")
    if isinstance(device, dict) and isinstance(wanted, dict) and "addon_type" in device:
        addon = wanted.get("addon_type")
        if addon is None or isinstance(addon, str):
            state.config["sys"] = {**state.config["sys"], "device": {**device, "addon_type": addon}}
    return state


def _settable(key: str, settings: JSONObject) -> JSONObject:
    """Without what marks one device among others."""
    plain = {name: value for name, value in settings.items() if name not in ("id", "cfg_rev")}
    if key == "sys" and isinstance(plain.get("device"), dict):
        plain["device"] = {name: value for name, value in plain["device"].items() if name not in _IDENTITY}
    return plain


def _put_components(device: Machine, saved: Mapping[str, Component], present: Iterable[str]) -> None:
    """Dynamic components or scripts, in place of those there are."""
    state, stores = device.state, device.stores
    for key in present:
        state.remove(key)
        stores.components.pop(key, None)
    for key, item in saved.items():
        state.add(key, status=item.status, config=item.config, attrs=item.attrs)
        if item.kept:
            stores.components[key] = item.kept


def _is_script(key: str) -> bool:
    return component_type(key) == "script"


def _renamed(value: JSON, names: Mapping[str, str]) -> JSON:
    """The same with one device's names in place of another's, in the case they are written in."""
    if isinstance(value, dict):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    if isinstance(value, str):
        for old, new in names.items():
            if old:
                value = value.replace(old, new).replace(old.lower(), new.lower())
    return value
