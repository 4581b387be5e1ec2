"""The rows: values by registry and key, each change of them whole and durable.

What is read, changed and written back is written only if nobody else wrote meanwhile; else it is tried again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from plugin_sdk import JSON, JSONObject, Sql
from plugin_sdk.errors import Conflict, InvalidParams

MAX_VALUE_BYTES = 1024 * 1024
MAX_KEYS = 1_000
MAX_REGISTRY_BYTES = 16 * 1024 * 1024
MAX_REGISTRIES = 100

_ATTEMPTS = 20
_BOUNDS = {
    "keys": f"the registry has {MAX_KEYS} keys already",
    "bytes": f"the registry would have more than {MAX_REGISTRY_BYTES // 1024 // 1024} MiB",
    "registries": f"there are {MAX_REGISTRIES} registries already",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a registry holds."""

    keys: int
    bytes: int


class Registries:
    """Table ``item``. Every method may raise ``Unavailable`` while the database is away.

    Names of registries and keys are taken as they are: check them before.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        # Those who change values of one platform wait for one another; only other platforms can be in between.
        self._changing = asyncio.Lock()

    async def get(self, registry: str, key: str) -> JSON:
        """A value; None also if there is none."""
        return (await self._read(registry, key))[0]

    async def put(self, registry: str, key: str, value: JSON) -> None:
        """Store a value, whatever was there.

        Raises:
            InvalidParams: It is larger than 1 MiB.
            Conflict: The registry is full.
        """
        self._check(await self._put(registry, key, value, None), registry)

    async def change(self, registry: str, key: str, how: Callable[[JSON], JSON]) -> None:
        """Store what a function makes of the present value, which is None if there is none.

        Args:
            how: May be asked more than once; what it raises leaves the value as it is.

        Raises:
            InvalidParams: The new value is larger than 1 MiB.
            Conflict: The registry is full, or others change the value all the time.
        """
        async with self._changing:
            for _ in range(_ATTEMPTS):
                present, version = await self._read(registry, key)
                outcome = await self._put(registry, key, how(present), version)
                if outcome != "changed":
                    self._check(outcome, registry)
                    return
        raise Conflict("others change it all the time", registry=registry, key=key)

    async def remove(self, registry: str, key: str) -> bool:
        """Remove a value; returns whether it was there."""
        tag = await self._sql.execute("DELETE FROM item WHERE registry = $1 AND key = $2", registry, key)
        return tag != "DELETE 0"

    async def keys(self, registry: str) -> list[str]:
        """All keys of a registry, sorted."""
        rows = await self._sql.fetch("SELECT key FROM item WHERE registry = $1 ORDER BY key", registry)
        return [row["key"] for row in rows]

    async def all(self, registry: str) -> JSONObject:
        """All values of a registry by their keys, in the order of these."""
        rows = await self._sql.fetch("SELECT key, value FROM item WHERE registry = $1 ORDER BY key", registry)
        found = {}
        for row in rows:
            found[row["key"]] = json.loads(row["value"])
            await asyncio.sleep(0)  # sixteen values of a MiB would stop the event loop for long
        return found

    async def sizes(self) -> Mapping[str, Size]:
        """How much each registry holds."""
        rows = await self._sql.fetch(
            "SELECT registry, count(*) AS keys, sum(size) AS bytes FROM item GROUP BY registry ORDER BY registry"
        )
        return {row["registry"]: Size(keys=row["keys"], bytes=int(row["bytes"])) for row in rows}

    async def _read(self, registry: str, key: str) -> tuple[JSON, int]:
        rows = await self._sql.fetch("SELECT value, version FROM item WHERE registry = $1 AND key = $2", registry, key)
        return (json.loads(rows[0]["value"]), rows[0]["version"]) if rows else (None, 0)

    async def _put(self, registry: str, key: str, value: JSON, version: int | None) -> str:
        text, size = _encode(value)
        [row] = await self._sql.fetch(
            "SELECT put_item($1, $2, $3, $4, $5, $6, $7, $8) AS outcome",
            registry,
            key,
            text,
            size,
            version,
            MAX_KEYS,
            MAX_REGISTRY_BYTES,
            MAX_REGISTRIES,
        )
        return str(row["outcome"])

    @staticmethod
    def _check(outcome: str, registry: str) -> None:
        if outcome != "stored":
            raise Conflict(_BOUNDS[outcome], reason="full", registry=registry)


def check_value(value: JSON, path: str) -> None:
    """Look whether a value can be stored.

    Args:
        path: Names it in the error.

    Raises:
        InvalidParams: It is larger than 1 MiB, or holds what is no text.
    """
    _encode(value, path)


def length_of(keys: Iterable[str], values: int) -> int:
    """Bytes of a registry as one compact JSON object, from its keys and the bytes of its values."""
    names = [len(json.dumps(key, ensure_ascii=False).encode()) + len(":") for key in keys]
    return len("{}") + sum(names) + values + max(len(names) - 1, 0)


def _encode(value: JSON, path: str = "value") -> tuple[str, int]:
    """JSON text and its bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidParams.at(path, "holds half of a surrogate pair") from None
    if size > MAX_VALUE_BYTES:
        raise InvalidParams.at(path, "is larger than 1 MiB")
    return text, size
