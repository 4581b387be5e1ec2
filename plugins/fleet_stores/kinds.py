"""The kinds of things a device stores: how to see that they changed, and how to read them.

Source: Shelly Gen2+ API, KVS, Schedule, Webhook and Script; ``sys`` status has a revision of the first three.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from plugin_sdk import JSON, Device, JSONObject, component_type
from plugin_sdk.errors import DeviceError

Ask: TypeAlias = Callable[[str, JSONObject | None], Awaitable[JSON]]
"""``await ask(method, params)`` calls a method of the device."""

_MAX_PAGES: Final = 50

COMPONENTS: Final = ("sys", "script")
"""Types of the components whose reports may tell of a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind.

    Attributes:
        name: As in results and events: ``kvs``.
        event: Published when it was read anew.
        method: What clients ask for it by.
        revision: Changes when the content does; None if the device has nothing of the kind.
        read: Reads the content.
    """

    name: str
    event: str
    method: str
    revision: Callable[[Device], str | None]
    read: Callable[[Ask], Awaitable[JSON]]


def _counted(name: str) -> Callable[[Device], str | None]:
    def revision(device: Device) -> str | None:
        value = device.read(f"sys.{name}")
        return str(value) if isinstance(value, int) else None

    return revision


def _scripts_revision(device: Device) -> str | None:
    """A digest of what ``Script.List`` tells, for scripts have no revision of their own."""
    if not device.components:
        return None
    present = [key for key in device.components if component_type(key) == "script"]
    settings = device.settings if present else {}
    scripts = {key: [settings.get(key), device.read(f"{key}.running")] for key in present}
    return hashlib.sha256(json.dumps(scripts, sort_keys=True).encode()).hexdigest()[:16]


async def _read_kvs(ask: Ask) -> JSON:
    """``{key: value}`` of all keys, page by page; firmware before 1.0 answers an object, and all at once."""
    found: JSONObject = {}
    for _ in range(_MAX_PAGES):
        answer = _object(await ask("KVS.GetMany", {"offset": len(found)} if found else None))
        items = answer.get("items")
        if isinstance(items, dict):
            return {key: _object(item).get("value") for key, item in items.items()}
        listed = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        page = {str(item["key"]): item.get("value") for item in listed if "key" in item}
        fresh = page.keys() - found.keys()
        found.update(page)
        total = answer.get("total")
        if not fresh or not isinstance(total, int) or len(found) >= total:
            break
    return found


def _listed(method: str, member: str) -> Callable[[Ask], Awaitable[JSON]]:
    async def read(ask: Ask) -> JSON:
        return _object(await ask(method, None)).get(member) or []

    return read


def _object(answer: JSON) -> JSONObject:
    if not isinstance(answer, dict):
        raise DeviceError({"code": -1, "message": "the answer is no object"})
    return answer


KINDS: Final = (
    Kind(
        name="kvs",
        event="Shelly.KVS",
        method="Device.GetKVS",
        revision=_counted("kvs_rev"),
        read=_read_kvs,
    ),
    Kind(
        name="schedules",
        event="Shelly.Schedules",
        method="Device.GetSchedules",
        revision=_counted("schedule_rev"),
        read=_listed("Schedule.List", "jobs"),
    ),
    Kind(
        name="webhooks",
        event="Shelly.Webhooks",
        method="Device.GetWebhooks",
        revision=_counted("webhook_rev"),
        read=_listed("Webhook.List", "hooks"),
    ),
    Kind(
        name="scripts",
        event="Shelly.Scripts",
        method="Device.GetScripts",
        revision=_scripts_revision,
        read=_listed("Script.List", "scripts"),
    ),
)
