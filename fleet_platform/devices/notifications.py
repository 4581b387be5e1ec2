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
from fleet_platform.text import decode, encode
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
                self._patch(twin, params)
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
        if take_full_status(twin, status, self._types()):
            self._composer.refresh(twin)
        self._changed(twin, differing(before, twin.status))
        self._voice.entities(twin, entities)

    def report(self, twin: Twin, components: Mapping[str, JSONObject | None]) -> None:
        """Take what a plugin reports about components that the device itself does not know of.

        Raises:
            TypeError: It has no JSON form; nothing was taken.
        """
        # What a plugin keeps must not change under the twin, nor the twin under the plugin.
        reported = decode(encode({key: status for key, status in components.items() if status is not None}))
        entities, before = twin.entities, twin.status.keys() | set()
        gone = [key for key, status in components.items() if status is None and twin.status.pop(key, None) is not None]
        changes = apply(twin.status, reported)
        changes.update(dict.fromkeys(gone))
        if before != twin.status.keys():
            self._composer.refresh(twin)
        elif changes:
            # Nobody else knows such components, so what their entities are like can only come from what is reported.
            twin.entities_json = None
        self._changed(twin, changes)
        self._voice.entities(twin, entities)

    def _patch(self, twin: Twin, params: JSONObject) -> None:
        status = twin.status
        changes = apply(status, params)
        for key, patch in changes.items():
            if status[key] is patch:  # taken as it is, not merged: the component came or went
                break
        else:
            self._changed(twin, changes)
            return
        entities = twin.entities
        self._composer.refresh(twin)
        self._changed(twin, changes)
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
            if name.startswith("ota_"):
                self._voice.updating(twin, event)
                if not twin.updating:
                    twin.updating = True
                    self._stored(twin)
        else:
            self.entity_event(twin, component, event)

    def entity_event(self, twin: Twin, component: str, event: JSONObject) -> None:
        """Take an event of a component, if its type knows such an event and it has an entity."""
        name = event["event"]
        kind = self._types().get(component_type(component))
        if kind is None or (kind.events and name not in kind.events):
            return
        entity = next((entity for key, entity in twin.entities if key == component), None)
        if entity is not None:
            data = {k: v for k, v in event.items() if k not in ("component", "id", "event", "ts")}
            self._voice.entity_event(twin, entity, name, data)


def take_full_status(twin: Twin, status: JSONObject, types: Mapping[str, ComponentType]) -> bool:
    """Replace a twin's status, keeping dynamic components that the report leaves out.

    Returns:
        Whether components came or went.
    """
    before = twin.status
    for key, value in before.items():
        kind = types.get(component_type(key))
        if key not in status and kind is not None and (kind.dynamic or kind.reported):
            status[key] = value
    twin.status = status
    return _present(before) != _present(status)


def _present(status: JSONObject) -> set[str]:
    return {key for key, value in status.items() if value is not None}
