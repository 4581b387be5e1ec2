"""Running one part of a migration file, all or nothing.

The text goes through ``EXECUTE`` of PL/pgSQL, where the server itself refuses to end the transaction: a file that says
COMMIT leaves nothing behind, whatever stands around it.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

import asyncpg

from fleet_platform.migrations.bookkeeping import make_schema, quoted
from fleet_platform.migrations.connection import Connection
from fleet_platform.storage.problems import MigrationFailed

SPARE_S = 5.0
"""How much later than the server the client gives up, so that the server's answer counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Statements to run.

    Attributes:
        label: What they are, for errors: ``migration core/1_device.sql``.
        text: The statements.
        line: Line of the file on which they begin; None if they come from no file.
        schema: First in the search path; made if missing. None leaves the path as it is.
    """

    label: str
    text: str
    line: int | None
    schema: str | None


async def run(connection: Connection, part: Part, timeout_s: float) -> float:
    """Run a part; returns how long it took, in seconds.

    Raises:
        MigrationFailed: The server refuses a statement, or it takes too long; with the line if the server tells.
    """
    started = time.monotonic()
    if part.schema is not None:
        await make_schema(connection, part.schema)
        await connection.execute(f"SET LOCAL search_path TO {quoted(part.schema)}, public")
    await connection.execute(f"SET LOCAL statement_timeout = {max(1, int(timeout_s * 1000))}")
    try:
        await connection.execute(_inside(_ended(part.text)), timeout=timeout_s + SPARE_S)
    except (TimeoutError, asyncpg.QueryCanceledError) as err:
        if isinstance(err, asyncpg.QueryCanceledError) and time.monotonic() - started < timeout_s:
            raise MigrationFailed(f"the {part.label} was cancelled by somebody: {err}") from err
        raise MigrationFailed(f"the {part.label} took longer than {timeout_s:g} s") from err
    except (asyncpg.OperatorInterventionError, asyncpg.PostgresConnectionError):
        raise  # the server went away; that is not the file's fault
    except asyncpg.PostgresError as err:
        raise MigrationFailed(_explained(part, err)) from err
    await connection.execute("SET LOCAL statement_timeout = 0")
    return time.monotonic() - started


def is_empty(text: str) -> bool:
    """Whether there is nothing but blank lines and comments of a line."""
    return all(not line.strip() or line.strip().startswith("--") for line in text.split("\n"))


def _ended(text: str) -> str:
    # a last statement of its own: EXECUTE does not take SELECT INTO as its last one
    return f"{text}\n;SELECT 1"


def _inside(text: str) -> str:
    # the quotes are made from the text, so nobody can write a text that has them in it
    tag = f"fleet_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    return f"DO ${tag}_do$ BEGIN EXECUTE ${tag}${text}${tag}$; END ${tag}_do$"


def _explained(part: Part, error: asyncpg.PostgresError) -> str:
    where = f"the {part.label}{_line(part, error)}"
    if isinstance(error, asyncpg.ActiveSQLTransactionError):
        return (
            f"{where} failed: {error}; a migration is applied as a whole or not at all, so this statement cannot be "
            "in one: use a form of it that can run in a transaction (without CONCURRENTLY), or run it by hand"
        )
    if (
        isinstance(error, asyncpg.FeatureNotSupportedError)
        and getattr(error, "server_source_function", "") == "exec_stmt_dynexecute"
    ):
        return f"{where} must not begin or end transactions itself, nor COPY from or to its client: {error}"
    return f"{where} failed: {error}"


def _line(part: Part, error: asyncpg.PostgresError) -> str:
    position = str(getattr(error, "internal_position", None))
    if part.line is None or not position.isdecimal() or getattr(error, "internal_query", None) != _ended(part.text):
        return ""
    return f", line {part.line + part.text.count(chr(10), 0, int(position) - 1)},"
