"""Laws of simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from fleet_platform.simulator.wheel import Wheel


@pytest.fixture
async def wheel() -> AsyncIterator[Wheel]:
    wheel = Wheel(asyncio.get_running_loop(), lambda: None)
    yield wheel
    wheel.stop()


async def test_timers_run_in_order_each_at_its_own_moment(wheel: Wheel) -> None:
    seen: list[float] = []
    start = wheel.now()
    for delay in (30, 10, 20):
        wheel.after(delay, lambda: seen.append(round(wheel.now() - start)))
    wheel.advance(25)
    assert seen == [10, 20]
    wheel.advance(5)
    assert seen == [10, 20, 30]


async def test_a_timer_set_by_a_timer_runs_in_the_same_advance_if_it_falls_due(wheel: Wheel) -> None:
    seen: list[float] = []

    def again() -> None:
        seen.append(wheel.now())
        wheel.after(10, again)

    wheel.after(10, again)
    wheel.advance(45)
    assert len(seen) == 4


async def test_a_cancelled_timer_does_not_run(wheel: Wheel) -> None:
    seen: list[float] = []
    wheel.after(1, lambda: seen.append(1)).cancel()
    wheel.advance(2)
    assert seen == []


async def test_time_passes_by_itself_after_it_was_moved_ahead(wheel: Wheel) -> None:
    passed = asyncio.Event()
    wheel.advance(1000)
    wheel.after(0.01, passed.set)
    async with asyncio.timeout(5):
        await passed.wait()


async def test_a_timer_that_fails_stops_no_other(wheel: Wheel, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[float] = []

    def fail() -> None:
        raise ZeroDivisionError

    wheel.after(1, fail)
    wheel.after(2, lambda: seen.append(2))
    wheel.advance(3)
    assert seen == [2]
    assert "timer failed" in caplog.text


async def test_moving_time_ahead_moves_the_clock_as_far(wheel: Wheel) -> None:
    before = wheel.epoch()
    wheel.advance(3600)
    assert 3600 <= wheel.epoch() - before < 3660
