from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from fleet_platform.host.turns import MOST_WAITING, Turns
from plugin_sdk.errors import Unavailable


async def test_work_is_done_one_after_the_other_and_failures_go_to_who_asked() -> None:
    log: list[Any] = []

    async def work(number: Any) -> Any:
        log.append(f"{number} begins")
        await asyncio.sleep(0)
        log.append(f"{number} ends")
        if number == 1:
            raise ValueError(number)
        return number

    async with Turns() as turns:
        results = await asyncio.gather(*(turns.take(partial(work, n)) for n in range(3)), return_exceptions=True)
    assert (results[0], results[2]) == (0, 2)
    assert isinstance(results[1], ValueError)
    assert log == [f"{n} {what}" for n in range(3) for what in ("begins", "ends")]


async def test_who_asks_may_go_away_and_the_work_is_finished() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.set()

    async with Turns() as turns:
        task = asyncio.create_task(turns.take(work))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait_for(done.wait(), 5)


async def test_waiting_work_is_bounded_and_refused_at_the_end() -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    async with Turns() as turns:
        tasks = [asyncio.create_task(turns.take(forever)) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(turns.take(forever)))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await turns.take(forever)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(result) for result in results} == {Unavailable}
    with pytest.raises(Unavailable):
        await turns.take(forever)


async def test_posted_work_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("posted")

    async def fine() -> Any:
        return None

    async with Turns() as turns:
        turns.post(fail)
        await turns.take(fine)
    assert "a change of plugins failed" in caplog.text
