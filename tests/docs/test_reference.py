"""Every name that the code offers is in the documentation, as the code has it."""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path

import click
import pluggy
import pytest
from pydantic import BaseModel

from fleet_platform.cli.program import SUMMARIES, program
from fleet_platform.devices import frames
from fleet_platform.events.catalogue import EVENTS
from fleet_platform.host.records import State
from fleet_platform.migrations.bookkeeping import TABLE
from fleet_platform.migrations.platform import BOOKKEEPING_SCHEMA
from fleet_platform.settings import PlatformSettings, settings_table
from plugin_sdk import JobType, components, contributions, hookspecs
from plugin_sdk.fleet import Fleet

from .methods import Described, all_methods, bundled, table
from .pages import ROOT, check_made, options_of, read, rows, sections
from .reference import (
    DATA,
    device_permission_table,
    error_kinds,
    error_table,
    event_table,
    events,
    permission_table,
)

SOURCES = [path for folder in ("fleet_platform", "plugins") for path in (ROOT / folder).rglob("*.py")]
METHODS = all_methods()
COMMANDS = sorted(SUMMARIES)
CONTRIBUTIONS = [
    kind
    for module in (contributions, components)
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if kind.__module__ == module.__name__ and hasattr(kind, "__dataclass_fields__")
] + [JobType]
INNER = ("ComponentView", "EntitySpec", "MeasuredField", "Action", "Parameter", "WebhookEvent", "WebhookAttribute")
"""Parts of a component type; they have no table of their own."""


def hooks() -> dict[str, tuple[str, ...]]:
    manager = pluggy.PluginManager("fleet")
    manager.add_hookspecs(hookspecs)
    return {
        name: tuple(caller.spec.argnames)
        for name, caller in vars(manager.hook).items()
        if isinstance(caller, pluggy.HookCaller) and caller.spec is not None
    }


# ---- plugins -----------------------------------------------------------------------------------------------


def test_every_hook_is_listed_with_its_arguments_in_the_order_of_calls() -> None:
    listed = [cells[0] for cells in rows("docs/plugins.md") if cells[0].startswith("fleet_") and cells[0].endswith(")")]
    declared = {f"{name}({', '.join(arguments)})" for name, arguments in hooks().items()}
    assert set(listed) == declared
    order = [node.name for node in ast.parse(inspect.getsource(hookspecs)).body if isinstance(node, ast.FunctionDef)]
    assert [entry.partition("(")[0] for entry in listed] == order


@pytest.mark.parametrize(
    "kind", [kind for kind in CONTRIBUTIONS if kind.__name__ not in INNER], ids=lambda kind: kind.__name__
)
def test_every_field_of_a_contribution_is_listed_with_its_default(kind: type) -> None:
    text = sections("docs/plugins.md")[kind.__name__]
    heading, *listed = (
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith("|---")
    )
    assert [cells[0].strip("`") for cells in listed] == [field.name for field in fields(kind)]
    if "default" not in heading:
        assert all(_default(field) is MISSING for field in fields(kind))
        return
    for cells, field in zip(listed, fields(kind), strict=True):
        default = _default(field)
        if default is MISSING:
            assert cells[1] == ""
        elif isinstance(default, bool | str) and default:
            assert cells[1].strip("`") == (f'"{default}"' if isinstance(default, str) else str(default))
        elif isinstance(default, int | float) and not isinstance(default, bool):
            assert cells[1] == f"{default:,g}" or cells[1] == f"{default:,}"


@pytest.mark.parametrize("kind", [kind for kind in CONTRIBUTIONS if kind.__name__ in INNER[1:]])
def test_parts_of_a_component_type_are_named_with_their_fields(kind: type) -> None:
    text = sections("docs/plugins.md")["ComponentType"]
    assert f"`{kind.__name__}`" in text
    for field in fields(kind):
        assert f"`{field.name}`" in text, field.name


def test_every_state_of_a_plugin_is_explained() -> None:
    text = sections("docs/plugins.md")["States"]
    assert [state for state in typing.get_args(State) if f"| `{state}` |" not in text] == []


def test_everything_a_plugin_gets_of_the_platform_is_named() -> None:
    text = sections("docs/plugins.md")["The platform as a plugin sees it"]
    offered = [name for name in vars(Fleet) if not name.startswith("_")]
    assert [name for name in offered if f"`{name}" not in text] == []


# ---- wire --------------------------------------------------------------------------------------------------


def test_the_tables_of_methods_are_those_of_the_code() -> None:
    check_made("docs/reference/methods.md", "methods", table())


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.bound.name)
def test_every_method_is_listed_with_its_permission(method: Described) -> None:
    bound = method.bound
    row = next(cells for cells in rows("docs/reference/methods.md") if bound.name in re.split(r"[ ,]+", cells[0]))
    assert row[3] == ("none" if bound.anonymous else bound.permission)
    assert all(alias in row[0] for alias in bound.aliases)


def test_every_method_says_what_it_answers() -> None:
    assert [method.bound.name for method in METHODS if len(method.text) < 10] == []


def test_readme_names_every_noun_of_the_core() -> None:
    text = sections("README.md")["RPC"]
    core = {method.noun for method in METHODS if method.bound.plugin == "core"}
    assert [noun for noun in core if f"`{noun}." not in text] == []


