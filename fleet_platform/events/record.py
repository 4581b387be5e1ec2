"""One published event in the form the platform keeps it: encoded pieces that all consumers share.

A status record holds the components that changed, each encoded by itself, so that filters can drop some of them
and a slow client's records can be merged without decoding anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.text import encode, text_frame
from plugin_sdk import DeviceId, Event

STATUS = "Shelly.Status"
GENERIC = "shelly:generic"
"""Reason of a status event that reports the whole device, after it connected or changed its components."""


class Record:
    """One event.

    Attributes:
        seq: Number on this node.
        method: Event name.
        device: Whom it is about, or None.
        ts_ms: UTC epoch milliseconds.
        reasons: One per changed component, in the order of ``components``; empty for events without reasons.
        keys: Keys of ``components``; empty for other events.
        components: Of a status event: component key to its encoded member (``"switch:0":{…}``), in order of change.
        head: Encoded start of ``params`` up to where the components go; for other events the whole ``params``.
        tail: Encoded end of ``params``.
        envelope: Further members of the frame beside method, params and seq, encoded (``"src":"…",``).
    """

    __slots__ = (
        "_frame",
        "_full",
        "components",
        "device",
        "envelope",
        "head",
        "keys",
        "method",
        "reasons",
        "seq",
        "tail",
        "ts_ms",
    )

    def __init__(
        self,
        seq: int,
        method: str,
        device: DeviceId | None,
        ts_ms: int,
        head: bytes,
        *,
        tail: bytes = b"",
        components: dict[str, bytes] | None = None,
        reasons: tuple[str, ...] = (),
        envelope: bytes = b"",
    ) -> None:
        self.seq = seq
        self.method = method
        self.device = device
        self.ts_ms = ts_ms
        self.head = head
        self.tail = tail
        self.components = components
        self.keys = () if components is None else tuple(components)
        self.reasons = reasons
        self.envelope = envelope
        self._frame: bytes | None = None
        self._full: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes it keeps in memory, roughly; frames made for clients are shared and short-lived."""
        pieces = sum(map(len, self.components.values())) if self.components else 0
        return 400 + len(self.head) + len(self.tail) + pieces

    def payload(self) -> bytes:
        """``params`` as JSON; of a status event with all changed components and no others."""
        if self.components is None:
            return self.head
        return self.head + _members(self.components) + self.tail

    def frame(self) -> bytes:
        """The websocket frame; of a status event with all changed components. Made once."""
        if self._frame is None:
            self._frame = self._wrap(self.payload())
        return self._frame

    def frame_of(self, keys: tuple[str, ...]) -> bytes:
        """The websocket frame of a status event with these changed components only."""
        components = self.components or {}
        if len(keys) == len(components):
            return self.frame()
        return self._wrap(self.head + _members({key: components[key] for key in keys}) + self.tail)

    def frame_full(self, status: bytes) -> bytes:
        """The websocket frame of a status event with the device's full status, made once from ``status``."""
        if self._full is None:
            self._full = self._wrap(self.head + status + self.tail)
        return self._full

    @property
    def has_full(self) -> bool:
        """Whether :meth:`frame_full` was made already."""
        return self._full is not None

    def forget_frames(self) -> None:
        """Drop the frames made for clients, which hold the same bytes again; outboxes keep what they need."""
        self._frame = self._full = None

    def merged_over(self, older: dict[str, bytes], keys: tuple[str, ...]) -> tuple[dict[str, bytes], bytes]:
        """Lay this record's components over older ones; returns the union and its frame."""
        components = self.components or {}
        union = {**older, **{key: components[key] for key in keys}}
        return union, self._wrap(self.head + _members(union) + self.tail)

    def event(self, changes: Mapping[str, tuple[str, ...] | None]) -> Event:
        """The value plugins receive; ``changes`` as in :class:`plugin_sdk.Event`."""
        return Event(self.seq, self.method, self.device, self.ts_ms, self.payload, changes)

    def _wrap(self, params: bytes) -> bytes:
        return text_frame(
            b'{%b"method":%b,"params":%b,"seq":%d}' % (self.envelope, encode(self.method), params, self.seq)
        )


def _members(components: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(components.values()) + b"}"
