"""The bus: numbers events, encodes each once, hands it to every consumer in one turn of the event loop.

Publishing never waits for anybody. Clients with the same wishes and the same rights share one *channel*, so that a
filter is asked and a frame is made once for all of them. Persistence and sinks are taps like any other consumer.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from fleet_platform.events.channel import Audience, Channel
from fleet_platform.events.filters import Filter, name_matches
from fleet_platform.events.outbox import Item, Outbox, conflate
from fleet_platform.events.reasons import reason_of
from fleet_platform.events.record import GENERIC, STATUS, Record
from fleet_platform.events.ring import Ring
from fleet_platform.rpc.envelope import PLATFORM
from fleet_platform.text import Fragment, encode, encode_to_keep
from plugin_sdk import JSON, DeviceId, Event, JSONObject, component_type

logger = logging.getLogger(__name__)

_FROM_PLATFORM = b'"src":"%b","dst":"FM_CLIENT",' % PLATFORM.encode()
_NOTIFICATIONS = frozenset({"NotifyEvent", "NotifyStatus"})
_MAX_KEYS = 1_000
"""Component keys that a tap remembers; those that real devices use are a few dozen."""

_ABOUT_COMPONENTS = frozenset({STATUS, "Shelly.Message"})


class StatusSource(Protocol):
    """What the bus needs of a device to tell of its status."""

    @property
    def id(self) -> DeviceId:
        """Its id."""

    @property
    def status(self) -> JSONObject:
        """Its live status."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tap:
    names: tuple[str, ...]
    on_event: Callable[[Event], None]
    components: frozenset[str]
    known: dict[str, bool] = field(default_factory=dict)

    def wants(self, keys: Iterable[str]) -> bool:
        if not self.components:
            return True
        for key in keys:
            wanted = self.known.get(key)
            if wanted is None:
                wanted = component_type(key) in self.components
                if len(self.known) < _MAX_KEYS:
                    self.known[key] = wanted
            if wanted:
                return True
        return False


@dataclass(frozen=True, slots=True)
class _Reach:
    """Who cares for events of one name; recomputed when subscriptions change."""

    channels: tuple[tuple[Channel, tuple[Filter, ...]], ...]
    taps: tuple[_Tap, ...]
    recorded: bool

    @property
    def nobody(self) -> bool:
        return not (self.channels or self.taps or self.recorded)


