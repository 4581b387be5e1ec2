"""What the platform tells the world about devices: every device event has its shape here and nowhere else.

Source: the predecessor's events, with their order mended: nothing of an old connection is told after a new one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Literal, Protocol

from fleet_platform.devices.merge import differences
from fleet_platform.devices.twin import Twin
from fleet_platform.events.bus import Bus
from fleet_platform.redaction import mask
from plugin_sdk import JSON, DeviceId, JSONObject


class Keeper(Protocol):
    """Who keeps what is told (``history.keeper``)."""

    def sample(self, twin: Twin, changes: Mapping[str, JSON]) -> None:
        """Keep what is measured of what a device reported."""

    def note(self, device: DeviceId | None, name: str, data: JSONObject) -> None:
        """Keep that something happened."""


class Forgetful:
    """Keeps nothing."""

    def sample(self, twin: Twin, changes: Mapping[str, JSON]) -> None:
        """Keep nothing."""

    def note(self, device: DeviceId | None, name: str, data: JSONObject) -> None:
        """Keep nothing."""


class Voice:
    """Publishes device events, and lets a history keep what they tell."""

    def __init__(self, bus: Bus, keeper: Keeper = Forgetful()) -> None:  # noqa: B008  # it has no state
        self._bus = bus
        self._keeper = keeper

    def connected(self, twin: Twin, *, was: str) -> None:
        """A device is ready: Connect, Presence if it changed, and its whole status.

        Args:
            was: Its presence before.
        """
        self._keeper.sample(twin, twin.status)
        self._keeper.note(twin.id, "Shelly.Connect", {"was": was})
        self._bus.publish("Shelly.Connect", {"shellyID": twin.id, "device": twin.to_json()}, device=twin.id)
        if was != "online":
            self._bus.publish("Shelly.Presence", {"shellyID": twin.id, "presence": "online"}, device=twin.id)
        self._bus.publish_status(twin)

    def disconnected(self, twin: Twin, reason: str, *, presence: bool = True) -> None:
        """A device is gone. ``presence`` is False when a newer connection of it takes over."""
        if presence:
            self._bus.publish("Shelly.Presence", {"shellyID": twin.id, "presence": "offline"}, device=twin.id)
        self._keeper.note(twin.id, "Shelly.Disconnect", {"reason": reason})
        self._bus.publish("Shelly.Disconnect", {"shellyID": twin.id, "reason": reason}, device=twin.id)

    def deleted(self, twin: Twin) -> None:
        """A device was forgotten, with all that was known of it."""
        self._keeper.note(twin.id, "Shelly.Delete", {})
        self._bus.publish("Shelly.Delete", {"shellyID": twin.id}, device=twin.id)

    def decided(self, device: DeviceId, number: int | None, access: Literal["allowed", "denied"]) -> None:
        """An operator let a waiting device in, or rejected it."""
        name = "WaitingRoomEvent.Accepted" if access == "allowed" else "WaitingRoomEvent.Denied"
        self._keeper.note(device, name, {})
        self._bus.publish(name, {"id": number, "shellyID": device}, device=device)

    def status(self, twin: Twin, changes: JSONObject) -> None:
        """A notification changed something: the status, and each entity's part of it."""
        self._keeper.sample(twin, changes)
        self._bus.publish_status(twin, changes)
        if self._bus.wants("Entity.StatusChange"):
            for key, entity in twin.entities:
                if key in changes:
                    self._bus.publish(
                        "Entity.StatusChange", {"entityId": entity, "status": changes[key]}, device=twin.id
                    )

    def message(self, twin: Twin, message: JSONObject, request: JSONObject | None = None) -> None:
        """A raw frame of a device; with the request it answers, for relayed calls."""
        if not self._bus.wants("Shelly.Message"):
            return
        about = named_components(message)
        if self._bus.wants("Shelly.Message", about):
            params: JSONObject = {"shellyID": twin.id, "message": message}
            if request is not None:
                params |= {"message": {**message, **_masked(message, str(request["method"]))}, "req": request}
            self._bus.publish("Shelly.Message", params, device=twin.id, about=about)

    def request(self, twin: Twin, number: int, method: str, params: JSON) -> None:
        """A call was sent to a device; without the secrets in it. ``number`` is the ``id`` of the device's reply."""
        if self._bus.wants("Shelly.Request"):
            request: JSONObject = {"shellyID": twin.id, "id": number, "method": method, "params": mask(params)}
            self._bus.publish("Shelly.Request", request, device=twin.id)

    def reply(self, twin: Twin, message: JSONObject, method: str, params: JSON) -> None:
        """A device's answer to a relayed call, with the call but without the secrets in it (a Wi-Fi password)."""
        if self._bus.wants("Shelly.Message"):
            self.message(twin, message, {"method": method, "params": mask(params)})

    def settings(self, twin: Twin, before: JSONObject) -> None:
        """Settings were read anew; ``before`` is what they were."""
        self.reconfigured(twin, before)
        if self._bus.wants("Shelly.Settings"):
            self._bus.publish("Shelly.Settings", {"shellyID": twin.id, "settings": twin.settings()}, device=twin.id)

    def reconfigured(self, twin: Twin, before: JSONObject) -> None:
        """Keep what is different in the settings: ``{path: [before, after]}``, without secrets."""
        if before and (changes := differences(mask(before), mask(twin.settings()))):
            self._keeper.note(twin.id, "Shelly.Settings", {"changes": changes})

    def updating(self, twin: Twin, event: JSONObject) -> None:
        """Keep what a device says of its update."""
        self._keeper.note(twin.id, "Shelly.Update", {k: v for k, v in event.items() if k not in ("component", "ts")})

    def info(self, twin: Twin) -> None:
        """Device info was read anew."""
        if self._bus.wants("Shelly.Info"):
            self._bus.publish("Shelly.Info", {"shellyID": twin.id, "info": twin.info()}, device=twin.id)

    def entities(self, twin: Twin, before: tuple[tuple[str, str], ...]) -> None:
        """Entities came or went."""
        old, new = dict(before), dict(twin.entities)
        for key in old.keys() - new.keys():
            self._bus.publish("Entity.Removed", {"entityId": old[key]}, device=twin.id)
        for key in new.keys() - old.keys():
            self._bus.publish("Entity.Added", {"entityId": new[key]}, device=twin.id)

    def entity_event(self, twin: Twin, entity: str, event: str, data: Mapping[str, JSON]) -> None:
        """Something happened to an entity, such as a button being pushed."""
        self._keeper.note(twin.id, "Entity.Event", {**data, "entityId": entity, "event": event})
        # What the device says of the event comes first: it cannot speak for an entity of another.
        self._bus.publish("Entity.Event", {**data, "entityId": entity, "event": event}, device=twin.id)

    def notify(self, component: str, event: str, *, device: DeviceId | None = None) -> None:
        """Something happened to a part of the platform; of what names a device, only who may see it hears."""
        named: JSONObject = {} if device is None else {"shellyID": device}
        self._bus.publish(
            "NotifyEvent",
            {"ts": time.time_ns() // 1_000_000, "events": [{"component": component, "event": event, **named}]},
            device=device,
            reason=component,
        )


def named_components(message: JSONObject) -> list[str]:
    """Keys of the components that a notification is about; none for an answer."""
    params = message.get("params")
    if "method" not in message or not isinstance(params, dict):
        return []
    events = params.get("events")
    if not isinstance(events, list):
        return list(params)
    named = (event.get("component") for event in events if isinstance(event, dict))
    return [component for component in named if isinstance(component, str)]


def _masked(reply: JSONObject, method: str) -> JSONObject:
    """The result of a reply that tells settings, without the secrets in them; empty for other replies."""
    asked, result = method.lower(), reply.get("result")
    if asked.endswith(".getconfig"):
        return {"result": mask(result)}
    if (
        asked != "shelly.getcomponents"
        or not isinstance(result, dict)
        or not isinstance(result.get("components"), list)
    ):
        return {}
    shown = [
        {**each, "config": mask(each["config"])} if isinstance(each, dict) and "config" in each else each
        for each in result["components"]
    ]
    return {"result": {**result, "components": shown}}
