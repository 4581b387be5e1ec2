"""A plugin that was loaded: its instance, its hooks' answers, and the platform as it sees it."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any

from fleet_platform.host.context import PluginFleet
from fleet_platform.host.contributions import Contributions
from fleet_platform.rpc.methods import BoundMethod
from plugin_sdk import Call


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedPlugin:
    """One plugin, as long as it stays enabled; enabling it again makes another one.

    Attributes:
        instance: What its entry point made, or the module that it names.
        package: Import package that holds its files, or "".
        methods: Its methods, bound.
        lifespan: Makes the context manager that owns what lives, or None.
    """

    name: str
    instance: object
    package: str
    fleet: PluginFleet
    contributions: Contributions
    methods: tuple[BoundMethod, ...]
    lifespan: Callable[[], AbstractAsyncContextManager[Any]] | None


def counted(method: BoundMethod, tally: Counter[str]) -> BoundMethod:
    """A method whose ``calls`` and ``errors`` are counted."""

    def call(arguments: Mapping[str, Any], request: Call) -> Any:
        tally["calls"] += 1
        try:
            result = method.call(arguments, request)
        except Exception:
            tally["errors"] += 1
            raise
        return _watch(result, tally) if inspect.isawaitable(result) else result

    return replace(method, call=call)


async def _watch(result: Awaitable[Any], tally: Counter[str]) -> Any:
    try:
        return await result
    except BaseException:  # being cancelled at its deadline is an error as well
        tally["errors"] += 1
        raise