class Bus:
    """Publishes events of one platform.

    Args:
        metadata: Encoded ``metadata`` object for the events of a device.
        ring_bytes: Bound of the replay ring.
        ring_age_s: Age limit of the replay ring.

    Attributes:
        epoch: Random per start; sequence numbers of another epoch mean nothing here.
        seq: Number of the newest event.
        published: Events by name, whether somebody wanted them or not.
    """

    def __init__(
        self,
        *,
        metadata: Callable[[DeviceId], bytes] = lambda _device: b'{"groups":[]}',
        ring_bytes: int = 64 * 1024 * 1024,
        ring_age_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self.published: Counter[str] = Counter()
        self.ring = Ring(max_bytes=ring_bytes, max_age_s=ring_age_s, clock=clock)
        self._metadata = metadata
        self._channels: dict[Hashable, Channel] = {}
        self._channel_of: dict[Outbox, Channel] = {}
        self._taps: list[_Tap] = []
        self._reach: dict[str, _Reach] = {}
        self._permissions: dict[str, str] = {}
        self._next_id = 1

    # ---- publishing ---------------------------------------------------------------------------------------

    def restrict(self, permissions: Mapping[str, str]) -> None:
        """Say which events need a permission beside the one to subscribe: event name to permission."""
        self._permissions = dict(permissions)
        self.rights_changed()

    def wants(self, method: str, about: Iterable[str] | None = None) -> bool:
        """Whether anybody would get an event of this name; spares building its parameters.

        Args:
            about: Keys of the components that the event is about, where they are known.
        """
        reach = self._reach_of(method)
        if about is None or reach.channels or reach.recorded:
            return not reach.nobody
        return any(tap.wants(about) for tap in reach.taps)

    def publish(
        self,
        method: str,
        params: Mapping[str, JSON],
        *,
        device: DeviceId | None = None,
        reason: str | None = None,
        about: Iterable[str] = (),
    ) -> None:
        """Publish an event.

        Args:
            params: JSON object; of device events without ``metadata``, which is added.
            device: Whom it is about.
            reason: What allow and deny rules are matched against.
            about: Keys of the components it is about, for whoever wants some types only.

        Raises:
            TypeError: The parameters have no JSON form.
        """
        self.seq += 1
        self.published[method] += 1
        reach = self._reach_of(method)
        if reach.nobody:
            return
        if device is not None and method.startswith("Shelly."):
            params = {**params, "metadata": Fragment(self._metadata(device))}
        record = Record(
            self.seq,
            method,
            device,
            time.time_ns() // 1_000_000,
            encode_to_keep(params),
            reasons=(reason,) if reason else (),
            envelope=_FROM_PLATFORM if method in _NOTIFICATIONS else b"",
        )
        self._send(record, reach, None, about)

    def publish_status(self, source: StatusSource, changes: Mapping[str, JSON] | None = None) -> None:
        """Publish ``Shelly.Status`` for one notification of a device.

        Args:
            changes: Component key to the patch that changed it, None for a component that is gone; without
                changes the event tells of the whole status.
        """
        self.seq += 1
        self.published[STATUS] += 1
        reach = self._reach_of(STATUS)
        status = source.status
        if not (reach.channels or reach.recorded or any(tap.wants(changes or status) for tap in reach.taps)):
            return
        if changes is None:
            keys: Iterable[str] = status
            reasons: tuple[str, ...] = (GENERIC,)
        else:
            keys = changes
            reasons = tuple([reason_of(key, patch) for key, patch in changes.items()])
        record = Record(
            self.seq,
            STATUS,
            source.id,
            time.time_ns() // 1_000_000,
            _status_head(source.id),
            tail=b',"metadata":%b}' % self._metadata(source.id),
            components={key: _member_head(key) + encode(status.get(key)) for key in keys},
            reasons=reasons,
        )
        self._send(record, reach, status, record.keys, changes)

    def _send(
        self,
        record: Record,
        reach: _Reach,
        status: JSONObject | None,
        about: Iterable[str],
        changes: Mapping[str, JSON] | None = None,
    ) -> None:
        for channel, filters in reach.channels:
            chosen = channel.select(record, filters)
            if chosen is None:
                continue
            full, keys = chosen
            if full:
                frame = record.frame_full(b"" if record.has_full else encode(status))
            elif keys:
                frame = record.frame_of(keys)
            else:
                frame = record.frame()
            channel.push(Item(frame, record, keys, full))
        record.forget_frames()
        # Before the taps, which may publish: the ring is in the order of numbers.
        if reach.recorded:
            self.ring.append(record)
        event: Event | None = None
        for tap in reach.taps:
            if tap.wants(about):
                event = event or record.event(_names(record, status, changes))
                tap.on_event(event)

    # ---- consuming ----------------------------------------------------------------------------------------

    def tap(
        self, names: Sequence[str], on_event: Callable[[Event], None], *, components: frozenset[str] = frozenset()
    ) -> Callable[[], None]:
        """Call a function for each event of some names, on the publisher's turn: it must be quick and never raise.

        Args:
            components: Of status events and messages only those about a component of one of these types.

        Returns:
            Removes the tap.
        """
        entry = _Tap(tuple(names), on_event, components)
        self._taps.append(entry)
        self._reach.clear()

        def remove() -> None:
            if entry in self._taps:
                self._taps.remove(entry)
                self._reach.clear()

        return remove

    def subscribe(self, outbox: Outbox, filters: Sequence[Filter], audience: Audience) -> list[int]:
        """Add subscriptions to a client; its events from the next one on are delivered.

        Returns:
            One id per filter, in their order, unique on this node.
        """
        ids = list(range(self._next_id, self._next_id + len(filters)))
        self._next_id += len(filters)
        for wish in filters:
            self.ring.watch(wish.name, self.seq)
        outbox.subscriptions.update(zip(ids, filters, strict=True))
        self._join(outbox, audience)
        return ids

    def unsubscribe(self, outbox: Outbox, ids: Iterable[int]) -> list[int]:
        """Remove subscriptions of a client; returns those ids that were its own."""
        known = [number for number in dict.fromkeys(ids) if number in outbox.subscriptions]
        for number in known:
            self.ring.unwatch(outbox.subscriptions.pop(number).name)
        channel = self._channel_of.get(outbox)
        if known and channel is not None:
            self._join(outbox, channel.audience)
        return known

    def leave(self, outbox: Outbox) -> None:
        """Remove a client and all its subscriptions."""
        for wish in outbox.subscriptions.values():
            self.ring.unwatch(wish.name)
        outbox.subscriptions.clear()
        self._part(outbox)

    def replay(
        self,
        outbox: Outbox,
        seq: int,
        status_of: Callable[[DeviceId], JSONObject | None],
        filters: Sequence[Filter],
    ) -> bool:
        """Send a client what it missed since ``seq``, as far as filters of its own and its rights go.

        Status events of a device are conflated as for a slow client; full ones carry the present status.

        Returns:
            False if some of it is gone, or it is more than may wait for a client, which has to start afresh;
            nothing was sent then.
        """
        channel = self._channel_of[outbox]
        records = self.ring.since(seq, {wish.name for wish in filters})
        if records is None or seq > self.seq:
            return False
        chosen = [item for record in records if (item := self._missed(channel, filters, record)) is not None]
        missed = [item for one in conflate(chosen) if (item := self._updated(one, status_of)) is not None]
        for record in records:
            record.forget_frames()
        return outbox.push_all(missed)

    def _missed(self, channel: Channel, filters: Sequence[Filter], record: Record) -> Item | None:
        wanted = [wish for wish in filters if name_matches(wish.name, record.method)]
        chosen = channel.select(record, wanted) if wanted and self._may(channel, record.method) else None
        if chosen is None:
            return None
        full, keys = chosen
        # Frames with the full status are made after conflation, of those that are left.
        frame = b"" if full else record.frame_of(keys) if keys else record.frame()
        return Item(frame, record, keys, full)

    def _updated(self, item: Item, status_of: Callable[[DeviceId], JSONObject | None]) -> Item | None:
        record = item.record
        if not item.full or record is None or record.device is None:
            return item
        status = status_of(record.device)
        return None if status is None else item._replace(frame=record.frame_full(encode(status)))

    # ---- upkeep -------------------------------------------------------------------------------------------

    def rights_changed(self) -> None:
        """Ask again who may hear of what."""
        self._reach.clear()
        for channel in self._channels.values():
            channel.visible.clear()

    def forget_idle(self) -> None:
        """Stop recording names that nobody wants any more; called now and then by the platform."""
        if self.ring.forget_idle():
            self._reach.clear()

    @property
    def clients(self) -> int:
        """How many clients have subscriptions."""
        return len(self._channel_of)

    def _join(self, outbox: Outbox, audience: Audience) -> None:
        self._part(outbox)
        filters = tuple(outbox.subscriptions.values())
        if not filters:
            return
        key = (audience.key, filters)
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(audience, filters)
        channel.flush()
        channel.members.add(outbox)
        outbox.upstream = channel.flush
        self._channel_of[outbox] = channel
        self._reach.clear()

    def _part(self, outbox: Outbox) -> None:
        channel = self._channel_of.pop(outbox, None)
        if channel is None:
            return
        channel.flush()
        channel.members.discard(outbox)
        outbox.upstream = None
        if not channel.members:
            self._channels = {key: other for key, other in self._channels.items() if other is not channel}
        self._reach.clear()

    def _reach_of(self, method: str) -> _Reach:
        reach = self._reach.get(method)
        if reach is None:
            if len(self._reach) > 10_000:
                self._reach.clear()
            reach = self._reach[method] = self._find_reach(method)
        return reach

    def _find_reach(self, method: str) -> _Reach:
        wanted = (
            (channel, tuple(wish for wish in channel.filters if name_matches(wish.name, method)))
            for channel in self._channels.values()
        )
        return _Reach(
            channels=tuple((channel, filters) for channel, filters in wanted if filters and self._may(channel, method)),
            taps=tuple(
                # Events without components are not what a tap for components wants.
                tap
                for tap in self._taps
                if any(name_matches(name, method) for name in tap.names)
                and (method in _ABOUT_COMPONENTS or not tap.components)
            ),
            recorded=self.ring.records(method),
        )

    def _may(self, channel: Channel, method: str) -> bool:
        permission = self._permissions.get(method)
        return permission is None or channel.audience.may(permission)


def _names(
    record: Record, status: JSONObject | None, changes: Mapping[str, JSON] | None
) -> Mapping[str, tuple[str, ...] | None]:
    """What was reported of each component; a patch that is the status itself was taken as it is, not merged."""
    if status is None:
        return {}
    if changes is None:
        return dict.fromkeys(record.keys)
    return {key: None if patch is None or patch is status.get(key) else tuple(patch) for key, patch in changes.items()}


@lru_cache(maxsize=65_536)
def _status_head(device: DeviceId) -> bytes:
    return b'{"shellyID":%b,"status":' % encode(device)


@lru_cache(maxsize=4_096)
def _member_head(key: str) -> bytes:
    return encode(key) + b":"
