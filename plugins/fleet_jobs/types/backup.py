"""The job type ``backup``: have a device make a backup of its set-up, and fetch it.

The device restarts. What it made holds passwords in the clear.

Source: documentation of the vendor's Fleet Manager ("Device Backups"): ``Sys.CreateBackup`` with the optional sections,
then ``Sys.DownloadBackup {offset, len}`` answers ``{data, left}``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from pydantic import Field

from fleet_jobs.reboots import Reboots
from fleet_jobs.types.params import Params, read
from plugin_sdk import JSON, JobStep, JobType, JSONObject, Parameter
from plugin_sdk.errors import Conflict, Unavailable

_PIECE = 4_096
_LARGEST = 45 * 1024
"""Bytes that fit into a result; half a backup is none."""


class BackupParams(Params):
    """``{contents?: {schedules: true, …}}``: the device's optional sections."""

    contents: dict[str, bool] = Field(default_factory=dict, max_length=50)


class BackupType:
    """Makes backups."""

    def __init__(self, reboots: Callable[[], Reboots]) -> None:
        self._reboots = reboots

    def declare(self) -> JobType:
        """Declare it."""
        return JobType(
            title="Make a backup",
            run=self._run,
            permission=lambda _params: "sys.createbackup",
            check=_check,
            parameters={"contents": Parameter(schema={"type": "object"}, label="Optional sections")},
            idempotent=True,
            concurrency=10,
            timeout_s=300.0,
            needs_online="wait",
        )

    async def _run(self, step: JobStep) -> JSON:
        given = read(BackupParams, step.params)
        async with self._reboots().following(step.device) as news:
            await step.call("Sys.CreateBackup", given.contents)
            step.tell(None, "restarting")
            while (await news.get()).name != "connected":
                pass
        archive = await _download(step)
        return {
            "bytes": len(archive),
            "sha256": hashlib.sha256(archive).hexdigest(),
            "data": base64.b64encode(archive).decode(),
        }


def _check(params: JSONObject) -> None:
    read(BackupParams, params)


async def _download(step: JobStep) -> bytes:
    archive = b""
    while True:
        data, left = _piece(await step.call("Sys.DownloadBackup", {"offset": len(archive), "len": _PIECE}))
        archive += data
        if left and not data:
            raise Unavailable(f"the device kept back the last {left:,} bytes of its backup", part="device")
        if len(archive) + left > _LARGEST:
            raise Conflict(f"the backup has {len(archive) + left:,} bytes; at most {_LARGEST:,} are kept")
        if not left:
            return archive
        step.tell(100 * len(archive) / (len(archive) + left), "loading")


def _piece(answer: JSON) -> tuple[bytes, int]:
    """A part of the backup, and how many bytes come after it."""
    try:
        return base64.b64decode(answer["data"], validate=True), max(0, int(answer.get("left", 0)))
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise Unavailable("the device's answer is no part of a backup", part="device") from error
