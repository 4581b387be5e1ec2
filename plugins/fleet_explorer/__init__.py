"""A page to try every method of the platform; README.md says how it is made."""

from __future__ import annotations

from plugin_sdk import Panel, hookimpl


class Explorer:
    """Shows what the platform can do, and does it."""

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """One page, for whoever may read the description of the methods."""
        return [
            Panel(
                name="methods",
                kind="page",
                title="Methods",
                module="explorer.js",
                element="fleet-explorer",
                icon="code",
                order=60,
                permission="rpc.discover",
            )
        ]
