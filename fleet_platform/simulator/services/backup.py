"""``Sys.CreateBackup``, ``DownloadBackup``, ``UploadBackup``, ``RestoreBackup``: a device's set-up as a file.

Making one and taking one in end with a restart. What was made shows in ``sys.backup`` afterwards: ``{created,
contents}``.

Source: documentation of ALLTERCO's Fleet Manager ("Device Backups"): parameters, results of ``DownloadBackup``, the
seven optional sections, the restarts. What ``RestoreBackup`` answers, the texts of refusals and all of ``UploadBackup``
(here: the same without taking it in) are not documented, nor is the firmware that brought them; sleepers and the Wall
Display do not have them here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.device.archive import CONTENTS, Backup, BadArchive, pack, put, take, unpack
from fleet_platform.simulator.services import virtual
from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.arguments import flag, invalid, mapping, required, text, whole
from plugin_sdk.simulation import Deferred, DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_STORE = "backup"
"""Where a device keeps them: ``{made, taken}``, both in base 64."""

_OTHER_DYNAMIC = ("object", "bthomedevice", "bthomesensor", "blutrv", "lnm")

_RESTART_S = 1.0
_CHECK_S = 0.6
_PIECE = 1_024
_LARGEST = 262_144
"""Bytes of an archive that a device takes; the firmware's own limit is not documented."""


def offered(device: Machine) -> bool:
    """Mains-powered devices; not the Wall Display."""
    return "schedule_rev" in device.state.sys and not device.session.dialect.partial_first


def create_backup(device: Machine, params: JSONObject) -> JSON:
    """Make one with the sections that are true in ``params``, and restart."""
    contents = [name for name in CONTENTS if flag(params, name) is True]

    def make() -> None:
        device.storage(_STORE)["made"] = base64.b64encode(pack(take(device, contents))).decode()
        device.state.sys["backup"] = {
            "created": int(device.epoch()),
            "contents": {name: name in contents for name in CONTENTS},
        }

    device.power.restart(_RESTART_S, then=make)
    return None


def download_backup(device: Machine, params: JSONObject) -> JSON:
    """A piece of what was made: ``{data, left}``, in base 64; ``left`` counts bytes.

    Raises:
        DeviceFault: -105 if none was made.
    """
    made = device.storage(_STORE).get("made")
    if made is None:
        raise DeviceFault(-105, "No backup")
    archive = base64.b64decode(made)
    offset = whole(params, "offset") or 0
    piece = archive[offset : offset + (whole(params, "len", 1) or _PIECE)]
    return {"data": base64.b64encode(piece).decode(), "left": max(0, len(archive) - offset - len(piece))}


def upload_backup(device: Machine, params: JSONObject) -> JSON:
    """Take a piece: ``{len}``, all bytes so far."""
    return {"len": len(_taken(device, params))}


def restore_backup(device: Machine, params: JSONObject) -> JSON | Deferred:
    """Take a piece, or with ``final`` the last one, and become what is in it after a restart.

    ``restore`` names the sections that are wanted, ``{"schedules": true}``; all that there are without it.

    Raises:
        DeviceFault: -103 for a piece that does not fit or bytes that are no backup, -109 for another model's.
    """
    wanted = mapping(params, "restore")
    archive = _taken(device, params)
    if flag(params, "final") is not True:
        return None
    device.storage(_STORE).pop("taken", None)
    contents = [name for name in CONTENTS if wanted is None or flag(wanted, name) is True]
    return Deferred.after(device, _CHECK_S, lambda: _apply(device, archive, contents))


def _apply(device: Machine, archive: bytes, contents: list[str]) -> JSON:
    try:
        backup = unpack(archive)
    except BadArchive as err:
        raise invalid("data") from err
    for name, value in (("model", backup.info.model), ("app", backup.info.app)):
        if value != device.state.info.get(name):
            raise DeviceFault(-109, f"Backup is for another {name}")
    _check_components(backup)
    device.power.restart(_RESTART_S, then=lambda: put(device, backup, contents))
    return None


def _check_components(backup: Backup) -> None:
    """Refuse components that nobody could have made on a device."""
    for key, item in (backup.dynamic_components or {}).items():
        kind, _, number = key.partition(":")
        if not number.isdecimal() or kind not in (*virtual.TYPES, *_OTHER_DYNAMIC):
            raise invalid("data")
        if kind in virtual.TYPES:
            virtual.check_settings(kind, item.config)
    if any(component_type(key) != "script" or not key[7:].isdecimal() for key in backup.scripts or ()):
        raise invalid("data")


def _taken(device: Machine, params: JSONObject) -> bytes:
    """What was taken so far, with this call's piece; offset 0 starts anew."""
    required(params, "data")
    kept = device.storage(_STORE)
    offset = whole(params, "offset", 0, _LARGEST) or 0
    before = b"" if offset == 0 else base64.b64decode(kept.get("taken", ""))
    if offset > len(before):
        raise invalid("offset")
    try:
        piece = base64.b64decode(text(params, "data") or "", validate=True)
    except binascii.Error as err:
        raise invalid("data") from err
    together = before[:offset] + piece
    if len(together) > _LARGEST:
        raise DeviceFault(-108, "Resource exhausted")
    kept["taken"] = base64.b64encode(together).decode()
    return together


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON | Deferred]] = {
    "Sys.RestoreBackup": restore_backup,
    "Sys.UploadBackup": upload_backup,
    "Sys.DownloadBackup": download_backup,
    "Sys.CreateBackup": create_backup,
}
