"""Plugins come and go while the platform runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fleet_platform.host import Host, HostServices
from plugin_sdk import Method, hookimpl
from plugin_sdk.errors import NotFound, Unavailable


def counting(name: str, log: Any) -> Any:
    class Plugin:
        def __init__(self) -> None:
            log.append(f"{name} made")

        @hookimpl
        def fleet_register_methods(self) -> Any:
            return [Method(name=f"{name}.Ping", handler=lambda: None)]

        @hookimpl
        @asynccontextmanager
        async def fleet_lifespan(self) -> AsyncIterator[Any]:
            log.append(f"{name} enters")
            yield
            log.append(f"{name} leaves")

    return Plugin


async def test_disabling_and_enabling_touches_no_other_plugin(open_host: Any, eventually: Any) -> None:
    log: list[Any] = []
    async with open_host(a=counting("A", log), b=counting("B", log)) as host:
        method = host.tables.methods["b.ping"]
        log.clear()
        await host.disable("a")
        assert log == ["A leaves"]
        assert set(host.tables.methods) == {"b.ping"}
        assert host.records["a"].state == "disabled"
        await host.enable("a")
        await eventually(lambda: host.records["a"].state == "running")
        assert log == ["A leaves", "A made", "A enters"]
        assert set(host.tables.methods) == {"a.ping", "b.ping"}
        assert host.tables.methods["b.ping"] is method


async def test_old_tables_are_in_force_until_the_swap_and_gone_before_the_plugin_stops(open_host: Any) -> None:
    seen: list[Any] = []
    opened: list[Host] = []

    class Plugin:
        @hookimpl
        def fleet_register_methods(self) -> Any:
            if opened:
                seen.append(("loading", set(opened[0].tables.methods)))
            return [Method(name="P.Ing", handler=lambda: None)]

        @hookimpl
        @asynccontextmanager
        async def fleet_lifespan(self) -> AsyncIterator[Any]:
            yield
            seen.append(("stopping", set(opened[0].tables.methods)))

    async with open_host(plugin=Plugin, other=counting("Other", [])) as host:
        opened.append(host)
        await host.disable("plugin")
        await host.enable("plugin")
    assert seen[:2] == [("stopping", {"other.ping"}), ("loading", {"other.ping"})]


async def test_enabling_a_quarantined_plugin_tries_it_afresh(open_host: Any) -> None:
    attempts: list[Any] = []

    class Flaky:
        def __init__(self) -> None:
            attempts.append(1)
            if len(attempts) == 1:
                raise ValueError

    async with open_host(flaky=Flaky) as host:
        assert host.records["flaky"].state == "quarantined"
        await host.enable("flaky")
        assert await host.settled(5)
        assert host.records["flaky"].state == "running"


async def test_many_changes_at_once_are_made_one_after_the_other(open_host: Any, eventually: Any) -> None:
    log: list[Any] = []
    async with open_host(a=counting("A", log)) as host:
        log.clear()
        await asyncio.gather(*(change("a") for _ in range(5) for change in (host.disable, host.enable)))
        await eventually(lambda: log.count("A enters") >= 1)
        assert host.tables.methods.keys() == {"a.ping"}
        assert log.count("A made") == 5
    assert log.count("A leaves") == log.count("A enters") + 1  # the first one, before the changes


async def test_changes_are_refused_when_the_host_is_not_entered(services: HostServices, entry: Any) -> None:
    host = Host(services=services, entry_points=[entry("a", counting("A", []))])
    with pytest.raises(Unavailable):
        await host.enable("a")
    async with host:
        with pytest.raises(NotFound):
            await host.enable("nobody")
    with pytest.raises(Unavailable):
        await host.disable("a")


async def test_disabled_plugins_are_not_even_imported(services: HostServices, packages: Any) -> None:
    from importlib_metadata import EntryPoint

    entry = EntryPoint(name="off", value="no_module_of_this_name:Plugin", group="fleet_platform.plugins")
    async with Host(services=services, disabled=["off"], entry_points=[entry]) as host:
        assert host.records["off"].state == "disabled"


async def test_listener_that_fails_stops_the_start_and_leaves_nothing_behind(
    services: HostServices, entry: Any
) -> None:
    log: list[Any] = []
    host = Host(services=services, entry_points=[entry("a", counting("A", log))])

    def fail(_tables: Any) -> None:
        raise RuntimeError("listener")

    host.on_tables(fail)
    with pytest.raises(RuntimeError, match="listener"):
        await host.__aenter__()
    assert log == ["A made"]


async def test_bundled_plugins_all_load(services: HostServices) -> None:
    async with Host(services=services) as host:
        bundled = [record for record in host.records.values() if record.distribution == "fleet-platform"]
        assert {record.state for record in bundled} <= {"running", "degraded", "failed", "unavailable"}
        assert "switch" in host.tables.components
        assert [name for name, _ in host.tables.auth] == ["local_users"]
