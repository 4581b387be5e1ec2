"""A plugin that was loaded: its instance, its hooks' answers, and the platform as it sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from fleet_platform.host.context import PluginFleet
from fleet_platform.host.contributions import Contributions
from fleet_platform.rpc.methods import BoundMethod


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedPlugin:
    """One plugin, as long as it stays enabled; enabling it again makes another one.

    Attributes:
        package: Import package that holds its files, or "".
        methods: Its methods, bound.
        lifespan: Makes the context manager that owns what lives, or None.
    """

    name: str
    package: str
    fleet: PluginFleet
    contributions: Contributions
    methods: tuple[BoundMethod, ...]
    lifespan: Callable[[], AbstractAsyncContextManager[Any]] | None
