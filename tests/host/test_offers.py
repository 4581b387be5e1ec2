"""Plugins may offer hooks to one another, in whatever order they are named."""

from __future__ import annotations

import types
from typing import Any

import pytest

from plugin_sdk import HookSpecs, Method, hookimpl, hookspec


def namespace(**functions: Any) -> Any:
    return types.SimpleNamespace(**{name: hookspec(function) for name, function in functions.items()})


def offering(spec: Any, collect: Any) -> Any:
    class Offering:
        @hookimpl
        def fleet_register_hookspecs(self) -> Any:
            return [HookSpecs(namespace=spec, collect=collect)]

    return Offering


def colours() -> None:
    """A hook."""


class Red:
    @hookimpl(optionalhook=True)
    def colours(self) -> Any:
        return "red"


class Blue:
    @hookimpl
    def colours(self) -> Any:
        return "blue"


class Raising:
    @hookimpl(optionalhook=True)
    def colours(self) -> None:
        raise ValueError("no colour")


@pytest.mark.parametrize("name", ["aaa", "zzz"])
async def test_results_of_all_plugins_come_to_who_offers_the_hook(open_host: Any, name: str) -> None:
    got: list[Any] = []
    plugins = {name: offering(namespace(colours=colours), got.append), "red": Red, "blue": Blue}
    async with open_host(**plugins) as host:
        assert got == [{"colours": ["blue", "red"]}]
        assert {record.state for record in host.records.values()} == {"running"}


async def test_implementation_that_raises_is_quarantined_and_the_rest_is_handed_over(open_host: Any) -> None:
    got: list[Any] = []
    async with open_host(offering=offering(namespace(colours=colours), got.append), bad=Raising, red=Red) as host:
        assert got == [{"colours": ["red"]}]
        assert host.records["bad"].reason == "Its hook colours failed: ValueError: no colour"


async def test_without_who_offers_it_an_optional_implementation_is_silent_and_another_is_an_error(
    open_host: Any,
) -> None:
    async with open_host(red=Red, blue=Blue) as host:
        assert host.records["red"].state == "running"
        assert host.records["blue"].state == "quarantined"


async def test_results_are_collected_again_when_plugins_come_and_go(open_host: Any) -> None:
    got: list[Any] = []
    async with open_host(offering=offering(namespace(colours=colours), got.append), red=Red, blue=Blue) as host:
        await host.disable("red")
        await host.disable("offering")
        assert host.records["blue"].state == "quarantined"
        await host.enable("offering")
        assert host.records["blue"].state == "running"
        assert got == [{"colours": ["blue", "red"]}, {"colours": ["blue"]}, {"colours": ["blue"]}]


async def test_collector_that_raises_takes_its_plugin_away_alone(open_host: Any) -> None:
    def collect(_results: Any) -> None:
        raise ValueError("unexpected colour")

    async with open_host(offering=offering(namespace(colours=colours), collect), red=Red) as host:
        assert "unexpected colour" in host.records["offering"].reason
        assert host.records["red"].state == "running"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (namespace(colours=lambda shade: None), "the hook colours may take no parameters"),
        (types.SimpleNamespace(), "did not find any"),
        (namespace(fleet_lifespan=lambda: None), "fleet_lifespan"),
    ],
)
async def test_hooks_that_cannot_be_offered_quarantine_who_offers_them(open_host: Any, spec: Any, reason: str) -> None:
    class Bystander:
        @hookimpl
        def fleet_register_methods(self) -> Any:
            return [Method(name="By.Stand", handler=lambda: None)]

    async with open_host(offering=offering(spec, print), bystander=Bystander) as host:
        assert host.records["offering"].state == "quarantined"
        assert reason in host.records["offering"].reason
        assert "by.stand" in host.tables.methods


async def test_implementation_with_unknown_parameters_is_the_implementors_fault(open_host: Any) -> None:
    class Greedy:
        @hookimpl
        def colours(self, palette: Any) -> Any:
            return palette

    async with open_host(offering=offering(namespace(colours=colours), print), greedy=Greedy) as host:
        assert host.records["offering"].state == "running"
        assert "palette" in host.records["greedy"].reason
