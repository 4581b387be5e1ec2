"""SQL methods: what a call costs beside the same statement given to asyncpg by hand, in this process.

Both use a pool of one connection to the same server, in turns; what is compared is the processor time of this process.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.scale import Scale
from benchmarks.table import Row, Target
from fleet_platform.sql_methods import expose_sql_methods
from fleet_platform.storage.embedded import EmbeddedPostgres

COST = Target(of="ratio", relation="≤", limit=1.5)
CALLS = 40
"""Of one stretch. Stretches are short and many, so that the quietest quarter of them met nobody else at work."""

FUNCTIONS = """
CREATE SCHEMA s;
CREATE FUNCTION s.scalar(p_a int, p_b int, p_c int = 3) RETURNS int LANGUAGE sql AS 'SELECT p_a + p_b + p_c';
CREATE FUNCTION s.rows(p_n int) RETURNS TABLE (id int, name text, power float8)
    LANGUAGE sql AS $$SELECT i, 'device ' || i, i * 1.5::float8 FROM generate_series(1, p_n) i$$
"""


async def measure(scale: Scale) -> list[Row]:
    """A function that gives a number, and one that gives ten rows."""
    folder = _folder()
    try:
        async with (
            EmbeddedPostgres(folder) as postgres,
            asyncpg.create_pool(postgres.dsn, min_size=1, max_size=1) as pool,
        ):
            await pool.execute(FUNCTIONS)
            config = {"connection": postgres.dsn, "link": {"schemas": ["s"]}, "channel": None}
            async with await expose_sql_methods(config) as exposed:
                s = exposed.methods.s
                return [
                    await _compare(
                        "a number",
                        scale,
                        bare=lambda: pool.fetchval("SELECT s.scalar($1, $2)", 1, 2),
                        ours=lambda: s.scalar({"p_a": 1, "p_b": 2}),
                    ),
                    await _compare(
                        "ten rows",
                        scale,
                        bare=lambda: pool.fetch("SELECT * FROM s.rows($1)", 10),
                        ours=lambda: s.rows({"p_n": 10}),
                    ),
                ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fleet-benchmark-"))
    folder.chmod(0o755)  # as root the server runs as another user
    return folder


async def _compare(
    what: str, scale: Scale, *, bare: Callable[[], Awaitable[Any]], ours: Callable[[], Awaitable[Any]]
) -> Row:
    costs: tuple[list[float], list[float]] = ([], [])
    until = time.monotonic() + 2 * scale.seconds
    while time.monotonic() < until or not costs[0]:
        for call, found in zip((bare, ours), costs, strict=True):
            found.append(await _cost_us(call))
    before, after = (sorted(found)[len(found) // 4] for found in costs)
    return Row(
        figure=f"SQL method that gives {what}: CPU per call",
        unit="µs",
        value=after,
        bare=before,
        target=COST,
        note=f"{after - before:.0f} µs more; lower quartile of {len(costs[0]):,} stretches of {CALLS} calls each",
    )


async def _cost_us(call: Callable[[], Awaitable[Any]]) -> float:
    """Processor time of this process for a call, of some calls one after the other."""
    begun = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - begun) / CALLS * 1e6
