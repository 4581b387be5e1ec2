"""A plugin's life: its lifespan, its tasks and what they are allowed to do to others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from fleet_platform.host import Host, HostServices, Timing
from plugin_sdk import Method, Sink, hookimpl


class Alive:
    """Writes down what happens to it."""

    def __init__(self) -> None:
        self.diary: list[Any] = []

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Any) -> AsyncIterator[Any]:
        self.fleet = fleet
        self.diary.append("enter")
        fleet.start(self.work, name="work")
        yield
        self.diary.append("leave")

    async def work(self) -> None:
        self.diary.append("work")
        try:
            await asyncio.Event().wait()
        finally:
            self.diary.append("work ends")


def module_like(instance: Any) -> Any:
    """A class whose only instance is known to the test."""
    return type("Plugin", (), {"__new__": lambda _cls: instance})


async def hang(_fleet: Any) -> AsyncIterator[Any]:
    await asyncio.Event().wait()
    yield


async def deaf(_fleet: Any) -> AsyncIterator[Any]:
    while not yielded_at_last():
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    yield


def yielded_at_last() -> bool:
    return False


async def fail(_fleet: Any) -> AsyncIterator[Any]:
    if not yielded_at_last():
        raise ConnectionError("no broker")
    yield


async def hang_at_the_end(_fleet: Any) -> AsyncIterator[Any]:
    yield
    await asyncio.Event().wait()


async def fail_at_the_end(_fleet: Any) -> AsyncIterator[Any]:
    yield
    raise ValueError("not tidy")


async def deaf_at_the_end(_fleet: Any) -> AsyncIterator[Any]:
    try:
        yield
    finally:
        async for _ in deaf(None):
            pass


def living(function: Any) -> Any:
    """A plugin class whose lifespan is an asynchronous generator."""

    @asynccontextmanager
    async def fleet_lifespan(self: object, fleet: Any) -> AsyncIterator[Any]:
        async with asynccontextmanager(function)(fleet):
            yield

    return type("Plugin", (), {"fleet_lifespan": hookimpl(fleet_lifespan)})


async def test_tasks_end_before_the_lifespan_they_were_started_in(open_host: Any, eventually: Any) -> None:
    alive = Alive()
    async with open_host(alive=module_like(alive)) as host:
        await eventually(lambda: "work" in alive.diary)
        assert host.records["alive"].state == "running"
    assert alive.diary == ["enter", "work", "work ends", "leave"]


@pytest.mark.parametrize("start", [hang, deaf, fail])
async def test_lifespan_that_does_not_start_delays_nobody_and_is_shown(
    services: HostServices, entry: Any, start: Any, eventually: Any
) -> None:
    alive = Alive()
    timing = Timing(start_s=0.2, stop_s=0.2, first_pause_s=60)
    plugins = [entry("bad", living(start)), entry("good", module_like(alive))]
    async with Host(services=services, entry_points=plugins, timing=timing) as host:
        await eventually(lambda: host.records["good"].state == "running")
        await eventually(lambda: host.records["bad"].state == "failed")
        assert await host.settled(5)
        assert "The lifespan failed: " in str(host.records["bad"].reason)


async def test_entering_the_host_waits_for_no_lifespan(services: HostServices, entry: Any) -> None:
    never = Timing(start_s=3600, stop_s=0.1)
    async with Host(services=services, entry_points=[entry("bad", living(hang))], timing=never) as host:
        assert (host.records["bad"].state, host.records["bad"].reason) == ("degraded", "It is starting.")
        assert not await host.settled(0.01)


@pytest.mark.parametrize("end", [hang_at_the_end, fail_at_the_end, deaf_at_the_end])
async def test_lifespan_that_does_not_stop_holds_nobody_up(open_host: Any, end: Any) -> None:
    alive = Alive()
    async with open_host(bad=living(end), good=module_like(alive)):
        pass
    assert alive.diary[-1] == "leave"


async def test_contributions_are_in_force_before_and_while_a_lifespan_fails(open_host: Any) -> None:
    class Plugin(living(fail)):  # type: ignore[misc]  # made for the test
        @hookimpl
        def fleet_register_methods(self) -> Any:
            return [Method(name="Still.Here", handler=lambda: None)]

    async with open_host(bad=Plugin) as host:
        assert host.records["bad"].state == "failed"
        assert "still.here" in host.tables.methods


async def test_task_group_that_fails_inside_a_lifespan_restarts_it(open_host: Any, eventually: Any) -> None:
    entered: list[Any] = []

    async def grouped(_fleet: Any) -> AsyncIterator[Any]:
        async with asyncio.TaskGroup() as group:
            entered.append(1)
            if len(entered) == 1:
                group.create_task(broken())
            yield

    async def broken() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("child")

    async with open_host(grouped=living(grouped)) as host:
        await eventually(lambda: len(entered) == 2)
        await eventually(lambda: host.records["grouped"].state == "running")
        assert host.records["grouped"].restarts == 1


async def test_failed_lifespan_takes_its_tasks_along(open_host: Any, eventually: Any) -> None:
    running: list[Any] = []

    async def work() -> None:
        running.append(1)
        try:
            await asyncio.Event().wait()
        finally:
            running.pop()

    attempts: list[Any] = []

    async def failing(fleet: Any) -> AsyncIterator[Any]:
        attempts.append(len(running))
        fleet.start(work, name="work")
        await asyncio.sleep(0.01)
        if len(attempts) < 3:
            raise ValueError
        yield

    async with open_host(failing=living(failing)) as host:
        await eventually(lambda: host.records["failing"].state == "running")
        assert attempts == [0, 0, 0]
        assert running == [1]


async def test_lifespan_that_is_no_context_manager_is_a_failure(open_host: Any) -> None:
    class Plugin:
        @hookimpl
        def fleet_lifespan(self) -> Any:
            return 7

    async with open_host(bad=Plugin) as host:
        assert "must return an async context manager" in str(host.records["bad"].reason)


async def test_task_that_fails_degrades_and_mends(open_host: Any, eventually: Any) -> None:
    async def flaky() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise ValueError("once")
        await asyncio.Event().wait()

    runs: list[Any] = []
    alive = Alive()
    async with open_host(alive=module_like(alive)) as host:
        alive.fleet.start(flaky, name="flaky")
        await eventually(lambda: host.records["alive"].state == "degraded")
        await eventually(lambda: host.records["alive"].state == "running")


async def test_sink_writes_only_while_the_lifespan_is_entered_and_before_it_is_left(
    open_host: Any, services: HostServices, eventually: Any
) -> None:
    diary: list[Any] = []

    class Plugin:
        @hookimpl
        def fleet_register_sinks(self) -> Any:
            return [Sink(name="all", write=self.write, batch_age_s=0, events=("Some.*",))]

        @hookimpl
        @asynccontextmanager
        async def fleet_lifespan(self) -> AsyncIterator[Any]:
            services.bus.publish("Some.Early", {})
            await asyncio.sleep(0.05)
            diary.append("enter")
            yield
            diary.append("leave")

        async def write(self, batch: Any) -> None:
            diary.extend(event.method for event in batch)

    async with open_host(plugin=Plugin):
        await eventually(lambda: "Some.Early" in diary)
        services.bus.publish("Some.Late", {})
    assert diary == ["enter", "Some.Early", "Some.Late", "leave"]
