"""Settings of plugins: defaults, then the configuration, then what was stored; the later wins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr, ValidationError

from fleet_platform.host import Host, HostServices
from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.storage.database import Database
from fleet_platform.storage.kv import KeyValueStore
from plugin_sdk import Method, Settings, hookimpl
from plugin_sdk.errors import Conflict, InvalidParams, NotFound, Unavailable


class Broker(BaseModel):
    host: str = "localhost"
    password: SecretStr = SecretStr("")


class Model(BaseModel):
    mode: str = Field(default="slow", pattern="slow|fast")
    count: int = 1
    key: SecretStr | None = None
    broker: Broker = Broker()
    tags: dict[str, int] = {}


def with_settings(model: Any = Model, changed: Any = None) -> Any:
    class Plugin:
        @hookimpl
        def fleet_register_settings(self) -> Any:
            return Settings(model=model, changed=changed)

    return Plugin


def current(host: Any, name: str = "plugin") -> Any:
    return host.settings.current(name)


async def test_configuration_wins_over_defaults_and_storage_over_both(open_host: Any, stored: HostServices) -> None:
    overrides = {"plugin": {"count": "7", "broker": {"host": "there"}}}
    async with open_host(stored, overrides=overrides, plugin=with_settings()) as host:
        assert (current(host).mode, current(host).count, current(host).broker.host) == ("slow", 7, "there")
        await host.settings.set_config("plugin", {"mode": "fast", "broker": {"password": "x"}})
        assert (current(host).mode, current(host).count, current(host).broker.host) == ("fast", 7, "there")
    async with open_host(stored, overrides={"plugin": {"count": 8}}, plugin=with_settings()) as host:
        assert (current(host).mode, current(host).count, current(host).broker.host) == ("fast", 8, "localhost")
        assert current(host).broker.password.get_secret_value() == "x"


async def test_values_are_instances_of_the_model_and_frozen(open_host: Any) -> None:
    async with open_host(plugin=with_settings()) as host:
        assert isinstance(current(host), Model)
        with pytest.raises(ValidationError):
            current(host).mode = "fast"


async def test_secrets_are_never_shown(open_host: Any, stored: HostServices) -> None:
    overrides = {"plugin": {"key": "hunter2", "broker": {"password": "hunter2"}}}
    async with open_host(stored, overrides=overrides, plugin=with_settings()) as host:
        shown = host.settings.get_config("plugin")
        assert shown == {
            "enable": True,
            "mode": "slow",
            "count": 1,
            "key": None,
            "broker": {"host": "localhost", "password": None},
            "tags": {},
        }
        await host.settings.set_config("plugin", shown)
        assert current(host).key.get_secret_value() == "hunter2"
        assert current(host).broker.password.get_secret_value() == "hunter2"
        await host.settings.set_config("plugin", {"key": ""})
        assert current(host).key.get_secret_value() == ""


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"mode": "sideways"}, "mode"),
        ({"count": "many"}, "count"),
        ({"broker": {"host": 7}}, "broker.host"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"enable": "yes"}, "enable"),
        ({"key": 7}, "key"),
    ],
)
async def test_what_does_not_fit_changes_nothing_and_is_named(
    open_host: Any, stored: HostServices, patch: Any, path: str
) -> None:
    async with open_host(stored, plugin=with_settings()) as host:
        before = current(host)
        with pytest.raises(InvalidParams) as error:
            await host.settings.set_config("plugin", {"tags": {"a": 1}, **patch})
        assert error.value.data["errors"][0]["path"] == path
        assert error.value.data["errors"][0]["message"]
        assert current(host) is before
        assert await stored.kv.get("core", "plugin:plugin") is None


async def test_error_never_quotes_a_secret(open_host: Any, stored: HostServices) -> None:
    async with open_host(stored, plugin=with_settings()) as host:
        with pytest.raises(InvalidParams) as error:
            await host.settings.set_config("plugin", {"key": ["hunter2"]})
        assert "hunter2" not in f"{error.value!r} {error.value.data}"


async def test_free_objects_are_replaced_and_models_are_merged(open_host: Any, stored: HostServices) -> None:
    async with open_host(stored, plugin=with_settings()) as host:
        await host.settings.set_config("plugin", {"tags": {"a": 1}, "broker": {"host": "x"}})
        await host.settings.set_config("plugin", {"tags": {"b": 2}, "broker": {"password": "y"}})
        assert current(host).tags == {"b": 2}
        assert current(host).broker.host == "x"
        assert current(host).broker.password.get_secret_value() == "y"


async def test_change_is_told_to_who_wants_to_hear_of_it(open_host: Any, stored: HostServices) -> None:
    heard: list[Any] = []
    async with open_host(stored, plugin=with_settings(changed=heard.append)) as host:
        await host.settings.set_config("plugin", {"mode": "fast"})
        assert [values.mode for values in heard] == ["fast"]
        await host.settings.set_config("plugin", {"mode": "fast"})
        assert len(heard) == 1


async def test_listener_that_raises_degrades_the_plugin_and_the_change_stands(
    open_host: Any, stored: HostServices
) -> None:
    def fail(_values: Any) -> None:
        raise ValueError("cannot")

    async with open_host(stored, plugin=with_settings(changed=fail)) as host:
        await host.settings.set_config("plugin", {"mode": "fast"})
        assert host.records["plugin"].state == "degraded"
        assert host.settings.get_config("plugin")["mode"] == "fast"


async def test_without_a_listener_the_lifespan_is_entered_again(
    open_host: Any, stored: HostServices, eventually: Any
) -> None:
    seen: list[Any] = []

    class Plugin(with_settings()):  # type: ignore[misc]  # made for the test
        @hookimpl
        @asynccontextmanager
        async def fleet_lifespan(self, fleet: Any) -> AsyncIterator[Any]:
            seen.append(fleet.settings.mode)
            yield
            seen.append("left")

    async with open_host(stored, plugin=Plugin) as host:
        await host.settings.set_config("plugin", {"mode": "fast"})
        await eventually(lambda: seen == ["slow", "left", "fast"])
        await eventually(lambda: host.records["plugin"].state == "running")


async def test_plugin_may_change_its_own_settings(open_host: Any, stored: HostServices, eventually: Any) -> None:
    """Its task is stopped by the change it asks for."""
    opened: asyncio.Future[Host] = asyncio.get_running_loop().create_future()
    seen: list[Any] = []

    class Plugin(with_settings()):  # type: ignore[misc]  # made for the test
        @hookimpl
        @asynccontextmanager
        async def fleet_lifespan(self, fleet: Any) -> AsyncIterator[Any]:
            seen.append(fleet.settings.count)
            if fleet.settings.count == 1:
                fleet.start(self.work, name="work")
            yield

        async def work(self) -> None:
            host = await opened
            await host.settings.set_config("plugin", {"count": 2})

    async with open_host(stored, plugin=Plugin) as host:
        opened.set_result(host)
        await eventually(lambda: seen == [1, 2])
        await eventually(lambda: host.records["plugin"].state == "running")


async def test_enable_is_a_setting_of_every_plugin_and_lasts(open_host: Any, stored: HostServices) -> None:
    class Plugin:
        @hookimpl
        def fleet_register_methods(self) -> Any:
            return [Method(name="Plug.In", handler=lambda: None)]

    async with open_host(stored, plugin=Plugin) as host:
        await host.settings.set_config("plugin", {"enable": False})
        assert host.records["plugin"].state == "disabled"
        assert host.settings.get_config("plugin") == {"enable": False}
        assert not host.tables.methods
    async with open_host(stored, plugin=Plugin) as host:
        assert host.records["plugin"].state == "disabled"
        await host.settings.set_config("plugin", {"enable": True})
        assert "plug.in" in host.tables.methods
        assert host.records["plugin"].state in ("running", "degraded")


async def test_what_the_configuration_switches_off_stays_off(open_host: Any, stored: HostServices) -> None:
    async with open_host(stored, disabled=("plugin",), plugin=with_settings()) as host:
        with pytest.raises(Conflict):
            await host.settings.set_config("plugin", {"enable": True})
        with pytest.raises(Conflict):
            await host.enable("plugin")
        assert host.records["plugin"].reason == "The configuration switches it off."


async def test_configuration_may_set_enable_like_any_setting(open_host: Any) -> None:
    async with open_host(overrides={"plugin": {"enable": "false"}}, plugin=with_settings()) as host:
        assert host.records["plugin"].state == "disabled"


async def test_values_that_do_not_fit_quarantine_until_they_are_mended(open_host: Any, stored: HostServices) -> None:
    await stored.kv.set("core", "plugin:plugin", {"mode": "of an older version"})
    async with open_host(stored, plugin=with_settings()) as host:
        assert host.records["plugin"].state == "quarantined"
        assert "its setting mode cannot be used" in host.records["plugin"].reason
        await host.settings.set_config("plugin", {"mode": "fast"})
        assert await host.settled(5)
        assert host.records["plugin"].state == "running"
        assert current(host).mode == "fast"


class NoDefault(BaseModel):
    needed: str


class TakesEnable(BaseModel):
    enable: bool = True


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (NoDefault, "the setting needed has no default"),
        (TakesEnable, "the setting enable is the platform's own"),
        (dict, "field model"),
    ],
)
async def test_model_that_cannot_be_used_quarantines(open_host: Any, model: Any, reason: str) -> None:
    async with open_host(plugin=with_settings(model)) as host:
        assert host.records["plugin"].state == "quarantined"
        assert reason in host.records["plugin"].reason


async def test_unknown_plugin_is_not_found(open_host: Any, stored: HostServices) -> None:
    async with open_host(stored) as host:
        with pytest.raises(NotFound):
            host.settings.get_config("nobody")
        with pytest.raises(NotFound):
            await host.settings.set_config("nobody", {"a": 1})
        with pytest.raises(NotFound):
            await host.disable("nobody")


async def test_without_a_database_the_configuration_counts_and_nothing_can_be_changed(open_host: Any) -> None:
    async with open_host(overrides={"plugin": {"mode": "fast"}}, plugin=with_settings()) as host:
        assert current(host).mode == "fast"
        with pytest.raises(Unavailable):
            await host.settings.set_config("plugin", {"count": 3})
        assert current(host).count == 1


async def test_what_is_stored_is_applied_when_the_database_returns(
    open_host: Any, services: HostServices, database_dsn: Any, eventually: Any
) -> None:
    async with Database(database_dsn) as database:
        await migrate(database, [core_migrations()])
        await KeyValueStore(database).set("core", "plugin:plugin", {"mode": "fast"})
        await KeyValueStore(database).set("core", "plugin:off", {"enable": False})
        await KeyValueStore(database).set("core", "plugin:mended", {"mode": "fast"})
    heard: list[Any] = []
    returning = Database(database_dsn)  # away until it is entered
    services = replace(services, database=returning, kv=KeyValueStore(returning))
    plugins = {"plugin": with_settings(changed=heard.append), "off": with_settings(), "mended": with_settings()}
    async with open_host(services, overrides={"mended": {"mode": "sideways"}}, **plugins) as host:
        assert current(host).mode == "slow"
        assert host.records["off"].state == "running"
        assert host.records["mended"].state == "quarantined"
        async with returning:
            for callback in returning._returned:
                callback()
            await eventually(lambda: host.records["off"].state == "disabled")
            await eventually(lambda: heard)
            await eventually(lambda: host.records["mended"].state == "running")
            assert current(host).mode == "fast"
