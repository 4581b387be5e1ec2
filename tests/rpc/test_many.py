"""The same for many: bounded, an outcome for each, within a deadline."""

from __future__ import annotations

import asyncio

from fleet_platform.rpc.many import for_each
from plugin_sdk.errors import CallTimeout, InternalError, NotFound


async def test_each_has_its_outcome_in_the_order_of_the_names() -> None:
    async def work(name: str) -> int:
        if name == "b":
            raise NotFound
        if name == "c":
            raise ZeroDivisionError
        return len(name)

    outcomes = await for_each(["d", "b", "c", "a"], work, where="a test", within_s=30)
    assert list(outcomes) == ["d", "b", "c", "a"]
    assert [type(outcome) for outcome in outcomes.values()] == [int, NotFound, InternalError, int]
    assert await for_each([], work, where="a test", within_s=30) == {}


async def test_no_more_run_at_a_time_than_allowed() -> None:
    running = most = 0

    async def work(_name: str) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await for_each(map(str, range(50)), work, where="a test", within_s=30, at_once=7)
    assert most == 7


async def test_who_does_not_answer_in_time_costs_nobody_else_the_answer() -> None:
    async def work(name: str) -> str:
        if name == "mute":
            await asyncio.Event().wait()
        return name

    outcomes = await for_each(["mute", "late", "a"], work, where="a test", within_s=0.05, at_once=2)
    assert (outcomes["late"], outcomes["a"]) == ("late", "a")
    assert isinstance(outcomes["mute"], CallTimeout)


async def test_few_are_done_in_one_turn_of_the_loop() -> None:
    done = most = 0

    async def work(_name: str) -> None:
        nonlocal done
        done += 1

    async def watch() -> None:
        nonlocal done, most
        while True:
            most, done = max(most, done), 0
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await for_each(map(str, range(2_000)), work, where="a test", within_s=30)
    watching.cancel()
    assert 0 < most <= 40


async def test_others_run_while_nothing_has_to_be_waited_for() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def work(_name: str) -> None:
        return None

    counting = asyncio.create_task(count())
    await for_each(map(str, range(2_000)), work, where="a test", within_s=30, at_once=2)
    counting.cancel()
    assert turns > 10
