"""How methods come to the registries, which are there while the plugin runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from fleet_registries.registries import Registries

Opened: TypeAlias = Callable[[], Registries]
"""The registries.

Raises:
    Unavailable: The plugin is not running.
"""
