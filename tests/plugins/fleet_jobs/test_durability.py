"""What jobs go through: restarts, and a database that is away."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.client import Client, Token
from fleet_platform.storage.embedded import EmbeddedPostgres
from plugin_sdk import JobStep

from .conftest import ANN, add_devices, ended, eventually, next_event, rows, simulated

if TYPE_CHECKING:
    from .conftest import Crew, Start


@pytest.mark.parametrize(("kind", "state", "again"), [("careful", "done", 1), ("work", "failed", 0)])
async def test_a_job_goes_on_after_a_restart(crew: Crew, start: Start, kind: str, state: str, again: int) -> None:
    """What was under way is done again if that does no harm, else it is marked."""
    crew.act = lambda _step: asyncio.Event().wait()
    async with start() as platform, simulated(platform) as simulator, _ann(platform.url) as ann:
        devices = await add_devices(platform, simulator, 3)
        job = await ann.call("Job.Start", {"type": kind, "devices": devices, "concurrency": 1, "offline": "wait"})
        await eventually(lambda: crew.done)
    crew.act = crew.nothing
    async with start() as platform, simulated(platform) as simulator, _ann(platform.url) as ann:
        await add_devices(platform, simulator, 3)
        over = await ended(ann, job["id"])
        assert (over["state"], over["done"]) == (state, 2 + again)
        assert crew.done.count(devices[0]) == 1 + again
        assert (await rows(ann, job["id"]))[0]["state"] == ("done" if again else "interrupted")
        if not again:
            await ann.call("Job.Retry", {"id": job["id"]})
            assert (await ended(ann, job["id"]))["state"] == "done"


async def test_after_a_crash_what_was_under_way_is_known(crew: Crew, start: Start) -> None:
    async with start() as platform, simulated(platform) as simulator, _ann(platform.url) as ann:
        devices = await add_devices(platform, simulator, 2)
        job = await ann.call("Job.Start", {"type": "work", "devices": devices, "not_before": 2**32})
        # As a process leaves it that was killed during the first turn.
        await platform.database.execute("UPDATE plugin_jobs.job SET state = 'running', not_before = NULL")
        await platform.database.execute("UPDATE plugin_jobs.job_device SET state = 'running' WHERE position = 1")
        over = await ended(ann, job["id"])
        assert (over["state"], over["done"], over["failed"]) == ("failed", 1, 1)
        assert crew.done == devices[1:]


async def test_a_job_whose_type_is_missing_waits_for_it(crew: Crew, start: Start) -> None:
    async with start() as platform, simulated(platform) as simulator, _ann(platform.url) as ann:
        devices = await add_devices(platform, simulator, 1)
        job = await ann.call("Job.Start", {"type": "work", "devices": devices, "not_before": 2**32})
        await platform.database.execute("UPDATE plugin_jobs.job SET type = 'gone', not_before = NULL")

        async def reason() -> Any:
            return (await ann.call("Job.Get", {"id": job["id"]}))["reason"]

        assert await eventually(reason) == "no plugin offers the type gone at the moment"
        await platform.database.execute("UPDATE plugin_jobs.job SET type = 'work'")
        assert (await ended(ann, job["id"]))["state"] == "done"


async def test_while_the_database_is_away_a_job_waits_and_then_goes_on(
    crew: Crew, start: Start, open_folder: Path
) -> None:
    postgres = EmbeddedPostgres(open_folder / "database")
    await postgres.__aenter__()
    go = asyncio.Event()

    async def act(step: JobStep) -> None:
        await go.wait()

    crew.act = act
    async with start(postgres.dsn) as platform, simulated(platform) as simulator, _ann(platform.url) as ann:
        devices = await add_devices(platform, simulator, 4)
        async with ann.subscribe(["Job.Progress"]) as events:
            job = await ann.call("Job.Start", {"type": "work", "devices": devices, "concurrency": 1})
            await eventually(lambda: crew.done)
            await postgres.__aexit__(None, None, None)
            await eventually(lambda: not platform.database.is_up)
            go.set()
            while (event := await next_event(events)).params["state"] != "paused":
                pass
            assert event.params["reason"] == "the database is away; the job goes on when it is back"
        assert len(crew.done) == 1
        postgres = EmbeddedPostgres(open_folder / "database")
        await postgres.__aenter__()
        await eventually(lambda: platform.database.is_up)
        over = await ended(ann, job["id"])
        assert (over["state"], over["done"]) == ("done", 4)
        assert len(crew.done) == 4
    await asyncio.wait_for(postgres.__aexit__(None, None, None), 20)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the database's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="fleet-jobs-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _ann(url: str) -> Client:
    return Client(url, Token(access=ANN))
