"""One plugin's contributions: its hooks are called, and what they return is checked before anybody uses it."""

from __future__ import annotations

import importlib.resources
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from fleet_platform.host.checks import check
from fleet_platform.host.faults import blaming
from fleet_platform.host.hooks import Hooks
from plugin_sdk import (
    AdmissionRule,
    AuthProvider,
    ComponentType,
    EventType,
    HookSpecs,
    Metadata,
    Method,
    Migrations,
    Panel,
    Policy,
    Route,
    Service,
    Settings,
    Sink,
)
from plugin_sdk.errors import PluginError

T = TypeVar("T")

_MOST = 10_000
"""A hook that returns more things of a kind than this has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributions:
    """What one plugin brings, checked, in the order in which it brought it."""

    settings: Settings | None = None
    migrations: Migrations | None = None
    components: tuple[ComponentType, ...] = ()
    methods: tuple[Method, ...] = ()
    events: tuple[EventType, ...] = ()
    sinks: tuple[Sink, ...] = ()
    panels: tuple[Panel, ...] = ()
    routes: tuple[Route, ...] = ()
    auth: tuple[AuthProvider, ...] = ()
    policies: tuple[Policy, ...] = ()
    admission: tuple[AdmissionRule, ...] = ()
    metadata: tuple[Metadata, ...] = ()
    services: tuple[Service, ...] = ()


def gather(hooks: Hooks, plugin: str, package: str) -> Contributions:
    """Call a plugin's hooks, each by itself, in the order of ``plugin_sdk.hookspecs``.

    Args:
        package: Import package that holds the plugin's files, or "".

    Raises:
        Rejected: A hook raised, or returned something that cannot be used.
    """
    contributions = Contributions(
        settings=_one(hooks, plugin, "settings", Settings),
        migrations=_one(hooks, plugin, "migrations", Migrations),
        components=_many(hooks, plugin, "components", ComponentType),
        methods=_many(hooks, plugin, "methods", Method),
        events=_many(hooks, plugin, "events", EventType),
        sinks=_many(hooks, plugin, "sinks", Sink),
        panels=_many(hooks, plugin, "panels", Panel),
        routes=_many(hooks, plugin, "routes", Route),
        auth=_many(hooks, plugin, "auth", AuthProvider),
        policies=_many(hooks, plugin, "policies", Policy),
        admission=_many(hooks, plugin, "admission", AdmissionRule),
        metadata=_many(hooks, plugin, "metadata", Metadata),
        services=_many(hooks, plugin, "services", Service),
    )
    with blaming(plugin, "What it contributes"):
        for panel in contributions.panels:
            _check_file(panel, package)
    return contributions


def gather_hookspecs(hooks: Hooks, plugin: str) -> tuple[HookSpecs, ...]:
    """Ask a plugin for the hooks that it offers to others.

    Raises:
        Rejected: As :func:`gather`.
    """
    return _many(hooks, plugin, "hookspecs", HookSpecs)


def _one(hooks: Hooks, plugin: str, what: str, kind: type[T]) -> T | None:
    name = f"fleet_register_{what}"
    results = hooks.call(plugin, name)
    with blaming(plugin, f"What its hook {name} returned"):
        if len(results) > 1:
            raise PluginError(f"there is more than one {kind.__name__}")
        return check(results[0], kind) if results else None


def _many(hooks: Hooks, plugin: str, what: str, kind: type[T]) -> tuple[T, ...]:
    name = f"fleet_register_{what}"
    results = hooks.call(plugin, name)
    with blaming(plugin, f"What its hook {name} returned"):
        items = itertools.chain.from_iterable(_iterable(result, kind) for result in results)
        found = tuple(itertools.islice(items, _MOST + 1))
        if len(found) > _MOST:
            raise PluginError(f"there are more than {_MOST} of {kind.__name__}")
        return tuple(check(item, kind) for item in found)


def _iterable(result: object, kind: type[T]) -> Iterable[object]:
    if isinstance(result, Iterable) and not isinstance(result, str | bytes):
        return result
    given = "nothing" if result is None else f"one {type(result).__name__}"
    raise PluginError(f"{given} instead of a list of {kind.__name__}")


def _check_file(panel: Panel, package: str) -> None:
    if not package:
        raise PluginError(f"the panel {panel.name} needs an import package with a folder panel beside its code")
    if not (importlib.resources.files(package) / "panel" / panel.module).is_file():
        raise PluginError(f"the panel {panel.name}: there is no file panel/{panel.module} in the package {package}")
