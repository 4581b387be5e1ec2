"""What a device still has to tell: its notifications of one turn of the event loop, in order.

Status changes that follow one another become one frame; an event between them keeps its place. Bounded: beyond
``LIMIT`` entries, which only a server that does not read can cause, the oldest event is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import orjson

from fleet_platform.simulator.device.merge import overlay_patch
from fleet_platform.simulator.outbound.dialect import Dialect
from plugin_sdk import JSON, JSONObject, component_id, component_type

LIMIT = 64

_Entry: TypeAlias = tuple[str, JSONObject]


class Outbox:
    """Notifications that wait for the end of the turn."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[_Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add_status(self, key: str, patch: Mapping[str, JSON]) -> None:
        """A component's status changed."""
        entries = self._entries
        if entries and entries[-1][0] == "NotifyStatus":
            changed = entries[-1][1]
            if key in changed:
                overlay_patch(changed[key], patch)
            else:
                changed[key] = dict(patch)
        else:
            self._append(("NotifyStatus", {key: dict(patch)}))

    def add_event(self, key: str, event: str, data: Mapping[str, JSON]) -> None:
        """A component emitted an event."""
        # Updates are told without the instance's number, of Bluetooth devices too (notifications.jsonl).
        number = None if event.startswith("ota_") else component_id(key)
        named = {"component": key} if number is None else {"component": key, "id": number}
        self._append(("NotifyEvent", {**named, "event": event, **data}))

    def clear(self) -> None:
        """Forget all; a full status will say it."""
        self._entries.clear()

    def take(self, src: str, dialect: Dialect, ts: float) -> list[bytes]:
        """All waiting notifications as frames' texts, oldest first; the outbox is empty afterwards."""
        # Emptied first: what cannot be encoded must not come up again with the next news.
        entries, self._entries = self._entries, []
        texts = []
        for method, body in entries:
            params = _params(method, body, dialect, ts) if dialect.component_ids or method == "NotifyEvent" else body
            texts.append(encode_notification(src, method, params, dialect, ts))
        return texts

    def _append(self, entry: _Entry) -> None:
        if len(self._entries) >= LIMIT:
            oldest = next((at for at, (method, _) in enumerate(self._entries) if method == "NotifyEvent"), 0)
            del self._entries[oldest]
        self._entries.append(entry)


def encode_notification(src: str, method: str, params: JSONObject, dialect: Dialect, ts: float) -> bytes:
    """A notification's text; ``params`` comes without ``ts``."""
    stamp = int(ts) if dialect.whole_seconds else ts
    body: JSONObject = {"src": src, "dst": dialect.dst, "method": method, "params": {"ts": stamp, **params}}
    if dialect.numbered:
        stamped = all(component_type(key) in dialect.stamped for key in params)
        body = {"id": stamp if stamped else 0, **body}
        if stamped:
            body["params"] = {**params, "ts": stamp}
    return orjson.dumps(body)


def _params(method: str, body: JSONObject, dialect: Dialect, ts: float) -> JSONObject:
    if method == "NotifyEvent":
        return {"events": [{**body, "ts": int(ts) if dialect.whole_seconds else ts}]}
    if not dialect.component_ids:
        return body
    numbered: JSONObject = {}
    for key, patch in body.items():
        number = component_id(key)
        numbered[key] = patch if number is None else {"id": number, **patch}
    return numbered
