"""Reading the journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from plugin_sdk import DeviceId, Fleet, JSONObject, Principal

PAGE: Final = 500
MAX_READ: Final = 20_000
"""Entries that one call looks at; a caller who may see few of them asks again for what is older."""

QUERY = """
SELECT id, extract(epoch FROM ts)::float8 AS ts, device, name, data::text AS data FROM history.entry
WHERE ($1::text[] IS NULL OR lower(device) = ANY ($1)) AND ($2::text[] IS NULL OR name LIKE ANY ($2))
    AND ($3::timestamptz IS NULL OR ts >= $3) AND ($4::timestamptz IS NULL OR ts < $4)
    AND ($5::bigint IS NULL OR id < $5)
ORDER BY id DESC LIMIT $6
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for.

    Attributes:
        devices: Lower-case ids, or None for all.
        names: Names, which may end in a star, or None for all.
    """

    devices: Sequence[str] | None
    names: Sequence[str] | None
    since: datetime | None
    till: datetime | None
    limit: int


async def entries(fleet: Fleet, principal: Principal, question: Question, before: int | None) -> JSONObject:
    """Entries that the principal may know of, the newest first.

    Raises:
        Unavailable: The database is away.
    """
    found: list[JSONObject] = []
    sees: dict[str, bool] = {}
    patterns = None if question.names is None else [_pattern(name) for name in question.names]
    for _ in range(MAX_READ // PAGE):
        rows = await fleet.sql.fetch(QUERY, question.devices, patterns, question.since, question.till, before, PAGE)
        for row in rows:
            before = row["id"]
            device = row["device"]
            if device is not None and device not in sees:
                sees[device] = fleet.allows(principal, "device.get", DeviceId(device))
            if device is None or sees[device]:
                found.append({"id": row["id"], "ts": row["ts"], "shellyID": device, "name": row["name"]})
                found[-1]["data"] = json.loads(row["data"])
            if len(found) == question.limit:
                return {"entries": found, "before": before}
        if len(rows) < PAGE:
            return {"entries": found, "before": None}
    return {"entries": found, "before": before}


def _pattern(name: str) -> str:
    """As SQL has it: a star at the end stands for anything."""
    plain = name.removesuffix("*")
    escaped = plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped + "%" if plain != name else escaped
