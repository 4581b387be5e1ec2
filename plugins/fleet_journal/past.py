"""What a device was like at a moment that is past: numbers from its history, the rest from the journal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from plugin_sdk import JSON, Device, Fleet, JSONObject

SERIES = """
SELECT s.component, s.field, s.kind, s.words, a.value, extract(epoch FROM a.ts)::float8 AS ts
FROM history.at(ARRAY(SELECT id FROM history.series WHERE device = $1), $2) AS a
JOIN history.series s ON s.id = a.series ORDER BY s.component, s.field
"""
PRESENCE = """
SELECT name FROM history.entry
WHERE lower(device) = lower($1) AND name IN ('Shelly.Connect', 'Shelly.Disconnect') AND ts <= $2
ORDER BY ts DESC, id DESC LIMIT 1
"""
CHANGES = """
SELECT data::text AS data FROM history.entry
WHERE lower(device) = lower($1) AND name = 'Shelly.Settings' AND ts > $2 ORDER BY id DESC LIMIT 10000
"""
FIRST = "SELECT extract(epoch FROM min(ts))::float8 AS ts FROM history.entry WHERE lower(device) = lower($1)"


async def state_at(fleet: Fleet, device: Device, moment: datetime) -> JSONObject:
    """Status, settings and presence.

    Raises:
        Unavailable: The database is away.
    """
    series = await fleet.sql.fetch(SERIES, device.number, moment)
    presence = await fleet.sql.fetch(PRESENCE, device.id, moment)
    changes = await fleet.sql.fetch(CHANGES, device.id, moment)
    first = await fleet.sql.fetch(FIRST, device.id)
    settings = undone(device.settings, (json.loads(row["data"]).get("changes", {}) for row in changes))
    return {
        "shellyID": device.id,
        "ts": moment.timestamp(),
        "presence": _PRESENCE[presence[0]["name"]] if presence else None,
        "status": _status(series),
        "measured": {f"{row['component']}.{row['field']}": row["ts"] for row in series},
        "settings": settings,
        "settingsFrom": first[0]["ts"],
    }


_PRESENCE = {"Shelly.Connect": "online", "Shelly.Disconnect": "offline"}


def undone(settings: JSONObject, changes: Iterable[Mapping[str, list[JSON]]]) -> JSONObject:
    """Settings as they were before some changes, given from the newest to the oldest; ``settings`` is changed."""
    for change in changes:
        for path, (before, _after) in change.items():
            _put(settings, path.split("."), before)
    return settings


def _status(rows: Iterable[Mapping[str, JSON]]) -> JSONObject:
    status: JSONObject = {}
    for row in rows:
        _put(status, [row["component"], *row["field"].split(".")], _value(row))
    return status


def _value(row: Mapping[str, JSON]) -> JSON:
    value = row["value"]
    if row["kind"] != "state":
        return value
    if row["words"]:
        place = int(value)
        return row["words"][place] if 0 <= place < len(row["words"]) else None
    return bool(value) if value in (0, 1) else value


def _put(target: JSONObject, names: list[str], value: JSON) -> None:
    *way, last = names
    for name in way:
        inner = target.get(name)
        if not isinstance(inner, dict):
            if value is None:
                return
            inner = target[name] = {}
        target = inner
    if value is None:
        target.pop(last, None)
    else:
        target[last] = value
