"""Everything plugins contribute, compiled for looking up. Frozen: a change of plugins makes new tables.

Of two contributions with one name the plugin that comes first in the order of names keeps it; the other plugin is
rejected as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, TypeAlias, TypeVar

from fleet_platform.host.contributions import Contributions
from fleet_platform.host.faults import Rejected
from fleet_platform.rpc.methods import BoundMethod
from plugin_sdk import (
    AdmissionRule,
    AuthProvider,
    ComponentType,
    EventType,
    Metadata,
    Panel,
    Policy,
    Route,
    Service,
    Sink,
)

T = TypeVar("T")

Owned: TypeAlias = tuple[str, T]
"""A contribution after the name of its plugin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Contributions in force, in the order of their plugins' names.

    Attributes:
        methods: Lower-case name to method, aliases included.
        components: Component type to its declaration.
        events: Event name to its declaration, with the plugin it is of.
    """

    methods: Mapping[str, BoundMethod] = field(default_factory=lambda: MappingProxyType({}))
    components: Mapping[str, ComponentType] = field(default_factory=lambda: MappingProxyType({}))
    events: Mapping[str, Owned[EventType]] = field(default_factory=lambda: MappingProxyType({}))
    sinks: tuple[Owned[Sink], ...] = ()
    panels: tuple[Owned[Panel], ...] = ()
    routes: tuple[Owned[Route], ...] = ()
    auth: tuple[Owned[AuthProvider], ...] = ()
    policies: tuple[Owned[Policy], ...] = ()
    admission: tuple[Owned[AdmissionRule], ...] = ()
    metadata: tuple[Owned[Metadata], ...] = ()
    services: tuple[Owned[Service], ...] = ()


class Contributor(Protocol):
    """A plugin, as far as tables care."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def contributions(self) -> Contributions:
        """What it brings."""

    @property
    def methods(self) -> Sequence[BoundMethod]:
        """Its methods, bound."""


def compile_tables(
    plugins: Sequence[Contributor], *, reserved_methods: Iterable[str] = (), reserved_events: Iterable[str] = ()
) -> Tables:
    """Make tables.

    Args:
        plugins: In the order of their names.
        reserved_methods: Names of the platform's own methods.
        reserved_events: Names of the platform's own events.

    Raises:
        Rejected: A plugin brings what is taken.
    """
    _check_names(plugins, reserved_methods, reserved_events)
    return Tables(
        methods=MappingProxyType(
            {
                name.lower(): method
                for plugin in plugins
                for method in plugin.methods
                for name in (method.name, *method.aliases)
            }
        ),
        components=MappingProxyType(
            {component.type: component for plugin in plugins for component in plugin.contributions.components}
        ),
        events=MappingProxyType(
            {event.name: (plugin.name, event) for plugin in plugins for event in plugin.contributions.events}
        ),
        sinks=tuple((plugin.name, each) for plugin in plugins for each in plugin.contributions.sinks),
        panels=tuple((plugin.name, each) for plugin in plugins for each in plugin.contributions.panels),
        routes=tuple((plugin.name, each) for plugin in plugins for each in plugin.contributions.routes),
        auth=tuple((plugin.name, each) for plugin in plugins for each in plugin.contributions.auth),
        policies=tuple((plugin.name, each) for plugin in plugins for each in plugin.contributions.policies),
        admission=tuple((plugin.name, each) for plugin in plugins for each in plugin.contributions.admission),
        metadata=tuple((plugin.name, each) for plugin in plugins for each in plugin.contributions.metadata),
        services=tuple((plugin.name, each) for plugin in plugins for each in plugin.contributions.services),
    )


def _check_names(
    plugins: Sequence[Contributor], reserved_methods: Iterable[str], reserved_events: Iterable[str]
) -> None:
    owners = {("method", name.lower()): "the platform itself" for name in reserved_methods}
    owners.update((("event", name.lower()), "the platform itself") for name in reserved_events)
    for plugin in plugins:
        for what, name in _names(plugin):
            owner = owners.get((what, name.lower()))
            if owner is None and what == "method" and name.lower().startswith("plugin:"):
                owner = "the platform itself"
            if owner is not None:
                sentence = f"The plugin {plugin.name} brings the {what} {name}, which is taken by {owner}."
                raise Rejected(plugin.name, sentence, lasting=False)
            owners[what, name.lower()] = f"the plugin {plugin.name}"


def _names(plugin: Contributor) -> Iterator[tuple[str, str]]:
    """What a plugin takes: kind of thing and name. Where names count within a plugin only, its own is before them."""
    own = plugin.contributions
    for method in plugin.methods:
        yield from (("method", name) for name in (method.name, *method.aliases))
    yield from (("component type", component.type) for component in own.components)
    yield from (("event", event.name) for event in own.events)
    for route in own.routes:
        yield "route", f"{route.method} {route.path if route.absolute else f'/plugin/{plugin.name}{route.path}'}"
    yield from (("auth provider", provider.name) for provider in own.auth)
    yield from (("service", f"{service.interface} {service.name}") for service in own.services)
    for what, values in _named(own):
        yield from ((what, f"{plugin.name}.{value.name}") for value in values)


def _named(own: Contributions) -> Iterator[tuple[str, Sequence[Sink | Panel | Policy | AdmissionRule | Metadata]]]:
    yield "sink", own.sinks
    yield "panel", own.panels
    yield "policy", own.policies
    yield "admission rule", own.admission
    yield "metadata", own.metadata
