"""Every event that the platform itself publishes. Plugins declare theirs beside these.

What is not listed here cannot be published by the core: a test compares this table with a run of everything.
"""

from __future__ import annotations

from plugin_sdk import EventType

_SHELLY = "the device's id"
_METADATA = "what plugins know of the device: `groups`, and more"


def _device(name: str, summary: str, **params: str) -> EventType:
    more = {"metadata": _METADATA} if name.startswith("Shelly.") else {}
    return EventType(name=name, summary=summary, params={**params, **more}, device=True)


EVENTS: tuple[EventType, ...] = (
    _device(
        "Shelly.Connect", "A device is connected and known.", shellyID=_SHELLY, device="the device, as in `Device.Get`"
    ),
    _device("Shelly.Disconnect", "A connection ended.", shellyID=_SHELLY, reason="why, for people"),
    _device(
        "Shelly.Presence",
        "A device came or went. A newer connection that replaces an older one changes nothing here.",
        shellyID=_SHELLY,
        presence="`online` or `offline`",
    ),
    _device(
        "Shelly.Status",
        "A status changed: once for each notification of the device.",
        shellyID=_SHELLY,
        status='the whole status; with `options.status: "changed"` the changed components',
    ),
    _device("Shelly.Settings", "Settings were read anew.", shellyID=_SHELLY, settings="all settings"),
    _device("Shelly.Info", "Device info was read anew.", shellyID=_SHELLY, info="answer of `Shelly.GetDeviceInfo`"),
    _device(
        "Shelly.Message",
        "A device sent a notification, or answered a relayed call.",
        shellyID=_SHELLY,
        message="the frame as it came",
        req="of an answer: `method` and `params` of the call, without secrets",
    ),
    _device(
        "Shelly.Request",
        "The platform sent a call to a device.",
        shellyID=_SHELLY,
        id="number of the call on its connection",
        method="method of the device",
        params="its parameters, without secrets",
    ),
    _device("Shelly.Delete", "A device was forgotten, with all that was known of it.", shellyID=_SHELLY),
    _device("Entity.Added", "A device has an entity more.", entityId="the entity's id"),
    _device("Entity.Removed", "A device has an entity less.", entityId="the entity's id"),
    _device(
        "Entity.StatusChange",
        "The status of an entity changed.",
        entityId="the entity's id",
        status="what changed; null if its component is gone",
    ),
    _device(
        "Entity.Event",
        "Something happened to an entity, such as a button being pushed.",
        entityId="the entity's id",
        event="what happened: `single_push`; further members come from the device",
    ),
    _device(
        "Device.CallResult",
        "A queued call was made, or given up.",
        id="as answered when it was queued",
        shellyID=_SHELLY,
        method="method of the device",
        result="its result",
        error="or its error",
    ),
    _device(
        "WaitingRoomEvent.Accepted",
        "An operator let a device in.",
        id="its number on this platform",
        shellyID=_SHELLY,
    ),
    _device(
        "WaitingRoomEvent.Denied", "An operator rejected a device.", id="its number on this platform", shellyID=_SHELLY
    ),
    EventType(
        name="NotifyEvent",
        summary="Something happened to a part of the platform: settings changed, the waiting room changed.",
        params={
            "ts": "UTC epoch milliseconds",
            "events": "`[{component, event, …}]`; `device`/`waiting_room_updated`, `web` or `plugin:<name>`/"
            "`config_changed`",
        },
    ),
)
