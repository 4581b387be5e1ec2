"""Groups as they are stored; each change is one statement, so that it is made as a whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from fleet_groups.memberships import Group
from fleet_groups.query import Query, QueryError, compile_query
from plugin_sdk import Sql

_INSERT = """
WITH made AS (INSERT INTO device_group (id, name, query)
                  VALUES (coalesce($1, nextval(pg_get_serial_sequence('device_group', 'id'))), $2, $3)
                  RETURNING id),
     devices AS (INSERT INTO group_device (group_id, device, place)
                     SELECT made.id, listed.device, listed.place
                     FROM made, unnest($4::text[]) WITH ORDINALITY AS listed(device, place)),
     inner_groups AS (INSERT INTO group_group (group_id, inner_id) SELECT made.id, unnest($5::bigint[]) FROM made)
SELECT id FROM made
"""
_REPLACE = """
WITH changed AS (UPDATE device_group SET name = $2, query = $3 WHERE id = $1 RETURNING id),
     left_devices AS (DELETE FROM group_device WHERE group_id = $1 AND device <> ALL($4::text[])),
     devices AS (INSERT INTO group_device (group_id, device, place)
                     SELECT changed.id, listed.device, listed.place
                     FROM changed, unnest($4::text[]) WITH ORDINALITY AS listed(device, place)
                     ON CONFLICT (group_id, device) DO UPDATE SET place = excluded.place),
     left_groups AS (DELETE FROM group_group WHERE group_id = $1 AND inner_id <> ALL($5::bigint[])),
     inner_groups AS (INSERT INTO group_group (group_id, inner_id) SELECT changed.id, unnest($5::bigint[]) FROM changed
                          ON CONFLICT DO NOTHING)
SELECT id FROM changed
"""
# A number that somebody chose must not be given out again.
_SKIP = """
SELECT setval(pg_get_serial_sequence('device_group', 'id'),
              greatest($1, nextval(pg_get_serial_sequence('device_group', 'id')) - 1, 1))
"""
_ADD = """
INSERT INTO group_device (group_id, device, place)
    SELECT $1, $2, coalesce(max(place), 0) + 1 FROM group_device WHERE group_id = $1
    ON CONFLICT DO NOTHING
"""


class GroupStore:
    """Reads and writes groups. Every method may raise ``Unavailable`` while the database is away."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def load(self) -> list[Group]:
        """All groups, in the order of their numbers; a query that cannot be read any more fits nothing."""
        groups = await self._sql.fetch("SELECT id, name, query FROM device_group ORDER BY id")
        listed = await self._sql.fetch("SELECT group_id, device FROM group_device ORDER BY group_id, place")
        nested = await self._sql.fetch("SELECT group_id, inner_id FROM group_group ORDER BY group_id, inner_id")
        devices: Mapping[int, dict[str, str]] = defaultdict(dict)
        for row in listed:
            devices[row["group_id"]][row["device"].lower()] = row["device"]
        inner: Mapping[int, list[int]] = defaultdict(list)
        for row in nested:
            inner[row["group_id"]].append(row["inner_id"])
        return [
            Group(
                id=row["id"],
                name=row["name"],
                devices=devices[row["id"]],
                inner=tuple(inner[row["id"]]),
                text=row["query"],
                query=_readable(row["query"]),
            )
            for row in groups
        ]

    async def insert(
        self, number: int | None, name: str, text: str, devices: Sequence[str], inner: Sequence[int]
    ) -> int:
        """Store a new group; returns its number, which is the given one if there is one."""
        if number is not None:
            await self._sql.fetch(_SKIP, number)
        (row,) = await self._sql.fetch(_INSERT, number, name, text, list(devices), list(inner))
        return int(row["id"])

    async def replace(self, group: Group) -> None:
        """Store all of a group anew."""
        await self._sql.fetch(
            _REPLACE, group.id, group.name, group.text, list(group.devices.values()), list(group.inner)
        )

    async def rename(self, number: int, name: str) -> None:
        """Store a name."""
        await self._sql.execute("UPDATE device_group SET name = $2 WHERE id = $1", number, name)

    async def add(self, number: int, device: str) -> None:
        """Put a device into a group."""
        await self._sql.execute(_ADD, number, device)

    async def remove(self, number: int, device: str) -> None:
        """Take a device out of a group."""
        await self._sql.execute("DELETE FROM group_device WHERE group_id = $1 AND lower(device) = $2", number, device)

    async def delete(self, number: int) -> None:
        """Forget a group."""
        await self._sql.execute("DELETE FROM device_group WHERE id = $1", number)

    async def forget_device(self, device: str) -> None:
        """Forget all that is stored of a device, by its lower-case id."""
        await self._sql.execute(
            """
            WITH groups AS (DELETE FROM group_device WHERE lower(device) = $1),
                 tags AS (DELETE FROM device_tag WHERE device = $1)
            DELETE FROM device_location WHERE device = $1
            """,
            device,
        )


def _readable(text: str) -> Query | None:
    try:
        return compile_query(text) if text else None
    except QueryError:
        return None
