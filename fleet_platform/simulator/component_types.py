"""The component types that installed plugins contribute, for a simulator that runs without a platform."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping

from importlib_metadata import entry_points

from plugin_sdk import ComponentType

_log = logging.getLogger(__name__)

_GROUP = "fleet_platform.plugins"


def load_component_types() -> Mapping[str, ComponentType]:
    """Ask every installed plugin for its component types; one that fails is left out and logged.

    Returns:
        Type name to its description; of two plugins that describe one type the first by name counts.
    """
    types: dict[str, ComponentType] = {}
    for entry_point in sorted(entry_points(group=_GROUP), key=lambda found: found.name):
        try:
            plugin = entry_point.load()
            plugin = plugin() if inspect.isclass(plugin) else plugin
            register = getattr(plugin, "fleet_register_components", None)
            for kind in register() if register is not None else ():
                types.setdefault(kind.type, kind)
        except Exception:
            # A plugin may raise anything; the simulator does without it, as the platform does.
            _log.exception("plugin %s gave no component types", entry_point.name)
    return types
