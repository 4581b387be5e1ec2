"""From a device's notification to a changed twin and published events, in one turn of the event loop.

The hottest path of the platform: no await, no lock, no pydantic, no pluggy. What a notification makes necessary
to ask the device is left in ``Refresh`` for the session, which owns the asking.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.frames import components_of
from fleet_platform.devices.merge import apply, differing
from fleet_platform.devices.twin import Twin
from fleet_platform.devices.voice import Voice
from plugin_sdk import ComponentType, JSONObject, component_type

QUIET_EVENTS = frozenset({"config_changed", "component_added", "component_removed"})


class Refresh(Protocol):
    """What the session does when a notification says that more is to be read."""

    def settings_changed(self, key: str) -> None:
        """Settings of a component changed."""

    def component_added(self, key: str) -> None:
        """A dynamic component appeared."""

    def component_removed(self, key: str) -> None:
        """A dynamic component is gone."""


class Notifications:
    """Applies notifications to twins.

    Args:
        voice: Tells the world.
        stored: Told of each twin whose status changed.
        types: The component types in force, by name.
        composer: Makes entities anew when a full status has other components.
    """

    def __init__(
        self,
        *,
        voice: Voice,
        stored: Callable[[Twin], None],
        types: Callable[[], Mapping[str, ComponentType]],
        composer: Composer,
    ) -> None:
        self._voice = voice
        self._composer = composer
        self._stored = stored
        self._types = types

    def handle(self, twin: Twin, frame: JSONObject, refresh: Refresh) -> bool:
        """Handle a frame with a ``method``; returns False if it is no notification known here."""
        method = frame["method"]
        params = frame.get("params")
        twin.last_report_ms = time.time_ns() // 1_000_000
        if method == "NotifyStatus":
            if isinstance(params, dict):
                self._changed(twin, apply(twin.status, params))
        elif method == "NotifyEvent":
            if isinstance(params, dict):
                self._events(twin, params, refresh)
        elif method == "NotifyFullStatus":
            self.replace_status(twin, components_of(params))
        else:
            return False
        self._voice.message(twin, frame)
        return True

    def replace_status(self, twin: Twin, status: JSONObject) -> None:
        """Take a full status: stale components vanish, dynamic ones stay until the device says otherwise.

        Some firmware leaves dynamic components out of its full status. A report of nothing, as a busy device may
        send, changes nothing.
        """
        if not status:
            return
        before, entities = twin.status, twin.entities
        take_full_status(twin, status, self._types())
        if before.keys() != twin.status.keys():
            self._composer.refresh(twin)
        self._changed(twin, differing(before, twin.status))
        self._voice.entities(twin, entities)

    def _changed(self, twin: Twin, changes: JSONObject) -> None:
        if changes:
            self._stored(twin)
            self._voice.status(twin, changes)

    def _events(self, twin: Twin, params: JSONObject, refresh: Refresh) -> None:
        events = params.get("events")
        for event in events if isinstance(events, list) else ():
            if not isinstance(event, dict) or not isinstance(event.get("event"), str):
                continue
            component = event.get("component")
            if isinstance(component, str):
                self._event(twin, component, event, refresh)

    def _event(self, twin: Twin, component: str, event: JSONObject, refresh: Refresh) -> None:
        name = event["event"]
        target = event.get("target")
        if name == "config_changed":
            refresh.settings_changed(component)
        elif name == "component_added" and isinstance(target, str):
            refresh.component_added(target)
        elif name == "component_removed" and isinstance(target, str):
            refresh.component_removed(target)
        elif component == "sys":
            if name.startswith("ota_") and not twin.updating:
                twin.updating = True
                self._stored(twin)
        else:
            self._entity_event(twin, component, event)

    def _entity_event(self, twin: Twin, component: str, event: JSONObject) -> None:
        name = event["event"]
        kind = self._types().get(component_type(component))
        if kind is None or (kind.events and name not in kind.events):
            return
        entity = next((entity for key, entity in twin.entities if key == component), None)
        if entity is not None:
            data = {k: v for k, v in event.items() if k not in ("component", "id", "event", "ts")}
            self._voice.entity_event(twin, entity, name, data)


def take_full_status(twin: Twin, status: JSONObject, types: Mapping[str, ComponentType]) -> None:
    """Replace a twin's status, keeping dynamic components that the report leaves out."""
    for key, value in twin.status.items():
        kind = types.get(component_type(key))
        if key not in status and kind is not None and kind.dynamic:
            status[key] = value
    twin.status = status
