"""Guessing passwords gets slower and slower, and costs bounded memory; mistyping costs nothing."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from fleet_platform.auth import throttle as module
from fleet_platform.auth.throttle import FORGET_S, FREE_FAILURES, MAX_ASKING, MAX_ASKING_ACCOUNT, MAX_DELAY_S, Throttle
from plugin_sdk.errors import RateLimited, Unavailable


async def right() -> str:
    return "ann"


async def wrong() -> str | None:
    return None


async def fail(throttle: Throttle, name: str, times: int) -> None:
    for _ in range(times):
        assert await throttle.guard(name, wrong) is None


async def pause_s(throttle: Throttle, name: str) -> float:
    with pytest.raises(RateLimited) as refusal:
        await throttle.guard(name, right)
    return float(refusal.value.data["retry_after_s"])


async def test_mistyping_costs_nothing() -> None:
    throttle = Throttle(clock=lambda: 0.0)
    await fail(throttle, "ann", FREE_FAILURES)
    assert await throttle.guard("ann", right) == "ann"


async def test_each_further_failure_doubles_the_pause_up_to_a_bound() -> None:
    time = SimpleNamespace(now=0.0)
    throttle = Throttle(clock=lambda: time.now)
    await fail(throttle, "ann", FREE_FAILURES)
    pauses = []
    for _ in range(8):
        await fail(throttle, "ann", 1)
        pauses.append(await pause_s(throttle, "ann"))
        time.now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, 32, MAX_DELAY_S, MAX_DELAY_S]


async def test_nothing_is_verified_during_the_pause() -> None:
    throttle = Throttle(clock=lambda: 0.0)
    await fail(throttle, "ann", FREE_FAILURES + 1)
    verified = []

    async def verify() -> None:
        verified.append(True)

    with pytest.raises(RateLimited):
        await throttle.guard("ann", verify)
    assert not verified


async def test_a_pause_concerns_one_account_alone() -> None:
    throttle = Throttle(clock=lambda: 0.0)
    await fail(throttle, "ann", FREE_FAILURES + 1)
    assert await throttle.guard("ben", right) == "ann"


async def test_the_right_password_and_a_quiet_while_forgive_failures() -> None:
    time = SimpleNamespace(now=0.0)
    throttle = Throttle(clock=lambda: time.now)
    await fail(throttle, "ann", FREE_FAILURES)
    await throttle.guard("ann", right)
    await fail(throttle, "ann", FREE_FAILURES + 1)
    time.now += 1 + FORGET_S + 1
    await fail(throttle, "ann", FREE_FAILURES)
    assert await throttle.guard("ann", right)


async def test_a_verification_that_cannot_be_done_is_no_failure() -> None:
    throttle = Throttle(clock=lambda: 0.0)

    async def away() -> None:
        raise Unavailable(part="database")

    for _ in range(10):
        with pytest.raises(Unavailable):
            await throttle.guard("ann", away)
    assert await throttle.guard("ann", right)


async def test_one_verification_at_a_time_for_each_account() -> None:
    throttle = Throttle()
    running: dict[str, int] = {"ann": 0, "ben": 0}
    both = asyncio.Event()

    async def verify(name: str) -> str:
        running[name] += 1
        if all(running.values()):
            both.set()
        await both.wait()
        assert running[name] == 1
        running[name] -= 1
        return name

    names = ["ann", "ben"] * MAX_ASKING_ACCOUNT
    answers = await asyncio.gather(*(throttle.guard(name, lambda name=name: verify(name)) for name in names))  # type: ignore[misc]
    assert answers == names


async def test_a_failure_holds_back_whoever_waited_meanwhile() -> None:
    throttle = Throttle(clock=lambda: 0.0)
    await fail(throttle, "ann", FREE_FAILURES)
    answers = await asyncio.gather(*(throttle.guard("ann", wrong) for _ in range(5)), return_exceptions=True)
    assert answers[0] is None
    assert all(isinstance(answer, RateLimited) for answer in answers[1:])


async def test_too_many_callers_at_once_are_refused_and_leave_no_trace() -> None:
    throttle = Throttle()
    gate = asyncio.Event()

    async def verify() -> str:
        await gate.wait()
        return "ok"

    async with asyncio.TaskGroup() as group:
        for _ in range(MAX_ASKING_ACCOUNT):
            group.create_task(throttle.guard("ann", verify))
        for number in range(MAX_ASKING - MAX_ASKING_ACCOUNT):
            group.create_task(throttle.guard(f"user {number}", verify))
        await asyncio.sleep(0)
        for name in ("ann", "zoe"):
            with pytest.raises(RateLimited):
                await throttle.guard(name, verify)
        gate.set()
    assert await throttle.guard("ann", verify) == "ok"
    assert not throttle._accounts


async def test_accounts_remembered_are_bounded_and_the_latest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ACCOUNTS", 10)
    throttle = Throttle(clock=lambda: 0.0)
    for number in range(30):
        await fail(throttle, f"user {number}", FREE_FAILURES + 1)
    assert len(throttle._accounts) == 10
    assert await pause_s(throttle, "user 29") == 1
    assert await throttle.guard("user 0", right)
