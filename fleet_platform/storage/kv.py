"""Small JSON values, each under an owner (a plugin's name, or ``core``) and a key."""

from __future__ import annotations

from fleet_platform.storage import jsonb
from fleet_platform.storage.database import Database
from fleet_platform.text import decode
from plugin_sdk import JSON
from plugin_sdk.errors import InvalidParams

MAX_KEY_LENGTH = 512


class KeyValueStore:
    """Table ``core.kv``. All methods raise ``Unavailable`` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, owner: str, key: str, default: JSON = None) -> JSON:
        """The value of a key, or the default; a stored null is None."""
        rows = await self._database.fetch(
            "SELECT value FROM core.kv WHERE owner = $1 AND key = $2", owner, _checked(key)
        )
        return decode(rows[0]["value"]) if rows else default

    async def set(self, owner: str, key: str, value: JSON) -> None:
        """Store a value; durable when this returns.

        Raises:
            InvalidParams: The key is empty or longer than 512 characters, or the value is larger than 1 MiB or
                cannot be stored as it is.
        """
        await self._database.execute(
            "INSERT INTO core.kv (owner, key, value) VALUES ($1, $2, $3)"
            " ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value, updated = now()",
            owner,
            _checked(key),
            jsonb.exact(value, "value"),
        )

    async def delete(self, owner: str, key: str) -> bool:
        """Remove a key; returns whether it was there."""
        tag = await self._database.execute("DELETE FROM core.kv WHERE owner = $1 AND key = $2", owner, _checked(key))
        return tag != "DELETE 0"

    async def keys(self, owner: str, prefix: str = "") -> list[str]:
        """All keys of an owner that start with a prefix, sorted."""
        rows = await self._database.fetch(
            "SELECT key FROM core.kv WHERE owner = $1 AND starts_with(key, $2) ORDER BY key", owner, prefix
        )
        return [row["key"] for row in rows]


def _checked(key: str) -> str:
    if not key or len(key) > MAX_KEY_LENGTH or "\0" in key:
        raise InvalidParams.at("key", f"must have 1 to {MAX_KEY_LENGTH} characters and none of them U+0000")
    return key
