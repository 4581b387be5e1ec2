"""Tags of devices: short words in lower case."""

from __future__ import annotations

from collections.abc import Collection

from plugin_sdk import Sql

_NONE: frozenset[str] = frozenset()


class Tags:
    """All tags, in memory and stored. Devices are named by their lower-case ids.

    Attributes:
        of: Device to its tags.
        devices: Tag to the devices that have it.
    """

    def __init__(self, sql: Sql) -> None:
        self.of: dict[str, frozenset[str]] = {}
        self.devices: dict[str, set[str]] = {}
        self._sql = sql

    async def load(self) -> None:
        """Read what is stored."""
        for row in await self._sql.fetch("SELECT device, tag FROM device_tag"):
            self._put(row["device"], self.of.get(row["device"], _NONE) | {row["tag"]})

    async def set(self, device: str, tags: Collection[str]) -> None:
        """Give a device these tags and no others."""
        await self._sql.execute(
            """
            WITH lost AS (DELETE FROM device_tag WHERE device = $1 AND tag <> ALL($2::text[]))
            INSERT INTO device_tag (device, tag) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING
            """,
            device,
            sorted(tags),
        )
        self._put(device, frozenset(tags))

    async def rename(self, tag: str, name: str | None) -> list[str]:
        """Give a tag another name, or none at all; returns the devices that have it.

        Where a device has both, the two become one.
        """
        devices = sorted(self.devices.get(tag, ()))
        if name is None:
            await self._sql.execute("DELETE FROM device_tag WHERE tag = $1", tag)
        else:
            await self._sql.execute(
                """
                WITH lost AS (DELETE FROM device_tag WHERE tag = $1 RETURNING device)
                INSERT INTO device_tag (device, tag) SELECT device, $2 FROM lost ON CONFLICT DO NOTHING
                """,
                tag,
                name,
            )
        for device in devices:
            self._put(device, (self.of[device] - {tag}) | ({name} if name else set()))
        return devices

    def forget(self, device: str) -> None:
        """A device is gone, and so is what was stored of it."""
        self._put(device, _NONE)

    def _put(self, device: str, tags: frozenset[str]) -> None:
        before = self.of.get(device, _NONE)
        for tag in before - tags:
            self.devices[tag].discard(device)
            if not self.devices[tag]:
                del self.devices[tag]
        for tag in tags - before:
            self.devices.setdefault(tag, set()).add(device)
        if tags:
            self.of[device] = tags
        else:
            self.of.pop(device, None)
