"""A sink costs its own events at worst: it never delays a publisher, its neighbours or the platform's end."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from typing import Any

import pytest

from fleet_platform.host import HostServices
from plugin_sdk import Sink, hookimpl


def plugin_with(write: Any, **options: Any) -> Any:
    class Plugin:
        @hookimpl
        def fleet_register_sinks(self) -> Any:
            return [Sink(name="sink", write=write, events=("Some.*",), **{"batch_age_s": 0.01, **options})]

    return Plugin


class Collector:
    """A writer that keeps what it gets."""

    def __init__(self, *, hold: bool = False) -> None:
        self.batches: list[Any] = []
        self.go = asyncio.Event()
        if not hold:
            self.go.set()

    async def __call__(self, batch: Any) -> None:
        await self.go.wait()
        self.batches.append([event.params["n"] for event in batch])

    @property
    def numbers(self) -> Any:
        return list(itertools.chain.from_iterable(self.batches))


@pytest.fixture
def publish(services: HostServices) -> Any:
    def publish_numbers(*numbers: Any) -> None:
        for number in numbers:
            services.bus.publish("Some.Event", {"n": number})

    return publish_numbers


def counters(host: Any, plugin: Any = "plugin") -> Any:
    return host.records[plugin].sinks["sink"]


async def test_events_arrive_in_order_and_only_those_it_wants(
    open_host: Any, services: HostServices, publish: Any, eventually: Any
) -> None:
    write = Collector()
    async with open_host(plugin=plugin_with(write)) as host:
        services.bus.publish("Other.Event", {"n": -1})
        publish(*range(10))
        await eventually(lambda: counters(host)["written"] == 10)
        assert write.numbers == list(range(10))
        assert counters(host) == {"received": 10, "written": 10, "dropped": 0, "failed": 0, "retried": 0}


async def test_batch_leaves_when_it_is_full_however_young(open_host: Any, publish: Any, eventually: Any) -> None:
    write = Collector()
    async with open_host(plugin=plugin_with(write, batch_size=3, batch_age_s=3600)):
        publish(*range(7))
        await eventually(lambda: len(write.batches) == 2)
        assert write.batches == [[0, 1, 2], [3, 4, 5]]


async def test_batch_leaves_when_it_is_old_however_small(open_host: Any, publish: Any, eventually: Any) -> None:
    write = Collector()
    async with open_host(plugin=plugin_with(write, batch_size=1000, batch_age_s=0.02)):
        publish(1)
        await eventually(lambda: write.batches == [[1]])


async def test_what_waits_is_written_when_the_platform_stops(open_host: Any, publish: Any) -> None:
    write = Collector()
    async with open_host(plugin=plugin_with(write, batch_size=2, batch_age_s=3600)):
        publish(1, 2, 3)
    assert write.numbers == [1, 2, 3]


@pytest.mark.parametrize(("overflow", "kept"), [("drop_oldest", [0, 3, 4]), ("drop_newest", [0, 1, 2])])
async def test_full_queue_drops_by_its_policy_and_counts(
    open_host: Any, publish: Any, eventually: Any, overflow: Any, kept: Any, caplog: pytest.LogCaptureFixture
) -> None:
    write = Collector(hold=True)
    async with open_host(
        plugin=plugin_with(write, batch_size=1, batch_age_s=0, queue_size=2, overflow=overflow)
    ) as host:
        publish(0)
        await eventually(lambda: not host._lives["plugin"]._sinks[0][1]._waiting)
        publish(1, 2, 3, 4)
        write.go.set()
        await eventually(lambda: len(write.numbers) == 3)
        assert write.numbers == kept
        assert counters(host)["received"] == 5
        assert counters(host)["dropped"] == 2
    assert [record.message for record in caplog.records if "drops events" in record.message] == [
        "sink sink of plugin plugin drops events, 1 so far"
    ]


async def test_flood_is_bounded_and_costs_one_log_line(
    open_host: Any, publish: Any, caplog: pytest.LogCaptureFixture
) -> None:
    write = Collector(hold=True)
    async with open_host(plugin=plugin_with(write, queue_size=10)) as host:
        publish(*range(5_000))
        await asyncio.sleep(0)
        publish(*range(5_000))
        assert counters(host)["received"] == 10_000
        assert len(host._lives["plugin"]._sinks[0][1]._waiting) <= 10
    assert len([record for record in caplog.records if "drops events" in record.message]) == 1
    tally = counters(host)
    assert tally["received"] == tally["written"] + tally["dropped"] + tally["failed"]


async def test_failing_batch_is_tried_again_whole_and_then_given_up(
    open_host: Any, publish: Any, eventually: Any
) -> None:
    seen: list[Any] = []

    async def write(batch: Any) -> None:
        seen.append([event.params["n"] for event in batch])
        if seen[-1][0] == 1:
            raise ConnectionError("no broker")

    async with open_host(plugin=plugin_with(write, batch_size=2, attempts=3)) as host:
        publish(1, 2)
        await eventually(lambda: len(seen) == 1)
        await eventually(lambda: host.records["plugin"].state == "degraded")
        assert host.records["plugin"].reason == "The sink sink cannot write: ConnectionError: no broker."
        publish(3)
        await eventually(lambda: seen[-1] == [3])
        assert seen == [[1, 2], [1, 2], [1, 2], [3]]
        await eventually(lambda: host.records["plugin"].state == "running")
        assert counters(host) == {"received": 3, "written": 1, "dropped": 0, "failed": 2, "retried": 2}


async def never(_batch: Any) -> None:
    await asyncio.Event().wait()


async def deaf(batch: Any) -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await never(batch)


async def leave(_batch: Any) -> None:
    raise SystemExit(1)


async def cancel(_batch: Any) -> None:
    raise asyncio.CancelledError


def not_async(_batch: Any) -> Any:
    return None


@pytest.mark.parametrize("write", [never, deaf, leave, cancel, not_async])
async def test_bad_writer_harms_nobody(open_host: Any, publish: Any, eventually: Any, write: Any) -> None:
    good = Collector()
    async with open_host(
        bad=plugin_with(write, timeout_s=0.02, attempts=1, batch_age_s=0), good=plugin_with(good)
    ) as host:
        publish(1, 2, 3)
        await eventually(lambda: good.numbers == [1, 2, 3])
        await eventually(lambda: counters(host, "bad")["failed"])
        assert host.records["bad"].state == "degraded"
        assert host.records["good"].state == "running"


@pytest.mark.parametrize("write", [never, deaf])
async def test_writer_that_hangs_does_not_hold_up_the_end_and_its_events_are_counted(
    open_host: Any, publish: Any, write: Any
) -> None:
    async with open_host(bad=plugin_with(write, batch_size=1, batch_age_s=0)) as host:
        publish(1, 2, 3)
        await asyncio.sleep(0.01)
    assert counters(host, "bad")["dropped"] == 3


async def test_disabled_plugin_gets_nothing_and_keeps_its_counters(
    open_host: Any, publish: Any, eventually: Any
) -> None:
    write = Collector()
    async with open_host(plugin=plugin_with(write)) as host:
        publish(1)
        await eventually(lambda: write.numbers == [1])
        await host.disable("plugin")
        publish(2)
        await host.enable("plugin")
        publish(3)
        await eventually(lambda: write.numbers == [1, 3])
        assert counters(host)["received"] == 2
