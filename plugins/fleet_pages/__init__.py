"""The platform's own pages: devices, waiting room, plugins, events, and the tabs of a device.

Nothing but panels: all they show comes over the same methods and events that any client may use.
"""

from __future__ import annotations

from plugin_sdk import Panel, hookimpl


class Pages:
    """Brings the pages; README.md says what each shows."""

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """Four pages and two device tabs."""
        return [
            Panel(
                name="devices",
                kind="page",
                title="Devices",
                module="devices.js",
                element="fleet-devices",
                icon="devices",
                order=10,
                permission="device.list",
            ),
            Panel(
                name="waiting-room",
                kind="page",
                title="Waiting room",
                module="waiting_room.js",
                element="fleet-waiting-room",
                icon="door",
                order=20,
                permission="waitingroom.getpending",
            ),
            Panel(
                name="events",
                kind="page",
                title="Events",
                module="events.js",
                element="fleet-events",
                icon="pulse",
                order=30,
                permission="fleetmanager.subscribe",
            ),
            Panel(
                name="plugins",
                kind="page",
                title="Plugins",
                module="plugins.js",
                element="fleet-plugins",
                icon="puzzle",
                order=40,
                permission="plugin.list",
            ),
            Panel(
                name="overview",
                kind="device_tab",
                title="Overview",
                module="overview.js",
                element="fleet-device-overview",
                order=10,
            ),
            Panel(
                name="details",
                kind="device_tab",
                title="Details",
                module="details.js",
                element="fleet-device-details",
                order=90,
            ),
        ]
