"""A name belongs to the first plugin in the order of names; the later one is quarantined as a whole."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from plugin_sdk import (
    AdmissionRule,
    AuthProvider,
    ComponentType,
    DeviceId,
    Metadata,
    Method,
    Policy,
    Route,
    Service,
    Sink,
    hookimpl,
)


def bringing(what: str, *values: object) -> Any:
    def hook(_self: object) -> Any:
        return values

    return type("Plugin", (), {"hook": hookimpl(hook, specname=f"fleet_register_{what}")})


def method(name: str, *aliases: str) -> Method:
    return Method(name=name, handler=lambda: None, aliases=aliases)


async def answer(*_args: object) -> None:
    return None


async def describe(_device: DeviceId) -> dict[str, Any]:
    return {}


CONFLICTS: dict[str, tuple[str, object, object]] = {
    "method": ("methods", method("Lamp.On"), method("lamp.ON")),
    "alias": ("methods", method("Lamp.On", "Lamp.Start"), method("Lamp.Go", "lamp.start")),
    "alias and method": ("methods", method("Lamp.On", "Lamp.Start"), method("Lamp.Start")),
    "component": (
        "components",
        ComponentType(type="lamp", namespace="Lamp", title="Lamp"),
        ComponentType(type="lamp", namespace="Light", title="Light"),
    ),
    "route": (
        "routes",
        Route(path="/lamps", handler=answer, absolute=True),
        Route(path="/lamps", handler=answer, absolute=True),
    ),
    "auth": ("auth", AuthProvider(name="ldap"), AuthProvider(name="ldap")),
    "service": (
        "services",
        Service(interface="health_check", name="disk", implementation=1),
        Service(interface="health_check", name="disk", implementation=2),
    ),
}


@pytest.mark.parametrize(("what", "first", "second"), CONFLICTS.values(), ids=CONFLICTS.keys())
async def test_later_plugin_is_quarantined_with_a_sentence_that_names_both(
    open_host: Any, what: Any, first: Any, second: Any
) -> None:
    async with open_host(beta=bringing(what, second), alpha=bringing(what, first)) as host:
        assert host.records["alpha"].state == "running"
        assert host.records["beta"].state == "quarantined"
        assert "alpha" in host.records["beta"].reason
        assert "beta" in host.records["beta"].reason


async def test_what_is_not_in_conflict_is_lost_with_the_plugin(open_host: Any) -> None:
    both = [method("Lamp.On"), method("Lamp.Off")]
    async with open_host(alpha=bringing("methods", method("Lamp.On")), beta=bringing("methods", *both)) as host:
        assert set(host.tables.methods) == {"lamp.on"}


async def test_quarantined_plugin_blocks_no_names(open_host: Any) -> None:
    async with open_host(
        alpha=bringing("methods", method("A.One")),
        beta=bringing("methods", method("A.One"), method("B.Two")),
        gamma=bringing("methods", method("B.Two")),
    ) as host:
        assert host.records["beta"].state == "quarantined"
        assert host.tables.methods["b.two"].plugin == "gamma"


async def test_plugin_returns_when_the_conflict_is_gone(open_host: Any) -> None:
    async with open_host(
        alpha=bringing("methods", method("Lamp.On")), beta=bringing("methods", method("Lamp.On"))
    ) as host:
        await host.disable("alpha")
        assert host.records["beta"].state != "quarantined"
        assert host.tables.methods["lamp.on"].plugin == "beta"
        await host.enable("alpha")
        assert host.records["beta"].state == "quarantined"
        assert host.tables.methods["lamp.on"].plugin == "alpha"


async def test_same_name_twice_in_one_plugin_is_refused(open_host: Any) -> None:
    async with open_host(
        twice=bringing("sinks", Sink(name="a", write=answer), Sink(name="a", write=answer)),
        apart=bringing("sinks", Sink(name="a", write=answer)),
    ) as host:
        assert host.records["twice"].state == "quarantined"
        assert host.records["apart"].state == "running"


@pytest.mark.parametrize("name", ["Device.List", "plugin:x.GetStatus"])
async def test_methods_of_the_platform_itself_cannot_be_taken(open_host: Any, name: str) -> None:
    async with open_host(reserved=("Device.List",), bold=bringing("methods", method(name))) as host:
        assert host.records["bold"].state == "quarantined"
        assert "the platform itself" in host.records["bold"].reason


@pytest.mark.parametrize("path", ["/", "/rpc", "/shelly/x", "/plugin/other/y", "/metrics"])
async def test_reserved_addresses_cannot_be_taken(open_host: Any, path: str) -> None:
    async with open_host(bold=bringing("routes", Route(path=path, handler=answer, absolute=True))) as host:
        assert "the address is the platform's own" in host.records["bold"].reason


async def test_address_that_only_begins_like_a_reserved_one_is_free(open_host: Any) -> None:
    async with open_host(fine=bringing("routes", Route(path="/rpcs", handler=answer, absolute=True))) as host:
        assert host.records["fine"].state == "running"


async def test_contributions_are_in_force_in_the_order_of_plugin_names(open_host: Any) -> None:
    rule = AdmissionRule(name="rule", decide=answer)
    policy = Policy(name="policy", decide=lambda *_: None)
    metadata = Metadata(name="place", describe=describe)
    async with open_host(
        c=bringing("policies", policy), b=bringing("policies", policy), a=bringing("admission", rule),
        d=bringing("metadata", metadata),
    ) as host:  # fmt: skip
        assert host.tables.policies == (("b", policy), ("c", policy))
        assert host.tables.admission == (("a", rule),)
        assert host.tables.metadata == (("d", metadata),)


async def test_tables_are_replaced_as_a_whole_and_listeners_hear_of_it(open_host: Any) -> None:
    async with open_host(lamp=bringing("methods", method("Lamp.On"))) as host:
        told: list[Any] = []
        host.on_tables(told.append)
        old = host.tables
        await host.disable("lamp")
        assert told == [host.tables]
        assert set(old.methods) == {"lamp.on"}
        assert not host.tables.methods
        with pytest.raises(dataclasses.FrozenInstanceError):
            old.methods = {}
        with pytest.raises(TypeError):
            old.methods["x"] = 1
