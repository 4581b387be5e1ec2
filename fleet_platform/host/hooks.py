"""The plugins' hooks: one pluggy manager per set of plugins, and calls of single implementations.

pluggy finds and checks implementations here; its own call of all implementations at once is never used, because the
first one that raises would stop the others.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any

import pluggy

from fleet_platform.host.faults import Rejected, blaming, called_once
from plugin_sdk import HookSpecs, hookspecs
from plugin_sdk.errors import PluginError

PROJECT = "fleet"


class Hooks:
    """Hooks of one set of plugins. Plugins are registered first, in any order; then their hooks are called."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._own = frozenset(_specifications(self._manager, hookspecs))

    def offer(self, plugin: str, offered: HookSpecs) -> list[str]:
        """Add hooks that a plugin offers to others; returns their names.

        Raises:
            Rejected: They cannot be hooks, or another plugin's implementation does not fit one.
        """
        with blaming(plugin, "What it offers as hooks"):
            names = _specifications(self._manager, offered.namespace)
            try:
                self._manager.add_hookspecs(offered.namespace)
            except pluggy.PluginValidationError as error:
                culprit = self._manager.get_name(error.plugin) or plugin
                raise Rejected(culprit, f"Its hooks are refused: {_one_line(error)}", lasting=False) from error
            for name in names:
                if getattr(self._manager.hook, name).spec.argnames:
                    raise PluginError(f"the hook {name} may take no parameters")
        return names

    def register(self, plugin: str, target: object) -> None:
        """Add a plugin's implementations.

        Raises:
            Rejected: One does not fit its hook.
        """
        with blaming(plugin, "The search for its hooks"):
            self._check_marks(target)
            try:
                self._manager.register(target, name=plugin)
            except pluggy.PluginValidationError as error:
                raise PluginError(_one_line(error)) from error
            for name in self._own:
                self._check_form(name, self._implementations(target, name))

    def check_names(self, plugin: str) -> None:
        """Look for implementations of hooks that do not exist, once all that are offered are known.

        Raises:
            Rejected: There is one that is not optional.
        """
        target = self._manager.get_plugin(plugin)
        for caller in self._manager.get_hookcallers(target) or ():
            if caller.has_spec() or all(each.optionalhook for each in self._implementations(target, caller.name)):
                continue
            near = difflib.get_close_matches(caller.name, self._own, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise Rejected(plugin, f"There is no hook {caller.name}{hint}", lasting=False)

    def call(self, plugin: str, name: str, **arguments: Any) -> list[Any]:
        """What a plugin returns for a hook: one result per implementation, normally one or none.

        Raises:
            Rejected: An implementation raised, or is a coroutine function.
        """
        results = []
        for implementation in self._implementations(self._manager.get_plugin(plugin), name):
            with blaming(plugin, f"Its hook {name}"):
                given = [arguments[each] for each in implementation.argnames]
                results.append(called_once(implementation.function, *given))
        return results

    def bound(self, plugin: str, name: str, **arguments: Any) -> Callable[[], Any] | None:
        """A call of a plugin's only implementation of a hook, to be made later; None if it has none.

        Raises:
            Rejected: It has several.
        """
        found = self._implementations(self._manager.get_plugin(plugin), name)
        if len(found) > 1:
            raise Rejected(plugin, f"It implements {name} more than once.")
        if not found:
            return None
        return functools.partial(found[0].function, *(arguments[each] for each in found[0].argnames))

    def _implementations(self, target: object, name: str) -> list[pluggy.HookImpl]:
        caller = getattr(self._manager.hook, name, None)
        return [] if caller is None else [each for each in caller.get_hookimpls() if each.plugin is target]

    def _check_marks(self, target: object) -> None:
        for name in self._own:
            implementation = getattr(target, name, None)
            if inspect.isroutine(implementation) and self._manager.parse_hookimpl_opts(target, name) is None:
                raise PluginError(f"{name} is not marked with @hookimpl")

    def _check_form(self, name: str, implementations: list[pluggy.HookImpl]) -> None:
        for each in implementations:
            if each.wrapper or each.hookwrapper:
                raise PluginError(f"{name} cannot be a wrapper")
            if name == "fleet_lifespan" and _is_bare(each.function):
                raise PluginError("fleet_lifespan must be decorated with contextlib.asynccontextmanager")


def _specifications(manager: pluggy.PluginManager, namespace: Any) -> list[str]:
    return [name for name in dir(namespace) if manager.parse_hookspec_opts(namespace, name) is not None]


def _is_bare(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _one_line(error: pluggy.PluginValidationError) -> str:
    return " ".join(str(error).split())
