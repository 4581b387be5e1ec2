"""Values of the domain: what plugins receive and return. Frozen, without behaviour that does I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, NewType, TypeAlias

JSON: TypeAlias = Any
"""Whatever ``json.loads`` may return."""

JSONObject: TypeAlias = dict[str, Any]
"""A JSON object."""

DeviceId = NewType("DeviceId", str)
"""A Shelly id as the device itself spells it: ``shellyplus1pm-a8032abb995c``. Compared without case."""

ComponentKey = NewType("ComponentKey", str)
"""Component type and instance, as in a Shelly status: ``switch:0``, ``sys``."""

Presence: TypeAlias = Literal["online", "offline", "pending"]


def component_type(key: str) -> str:
    """The type in a component key: ``switch:0`` → ``switch``, ``sys`` → ``sys``."""
    return key.partition(":")[0]


def component_id(key: str) -> int | None:
    """The instance number in a component key, or None for a singleton: ``switch:0`` → 0.

    Shelly firmware 1.6 and later leave ``id`` out of notifications, so the key is the only sure source.
    """
    digits = key.partition(":")[2]
    return int(digits) if digits.isdecimal() and len(digits) < 10 else None


class Pieces:
    """A long JSON text that was encoded bit by bit, to be sent without ever being put together.

    A method may return one. Copying megabytes from one buffer to the next stops the event loop for longer than encoding
    them in slices.

    Args:
        parts: Together the text of one JSON value, in UTF-8.
    """

    __slots__ = ("parts",)

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is calling.

    Attributes:
        name: Unique within its provider (``admin``).
        provider: Name of the auth provider that vouches for it.
        groups: What the provider says it belongs to; policies give them meaning.
        claims: Further facts from the provider, for policies; never sent to clients.
        stamp: Tokens carry it, and are good only while the provider tells the same one. Another one after a new
            password ends the tokens that were made before.
    """

    name: str
    provider: str
    groups: frozenset[str] = frozenset()
    claims: Mapping[str, JSON] = field(default_factory=dict)
    stamp: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The request a method handler is serving. A handler asks for it by a parameter annotated ``Call``.

    Attributes:
        principal: Who asks; None only for methods marked anonymous.
        request_id: Correlates log lines, audit entries and replies.
        src: The ``src`` of the request, or None.
        remote: Address of the peer as text, for the audit trail.
    """

    principal: Principal | None
    request_id: str
    src: str | None = None
    remote: str | None = None


class Event:
    """One thing that happened, as every consumer sees it.

    Encoded once and decoded at first use, so that nobody pays for what he does not look at. The decoded value is
    shared: treat it as read-only.

    Attributes:
        seq: Number of the event on this node; gaps are normal.
        method: ``Shelly.Status``, ``Entity.Event``, …
        device: The device it is about, or None.
        ts_ms: When the platform learned of it, UTC epoch milliseconds.
        changes: Of ``Shelly.Status``: key of each changed component to the names in its status that were reported,
            known without decoding anything; None for a component as a whole, which came, went or was read anew.
    """

    __slots__ = ("__dict__", "_payload", "changes", "device", "method", "seq", "ts_ms")

    def __init__(
        self,
        seq: int,
        method: str,
        device: DeviceId | None,
        ts_ms: int,
        payload: bytes | Callable[[], bytes],
        changes: Mapping[str, tuple[str, ...] | None] = MappingProxyType({}),
    ) -> None:
        self.changes = changes
        self.seq = seq
        self.method = method
        self.device = device
        self.ts_ms = ts_ms
        self._payload = payload

    @cached_property
    def payload(self) -> bytes:
        """``params`` as JSON text. Of ``Shelly.Status``: with the changed components only."""
        return self._payload if isinstance(self._payload, bytes) else self._payload()

    @cached_property
    def params(self) -> JSONObject:
        """The event's ``params``, decoded."""
        decoded: JSONObject = json.loads(self.payload)
        return decoded

    def __repr__(self) -> str:
        return f"Event(seq={self.seq}, method={self.method!r}, device={self.device!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A device at the door, as an admission rule sees it.

    Attributes:
        device: The id it claims (``src`` of its first frame). A claim, not a proof.
        access: What operators decided earlier: ``"unknown"`` if the device was never seen,
            ``"pending"`` if it waits, ``"allowed"`` or ``"denied"`` if somebody decided.
        token: Enrolment token from its URL, or None.
        run_token: True if it came with the token that this run of the platform made for its own devices.
        remote: Address of the peer as text; behind a proxy many devices share one.
        status: Its first status report (``{"switch:0": {…}, "sys": {…}}``).
    """

    device: DeviceId
    access: Literal["unknown", "pending", "allowed", "denied"]
    token: str | None
    run_token: bool
    remote: str | None
    status: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an admission rule thinks of a candidate.

    Attributes:
        action: ``admit``, ``wait`` (in the waiting room, for an operator) or ``refuse``
            (closed with 1008; nothing is sent to the device).
        reason: A sentence an operator can act on.
    """

    action: Literal["admit", "wait", "refuse"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One thing of a device that a user can name: an output, a sensor, a cover.

    ``to_json`` gives the shape the predecessor's clients know: ``{id, name, type, source, properties}``.
    """

    id: str
    name: str
    type: str
    source: DeviceId
    component: ComponentKey
    properties: Mapping[str, JSON]

    def to_json(self) -> JSONObject:
        """``{id, name, type, source, properties: {id, …}}``."""
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "source": self.source,
            "properties": dict(self.properties),
        }