def published() -> Iterator[str]:
    """Names of events that the code publishes; a name that is no literal would have to be listed here."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0] if node.args else None
                if node.func.attr == "publish" and isinstance(first, ast.Constant):
                    yield str(first.value)
                elif node.func.attr == "publish_status":
                    yield "Shelly.Status"
                elif node.func.attr == "notify" and len(node.args) >= 2:
                    yield from (str(each.value) for each in node.args[:2] if isinstance(each, ast.Constant))


def test_every_event_that_is_published_is_declared_or_explained() -> None:
    text = sections("docs/events.md")["Names"]
    names, declared = set(published()), {event.name for _, event in events()}
    assert {"Shelly.Connect", "Shelly.Status", "Entity.Event", "waiting_room_updated"} <= names
    assert [name for name in sorted(names - declared) if f"`{name}`" not in text] == []
    assert [event.name for event in EVENTS if f"`{event.name}`" not in text] == []


def test_no_event_is_explained_that_nobody_publishes() -> None:
    table = [line for line in sections("docs/events.md")["Names"].splitlines() if line.startswith("| `")]
    listed = {name for line in table for name in re.findall(r"`(\w+(?:\.\w+)?)`", line.split("|")[1])}
    assert listed <= {*published(), *(event.name for _, event in events())}


def test_the_table_of_events_is_that_of_the_code() -> None:
    check_made("docs/reference/events.md", "events", event_table())


def test_the_table_of_errors_is_that_of_the_code() -> None:
    assert set(DATA) <= {kind.__name__ for kind in error_kinds()}
    check_made("docs/reference/errors.md", "errors", error_table())


def test_the_tables_of_permissions_are_those_of_the_code() -> None:
    check_made("docs/reference/permissions.md", "permissions", permission_table())
    check_made("docs/reference/permissions.md", "device permissions", device_permission_table())


def test_every_page_of_the_reference_is_linked_from_the_pages_about_its_subject() -> None:
    text = "".join(read(f"docs/{page}.md") for page in ("rpc_and_components", "rpc_relay", "events", "security"))
    assert [
        path.name for path in (ROOT / "docs/reference").glob("*.md") if f"(reference/{path.name})" not in text
    ] == []


def test_every_close_code_of_devices_is_explained() -> None:
    listed = {cells[0] for cells in rows("docs/devices.md")}
    codes = {str(code) for name, code in vars(frames).items() if name.startswith("CLOSE_")}
    assert codes <= listed


def test_every_slow_method_is_named() -> None:
    text = read("docs/rpc_relay.md")
    slow = {name for kind in bundled()["shelly"].fleet_register_components() for name in kind.slow_methods}
    assert [name for name in sorted(slow) if f"`{name}`" not in text] == []


# ---- operation ---------------------------------------------------------------------------------------------


def test_the_table_of_settings_is_that_of_the_code() -> None:
    check_made("docs/settings.md", "settings", settings_table())


def test_every_setting_of_a_bundled_plugin_is_listed() -> None:
    listed = {(cells[0], cells[1]) for cells in rows("docs/settings.md")}
    for name, plugin in bundled().items():
        declare = getattr(plugin, "fleet_register_settings", None)
        model: type[BaseModel] | None = declare().model if declare else None
        for field in model.model_fields if model else ():
            assert (name, field) in listed


def columns() -> Iterator[tuple[str, str]]:
    """Table and column of every comment in SQL; tests of the schema see to it that each column has one."""
    for path in (*ROOT.glob("migrations/*.sql"), *ROOT.glob("plugins/*/migrations/*.sql")):
        schema = "" if path.parent.parent == ROOT else f"plugin_{path.parent.parent.name.removeprefix('fleet_')}."
        for name, column in re.findall(r"COMMENT ON COLUMN ([\w.]+)\.(\w+) IS", path.read_text("utf-8")):
            yield f"{schema}{name}", column
    bookkeeping = TABLE.format(table=f"{BOOKKEEPING_SCHEMA}.migration")
    for name, column in re.findall(r"COMMENT ON COLUMN ([\w.]+)\.(\w+) IS", bookkeeping):
        yield name, column


def created() -> set[str]:
    texts = {path: path.read_text("utf-8") for path in ROOT.glob("**/migrations/*.sql") if _is_ours(path)}
    found = {(path, name) for path, text in texts.items() for name in re.findall(r"CREATE TABLE ([\w.]+) ", text)}
    return {name.rpartition(".")[2] for _, name in found} | {"migration"}


def test_every_table_and_column_is_listed() -> None:
    listed = {cells[0]: " ".join(cells[1:]) for cells in rows("docs/storage.md")}
    found = list(columns())
    assert {name.rpartition(".")[2] for name, _ in found} == created()
    for name, column in found:
        assert re.search(rf"\b{column}\b", listed[name]), f"{name}.{column}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_explained_with_its_options(command: str) -> None:
    found = program.get_command(click.Context(program), command)
    assert found is not None
    text = sections("docs/cli.md")["Command line"] + sections("docs/cli.md")[command]
    settings = {f"--{name.replace('_', '-')}" for name in PlatformSettings.model_fields}
    # a setting may be shown or not; everything else has a row
    assert [option for option in sorted(options_of(found) - settings) if f"| `{option}` |" not in text] == []


def test_no_command_is_explained_that_is_not_there() -> None:
    assert set(sections("docs/cli.md")) - {"Command line"} == set(SUMMARIES)


def _default(field: Field[object]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory


def _is_ours(path: Path) -> bool:
    return not {".venv", ".tox", "build", "node_modules"} & set(path.parts)
