"""The configuration of a stand-alone run, in the predecessor's shape.

::

    {
        "connection": {"host": "db", "port": 5432, "user": "fm", "password": "…", "database": "fm"},
        "schema": "migration",
        "cwd": ["./db/a", {"owner": "billing", "path": "./db/b"}],
    }

``connection`` may also be an address, ``postgresql://…``. No text here holds a password.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet_platform.migrations.files import MigrationFolder
from fleet_platform.storage import dsn as dsn_text
from fleet_platform.storage.problems import DatabaseUnreachable, StorageProblem

KEYS = ("connection", "schema", "cwd", "link")
CONNECTION = ("host", "port", "user", "password", "database", "dsn", "ssl", "application_name")
OF_A_POOL = ("max", "min", "idleTimeoutMillis", "connectionTimeoutMillis", "keepAlive", "allowExitOnIdle")
"""Options of the predecessor's pool, which a single connection has no use for."""

MAX_NAME = 63
"""Bytes in a name. Source: PostgreSQL manual, "Identifiers and Key Words"."""


class ConfigWrong(StorageProblem):
    """The configuration of a stand-alone run cannot be used; the detail lists everything that cannot."""

    message = "The configuration cannot be used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration that was checked.

    Attributes:
        connect: Arguments of ``asyncpg.connect``.
        where: The database, for people.
        schema: Schema of the bookkeeping.
    """

    connect: Mapping[str, Any]
    where: str
    schema: str
    folders: tuple[MigrationFolder, ...]


def parse(config: Mapping[str, Any], *, base: Path | None = None) -> Config:
    """Check a configuration.

    Args:
        base: What relative folders are relative to; the working folder if None.

    Raises:
        ConfigWrong: With everything that is wrong.
    """
    if not isinstance(config, Mapping):
        raise ConfigWrong('the configuration should be an object with "connection", "schema" and "cwd"')
    problems = _unknown("", config, KEYS)
    connect, where = _connection(config.get("connection"), problems)
    schema = config.get("schema", "migration")
    if not isinstance(schema, str) or not 0 < len(schema.encode()) <= MAX_NAME or "\0" in schema:
        problems.append(f"schema should be the name of a schema, not {schema!r}")
    folders = _folders(config.get("cwd"), base or Path(), problems)
    if problems:
        raise ConfigWrong("; ".join(problems))
    return Config(connect=connect, where=where, schema=schema, folders=folders)


def _connection(value: Any, problems: list[str]) -> tuple[dict[str, Any], str]:
    if isinstance(value, Mapping) and isinstance(value.get("dsn"), str):
        problems += [f"connection has both dsn and {key}" for key in value if key != "dsn"]
        value = value["dsn"]
    if isinstance(value, str):
        try:
            dsn_text.check(value)
        except DatabaseUnreachable as err:
            problems.append(f"connection: {err}")
            return {}, ""
        return {"dsn": value}, dsn_text.location(value)
    if not isinstance(value, Mapping):
        problems.append('connection should be an address or an object with "host", "user", "password", "database"')
        return {}, ""
    problems += _unknown("connection.", value, (*CONNECTION, *OF_A_POOL))
    connect = {key: value[key] for key in CONNECTION if value.get(key) is not None}
    problems += [
        f"connection.{key} should be a text (in quotes)"
        for key in ("host", "user", "password", "database", "application_name")
        if not isinstance(connect.get(key, ""), str)
    ]
    port = str(connect.get("port", 5432))
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        problems.append("connection.port should be a number from 1 to 65535")
    elif "port" in connect:
        connect["port"] = int(port)
    if not isinstance(connect.get("ssl", False), bool | str):
        problems.append("connection.ssl should be true, false or a mode such as verify-full")
    if connect.get("ssl") is False:
        del connect["ssl"]
    host = connect.get("host", "the default address")
    return connect, f"the database {connect.get('database', '(default)')} at {host}:{port}"


def _folders(value: Any, base: Path, problems: list[str]) -> tuple[MigrationFolder, ...]:
    listed = [value] if isinstance(value, str | Path) else value
    if not isinstance(listed, list | tuple) or not listed:
        problems.append("cwd should be a list of folders")
        return ()
    folders = []
    for number, item in enumerate(listed):
        given = {"path": item} if isinstance(item, str | Path) else item
        if not isinstance(given, Mapping) or not isinstance(given.get("path"), str | Path):
            problems.append(f'cwd[{number}] should be a folder, or {{"owner": "…", "path": "…"}}')
            continue
        problems += _unknown(f"cwd[{number}].", given, ("owner", "path"))
        path = (base / given["path"]).absolute()
        owner = given.get("owner", path.resolve().name)
        if not isinstance(owner, str) or not owner or "/" in owner or "\0" in owner:
            problems.append(f"cwd[{number}] needs an owner: a name without a slash")
            continue
        folders.append(MigrationFolder(owner=owner, path=path))
    return tuple(folders)


def _unknown(where: str, given: Iterable[Any], known: Iterable[str]) -> list[str]:
    problems = []
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), list(known), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            problems.append(f"there is no {where}{key}{hint}")
    return problems
