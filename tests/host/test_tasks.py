from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import Any

import pytest

from fleet_platform.host.tasks import StuckError, bounded, end
from plugin_sdk.errors import PluginError


async def forever() -> None:
    await asyncio.Event().wait()


async def deaf() -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await forever()


async def immortal() -> None:
    while True:
        with suppress(BaseException):
            await forever()


async def slow_to_clean_up() -> None:
    try:
        await forever()
    finally:
        await forever()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Python tells of the immortal's end
@pytest.mark.parametrize("work", [forever, deaf, immortal, slow_to_clean_up])
async def test_what_hangs_is_ended_at_its_deadline_whatever_it_does_about_it(work: Any) -> None:
    with pytest.raises(TimeoutError):
        await bounded(work, timeout_s=0.01, name="work")
    gc.collect()


async def test_what_cannot_be_ended_is_reported_and_nobody_waits_for_it() -> None:
    let_go = asyncio.Event()

    async def deaf_until_told() -> None:
        while not let_go.is_set():
            with suppress(asyncio.CancelledError):
                await let_go.wait()

    async def waiting_for_the_deaf() -> None:
        await asyncio.create_task(deaf_until_told())

    with pytest.raises(StuckError):
        await bounded(waiting_for_the_deaf, timeout_s=0.01, name="work")
    let_go.set()
    await asyncio.sleep(0.01)


async def test_result_and_exception_come_through() -> None:
    async def fine() -> int:
        return 7

    async def bad() -> None:
        raise ValueError("bad")

    assert await bounded(fine, timeout_s=5, name="work") == 7
    with pytest.raises(ValueError, match="bad"):
        await bounded(bad, timeout_s=5, name="work")


async def test_work_that_cancels_itself_cancels_nobody_else() -> None:
    async def suicidal() -> None:
        raise asyncio.CancelledError

    with pytest.raises(RuntimeError, match="cancelled"):
        await bounded(suicidal, timeout_s=5, name="work")


async def test_work_that_exits_does_not_end_the_process() -> None:
    async def leaving() -> None:
        raise SystemExit(1)

    with pytest.raises(PluginError):
        await bounded(leaving, timeout_s=5, name="work")


async def test_plain_function_is_told_to_be_async() -> None:
    with pytest.raises(PluginError, match="async def"):
        await bounded(lambda: 7, timeout_s=5, name="work")  # type: ignore[arg-type, return-value]


async def test_being_cancelled_oneself_takes_the_work_along() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await forever()
        finally:
            ended.set()

    outer = asyncio.create_task(bounded(work, timeout_s=60, name="work"))
    await asyncio.sleep(0.01)
    assert await end(outer, patience_s=5)
    assert ended.is_set()
