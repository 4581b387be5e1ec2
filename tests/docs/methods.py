"""All methods of the platform and the bundled plugins, and the table of them for the documentation.

Methods are declared, not called: whatever their handlers need of a running platform is left out.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from importlib_metadata import entry_points

import fleet_platform.methods
from fleet_platform.methods.listing import with_listings
from fleet_platform.rpc.methods import BoundMethod, bind
from plugin_sdk import Fleet, JSONObject, Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A method."""

    bound: BoundMethod

    @property
    def text(self) -> str:
        """What its handler says of it."""
        return self.bound.description

    @property
    def noun(self) -> str:
        """``Device``."""
        return self.bound.name.partition(".")[0]


def bundled() -> Mapping[str, Any]:
    """An instance of each bundled plugin by its name."""
    found = entry_points(group="fleet_platform.plugins")
    return {entry.name: entry.load()() for entry in found if entry.dist and entry.dist.name == "fleet-platform"}


def all_methods() -> list[Described]:
    """Methods of the core, then of plugins, each in the order of declaration."""
    core = [_described(method, "core") for owner in _nouns() for method in owner.methods()]
    core.append(Described(bound=with_listings({})["rpc.discover"]))
    return core + [
        _described(method, name)
        for name, plugin in sorted(bundled().items())
        if hasattr(plugin, "fleet_register_methods")
        for method in plugin.fleet_register_methods()
    ]


def table() -> str:
    """One table per noun, as Markdown."""
    by_noun: dict[str, list[Described]] = defaultdict(list)
    for method in all_methods():
        by_noun[method.noun].append(method)
    return "\n".join("\n".join(_section(noun, by_noun[noun])) for noun in sorted(by_noun, key=str.lower))


def parameters(method: BoundMethod) -> dict[str, str]:
    """Name of each parameter, with ``?`` if it is optional, to what it may be."""
    schema = method.schema()
    required, definitions = schema.get("required", ()), schema.get("$defs", {})
    return {
        name if name in required else f"{name}?": _kind(body, definitions)
        for name, body in schema.get("properties", {}).items()
    }


def _nouns() -> Iterator[Any]:
    """The classes of the core that declare methods, built with nothing in their hands."""
    for module in pkgutil.iter_modules(fleet_platform.methods.__path__, "fleet_platform.methods."):
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if name.endswith("Methods") and kind.__module__ == module.name:
                nothing = SimpleNamespace(records={"<name>": None})
                given = inspect.signature(kind).parameters.values()
                yield kind(
                    *(nothing for each in given if each.kind is not each.KEYWORD_ONLY),
                    **{each.name: nothing for each in given if each.kind is each.KEYWORD_ONLY},
                )


def _described(method: Method, plugin: str) -> Described:
    return Described(bound=bind(method, plugin=plugin, fleet=cast(Fleet, SimpleNamespace())))


def _section(noun: str, methods: list[Described]) -> Iterator[str]:
    yield f"### `{noun}`"
    yield ""
    yield "| method | params | answers | permission |"
    yield "|---|---|---|---|"
    for method in methods:
        bound = method.bound
        names = ", ".join(f"`{name}`" for name in (bound.name, *bound.aliases))
        params = "<br>".join(f"`{name}` {kind}" for name, kind in parameters(bound).items()) or "none"
        permission = "none" if bound.anonymous else f"`{bound.permission}`"
        get = " · GET" if bound.read_only else ""
        yield f"| {names}{get} | {cell(params)} | {cell(method.text)} | {permission} |"
    yield ""


def cell(text: str) -> str:
    """Text as a cell of a table."""
    return text.replace("|", "\\|")


def _kind(schema: JSONObject, definitions: JSONObject) -> str:
    if "$ref" in schema:
        body = definitions[schema["$ref"].rpartition("/")[2]]
        return "{" + ", ".join(body["properties"]) + "}"
    if "anyOf" in schema:
        kinds = [_kind(each, definitions) for each in schema["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return " or ".join(f'`"{value}"`' for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}), definitions)}"
    kind = {"integer": "whole number"}.get(name := str(schema.get("type", "anything")), name)
    default = schema.get("default")
    return kind if default is None else f"{kind}, {str(default).lower() if isinstance(default, bool) else default}"
