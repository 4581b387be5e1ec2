"""From entry points to tables: plugins are imported, built, registered and asked, each on its own.

A plugin whose code raises, or that does not fit the others, is left out and the rest go on. An import, a constructor
or a hook that never returns cannot be helped: they run on the event loop, as all Python code of one thread does.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from fleet_platform.host.context import PluginFleet
from fleet_platform.host.contributions import gather, gather_hookspecs
from fleet_platform.host.discovery import Found
from fleet_platform.host.extras import importing
from fleet_platform.host.faults import Rejected, blaming
from fleet_platform.host.hooks import Hooks
from fleet_platform.host.offers import Offers
from fleet_platform.host.plugins import LoadedPlugin, counted
from fleet_platform.host.sql_functions import bind_any
from fleet_platform.host.tables import Tables, compile_tables
from plugin_sdk import HookSpecs, Settings
from plugin_sdk.errors import PluginError


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """What came of loading a set of plugins.

    Attributes:
        plugins: Those that take part, by name, in the order of names.
        rejected: Those that do not, and why.
        tables: What those that take part bring.
    """

    plugins: Mapping[str, LoadedPlugin]
    rejected: Mapping[str, Rejected]
    tables: Tables


@dataclass(frozen=True, slots=True, eq=False)
class _Built:
    found: Found
    target: object
    package: str


class Loader:
    """Loads plugins of one platform. What it has loaded once it keeps, until it is told to forget it.

    Args:
        make_fleet: Makes the platform as a plugin sees it.
        declare: Takes a plugin's settings, or None if it has none; raises PluginError if they cannot be used.
        reserved_methods: Names of the platform's own methods.
        reserved_events: Names of the platform's own events.
    """

    def __init__(
        self,
        *,
        make_fleet: Callable[[str], PluginFleet],
        declare: Callable[[str, Settings | None], object],
        reserved_methods: Callable[[], Iterable[str]],
        reserved_events: Collection[str] = (),
    ) -> None:
        self._make_fleet = make_fleet
        self._declare = declare
        self._reserved_methods = reserved_methods
        self._reserved_events = reserved_events
        self._built: dict[str, _Built] = {}
        self._offered: dict[str, tuple[HookSpecs, ...]] = {}
        self._loaded: dict[str, LoadedPlugin] = {}
        self._faulty: dict[str, Rejected] = {}

    def load(self, wanted: Sequence[Found]) -> Loading:
        """Load a set of plugins, in the order of their names.

        Those that are not in it any more are forgotten, as are those that do not fit the others.
        """
        names = {found.name for found in wanted}
        for name in {*self._built, *self._faulty} - names:
            self.forget(name)
        rejected = {name: fault for name, fault in self._faulty.items() if name in names}
        while True:
            candidates = [found for found in wanted if found.name not in rejected]
            try:
                plugins, tables = self._assemble(candidates)
            except Rejected as rejection:
                rejected[rejection.plugin] = rejection
                self.forget(rejection.plugin)
                if rejection.lasting:
                    self._faulty[rejection.plugin] = rejection
            else:
                return Loading(plugins={each.name: each for each in plugins}, rejected=rejected, tables=tables)

    def forget(self, name: str) -> None:
        """Load a plugin afresh the next time."""
        self._built.pop(name, None)
        self._offered.pop(name, None)
        self._loaded.pop(name, None)
        self._faulty.pop(name, None)

    def _assemble(self, candidates: Sequence[Found]) -> tuple[list[LoadedPlugin], Tables]:
        """All steps for a set of plugins.

        Raises:
            Rejected: One of them has to be left out.
        """
        built = [self._build(found) for found in candidates]
        hooks = Hooks()
        for each in built:
            hooks.register(each.found.name, each.target)
        offers = Offers(hooks, {each.found.name: self._offered_by(hooks, each) for each in built})
        for each in built:
            hooks.check_names(each.found.name)
        plugins = [self._complete(hooks, each) for each in built]
        tables = compile_tables(
            plugins, reserved_methods=self._reserved_methods(), reserved_events=self._reserved_events
        )
        offers.answer([plugin.name for plugin in plugins])
        return plugins, tables

    def _build(self, found: Found) -> _Built:
        """Import a plugin and make its instance, once."""
        if found.name not in self._built:
            if found.problem is not None:
                raise Rejected(found.name, found.problem)
            with importing(found):
                self._built[found.name] = _Built(found, *_instantiate(found))
        return self._built[found.name]

    def _offered_by(self, hooks: Hooks, built: _Built) -> tuple[HookSpecs, ...]:
        """Ask a plugin for the hooks it offers, once."""
        name = built.found.name
        if name not in self._offered:
            with importing(built.found):
                self._offered[name] = gather_hookspecs(hooks, name)
        return self._offered[name]

    def _complete(self, hooks: Hooks, built: _Built) -> LoadedPlugin:
        """Ask a plugin for its contributions, once."""
        name = built.found.name
        if name not in self._loaded:
            fleet = self._make_fleet(name)
            with importing(built.found):
                contributions = gather(hooks, name, built.package)
            with blaming(name, "What it contributes"):
                self._declare(name, contributions.settings)
                methods = tuple(
                    [
                        counted(bind_any(method, plugin=name, fleet=fleet), fleet.record.tally)
                        for method in contributions.methods
                    ]
                )
            fleet.publisher.allow([component.namespace for component in contributions.components])
            fleet.publisher.allow([method.name for method in methods])
            fleet.publisher.declared = frozenset(event.name for event in contributions.events)
            fleet.reports = frozenset(kind.type for kind in contributions.components if kind.reported)
            self._loaded[name] = LoadedPlugin(
                name=name,
                instance=built.target,
                package=built.package,
                fleet=fleet,
                contributions=contributions,
                methods=methods,
                lifespan=hooks.bound(name, "fleet_lifespan", fleet=fleet),
            )
        return self._loaded[name]


def _instantiate(found: Found) -> tuple[object, str]:
    """What the entry point names, and the import package it is in."""
    target = found.entry.load()
    specification = sys.modules[found.entry.module].__spec__
    package = specification.parent or "" if specification is not None else ""
    if inspect.isclass(target):
        return target(), package
    if isinstance(target, ModuleType):
        return target, package
    raise PluginError(f"the entry point names a {type(target).__name__}, not a class or a module")
