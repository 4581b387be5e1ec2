"""A plugin that cannot be loaded costs itself and nobody else, and its record says what happened."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from importlib_metadata import EntryPoint

from fleet_platform.host import Host, HostServices
from plugin_sdk import Call, Fleet, Method, Panel, Sink, hookimpl
from plugin_sdk.errors import PluginError

GROUP = "fleet_platform.plugins"
NUMBER: Any = 7


class Good:
    """What every test expects to survive."""

    @hookimpl
    def fleet_register_methods(self) -> Any:
        return [Method(name="Good.Ping", handler=self.ping, aliases=("Good.Pong",))]

    def ping(self) -> str:
        return "pong"


def methods_returning(result: Any) -> Any:
    class Plugin:
        @hookimpl
        def fleet_register_methods(self) -> Any:
            return result() if callable(result) else result

    return Plugin


async def raise_on_import(packages: Any, host_of: Any, text: str) -> Any:
    packages("broken_on_import", text)
    entry = EntryPoint(name="broken", value="broken_on_import:Plugin", group=GROUP)
    async with host_of(entry) as host:
        return host.records["broken"], host.tables.methods


@pytest.fixture
def host_of(services: HostServices, entry: Any) -> Any:
    return lambda *entries: Host(services=services, entry_points=[entry("good", Good), *entries])


def unwilling(error: Any) -> Any:
    class Plugin:
        def __init__(self) -> None:
            raise error

    return Plugin


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0", "Its import failed: ZeroDivisionError: division by zero"),
        ("def", "SyntaxError"),
        ("raise SystemExit(3)", "Its import failed: SystemExit: 3"),
        ("import no_library_of_this_name", "No module named 'no_library_of_this_name'"),
        ("", "has no attribute 'Plugin'"),
        ("Plugin = 7", "the entry point names a int, not a class or a module"),
    ],
)
async def test_plugin_that_does_not_import_is_quarantined_and_the_others_go_on(
    packages: Any, host_of: Any, text: str, reason: str
) -> None:
    record, methods = await raise_on_import(packages, host_of, text)
    assert record.state == "quarantined"
    assert reason in record.reason
    assert set(methods) == {"good.ping", "good.pong"}


async def test_traceback_of_a_broken_import_is_kept_and_shown_on_request_only(packages: Any, host_of: Any) -> None:
    record, _ = await raise_on_import(packages, host_of, "1 / 0")
    assert "ZeroDivisionError" in record.traceback
    assert "traceback" not in record.to_json()
    assert record.to_json(traceback=True)["traceback"] == record.traceback


async def test_missing_module_is_quarantined(host_of: Any) -> None:
    async with host_of(EntryPoint(name="gone", value="no_module_of_this_name:Plugin", group=GROUP)) as host:
        assert host.records["gone"].state == "quarantined"


async def test_constructor_that_raises_quarantines(open_host: Any) -> None:
    async with open_host(good=Good, bad=unwilling(RuntimeError("no"))) as host:
        assert host.records["bad"].reason == "Its import failed: RuntimeError: no"
        assert host.records["good"].state == "running"


async def forgotten_write(_batch: Any) -> None:
    return None


async def forgotten_async() -> Any:
    return []


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (None, "nothing instead of a list of Method"),
        (7, "one int instead of a list of Method"),
        ("Some.Name", "one str instead of a list of Method"),
        ([None], "nothing where a Method is expected"),
        ([Sink(name="sink", write=forgotten_write)], "a Sink where a Method is expected"),
        (Method(name="A.B", handler=print), "one Method instead of a list of Method"),
        (forgotten_async, "it is called and never awaited"),
        (lambda: iter(lambda: Method(name="A.B", handler=print), None), "more than 10000 of Method"),
        ([Method(name=NUMBER, handler=print)], "field name: Input should be a valid string"),
        ([Method(name="A.B", handler=NUMBER)], "field handler: Input should be callable"),
        ([Method(name="A.B", handler=print, timeout_s=0)], "field timeout_s: 0 is out of range"),
        ([Method(name="NoVerb", handler=print)], "a name has the form Noun.Verb"),
        ([Method(name="A.B", handler=lambda untyped: untyped)], "parameter untyped has no annotation"),
    ],
)
async def test_hook_that_returns_garbage_quarantines(open_host: Any, result: Any, reason: str) -> None:
    async with open_host(good=Good, bad=methods_returning(result)) as host:
        assert host.records["bad"].state == "quarantined"
        assert reason in host.records["bad"].reason
        assert set(host.tables.methods) == {"good.ping", "good.pong"}


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(1), RecursionError(), PluginError("refused")])
async def test_hook_that_raises_quarantines(open_host: Any, error: Any) -> None:
    def fail() -> None:
        raise error

    async with open_host(good=Good, bad=methods_returning(fail)) as host:
        assert host.records["bad"].state == "quarantined"
        assert host.records["good"].state == "running"


async def test_generator_is_as_good_as_a_list(open_host: Any) -> None:
    def generate() -> Iterator[Any]:
        yield Method(name="Lazy.Ping", handler=lambda: None)

    async with open_host(lazy=methods_returning(generate)) as host:
        assert "lazy.ping" in host.tables.methods


class MisspeltHook:
    @hookimpl
    def fleet_register_metods(self) -> Any:
        return []


class MisspeltArgument:
    @hookimpl
    def fleet_lifespan(self, flet: Any) -> Any:
        return None


class ForgottenMark:
    def fleet_register_methods(self) -> Any:
        return []


class BareLifespan:
    @hookimpl
    async def fleet_lifespan(self, fleet: Any) -> AsyncIterator[Any]:
        yield


class Twice:
    @hookimpl(specname="fleet_lifespan")
    def one(self) -> Any:
        return None

    @hookimpl(specname="fleet_lifespan")
    def two(self) -> Any:
        return None


class Wrapper:
    @hookimpl(wrapper=True)
    def fleet_register_methods(self) -> Iterator[Any]:
        return (yield)


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (MisspeltHook, "There is no hook fleet_register_metods; did you mean fleet_register_methods?"),
        (MisspeltArgument, "Argument(s) {'flet'} are declared in the hookimpl but can not be found in the hookspec"),
        (ForgottenMark, "fleet_register_methods is not marked with @hookimpl"),
        (BareLifespan, "fleet_lifespan must be decorated with contextlib.asynccontextmanager"),
        (Twice, "It implements fleet_lifespan more than once."),
        (Wrapper, "fleet_register_methods cannot be a wrapper"),
    ],
)
async def test_hook_of_a_wrong_form_is_named(open_host: Any, plugin: Any, reason: str) -> None:
    async with open_host(good=Good, bad=plugin) as host:
        assert host.records["bad"].state == "quarantined"
        assert reason in host.records["bad"].reason
        assert host.records["good"].state == "running"


async def test_module_is_a_plugin_and_its_handlers_get_the_platform(open_host: Any, services: HostServices) -> None:
    module = ModuleType("plugin_in_a_module")

    def whoami(fleet: Fleet) -> str:
        return fleet.plugin

    vars(module)["fleet_register_methods"] = hookimpl(lambda: [Method(name="Mod.WhoAmI", handler=whoami)])
    async with open_host(mod=module) as host:
        assert host.tables.methods["mod.whoami"].call({}, Call(principal=None, request_id="1")) == "mod"


async def test_class_is_instantiated_once_per_host(open_host: Any) -> None:
    made: list[Any] = []

    class Plugin:
        def __init__(self) -> None:
            made.append(self)

        @hookimpl
        def fleet_register_methods(self) -> Any:
            return [Method(name="Count.Me", handler=lambda: len(made))]

    async with open_host(count=Plugin), open_host(count=Plugin):
        assert len(made) == 2
        assert made[0] is not made[1]


async def test_each_hook_is_called_once_per_load_even_when_others_are_rejected(open_host: Any) -> None:
    asked: list[Any] = []

    class Counted:
        @hookimpl
        def fleet_register_methods(self) -> Any:
            asked.append("methods")
            return []

    def fail() -> None:
        raise ValueError

    async with open_host(
        counted=Counted, bad=methods_returning(fail), also_bad=MisspeltHook, zbad=methods_returning(None), good=Good
    ) as host:
        await host.disable("good")
        await host.enable("good")
        assert asked == ["methods"]


async def test_panel_without_its_file_is_refused(packages: Any, services: HostServices, tmp_path: Path) -> None:
    packages(
        "paneled",
        "from plugin_sdk import Panel, hookimpl\n"
        "class Plugin:\n"
        "    @hookimpl\n"
        "    def fleet_register_panels(self):\n"
        "        return [Panel(name='p', kind='page', title='P', module='p.js', element='fleet-p')]\n",
    )
    entry = EntryPoint(name="paneled", value="paneled:Plugin", group=GROUP)
    async with Host(services=services, entry_points=[entry]) as host:
        assert "there is no file panel/p.js in the package paneled" in str(host.records["paneled"].reason)
    (tmp_path / "paneled" / "panel").mkdir()
    (tmp_path / "paneled" / "panel" / "p.js").write_text("")
    async with Host(services=services, entry_points=[entry]) as host:
        assert host.tables.panels == (
            ("paneled", Panel(name="p", kind="page", title="P", module="p.js", element="fleet-p")),
        )
        assert host.records["paneled"].package == "paneled"


async def test_two_hosts_share_nothing(open_host: Any) -> None:
    async with open_host(good=Good) as one, open_host(other=methods_returning([])) as two:
        assert set(one.tables.methods) == {"good.ping", "good.pong"}
        assert set(two.tables.methods) == set()
    assert "plugin_sdk" in sys.modules
