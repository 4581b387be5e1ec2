"""The plugin's one hook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fleet_shelly.catalogue import COMPONENTS
from fleet_shelly.simulation import BEHAVIOURS
from fleet_shelly.webhooks import WEBHOOKS
from plugin_sdk import ComponentType, hookimpl


class Shelly:
    """Everything the platform knows about the components of Shelly devices."""

    @hookimpl
    def fleet_register_components(self) -> Iterable[ComponentType]:
        """All component types, with their behaviours and webhooks in the simulator where they have any."""
        return tuple(
            replace(component, simulate=BEHAVIOURS.get(component.type), webhooks=WEBHOOKS.get(component.type, ()))
            for component in COMPONENTS
        )
