"""A device's side of its conversation with the server: what it says unasked, and when.

The first word after every connection is the full status, so whatever could not be said while the device was offline
needs no queue. Notifications leave at the end of a turn of the event loop, behind the reply to the request that
caused them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING

from fleet_platform.simulator.device import rpc
from fleet_platform.simulator.faults.faults import Faults
from fleet_platform.simulator.outbound.channel import Channel, text_frame
from fleet_platform.simulator.outbound.dialect import Dialect, dialect_of
from fleet_platform.simulator.outbound.dialler import Address
from fleet_platform.simulator.outbound.late import late
from fleet_platform.simulator.outbound.link import Link
from fleet_platform.simulator.outbound.outbox import Outbox, encode_notification
from plugin_sdk import JSON, component_type

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_REMEMBERED_REQUESTS = 1_000


class Session:
    """One device's conversation, over all its connections.

    Attributes:
        link: The connection.
        dialect: How its firmware spells what it says.
        src: The id that it gives itself.
    """

    __slots__ = ("_device", "_faults", "_outbox", "_requests", "_telling", "dialect", "link", "src")

    def __init__(self, device: Machine, address: Address) -> None:
        world = device.world
        self._device = device
        self._outbox = Outbox()
        self._telling = False
        self._requests: deque[str] | None = None
        self._faults: Faults | None = None
        self.dialect = Dialect()
        self.src = ""
        self.link = Link(self, address, world.dialler, world.wheel, world.timing.backoff)

    @property
    def random(self) -> Random:
        """The device's generator."""
        return self._device.random

    @property
    def faults(self) -> Faults:
        """What the device does wrong on purpose."""
        if self._faults is None:
            self._faults = Faults(self._device)
        return self._faults

    @property
    def barred(self) -> bool:
        """Whether a fault keeps the device from connecting."""
        return self._faults is not None and self._faults.away > 0

    @property
    def requests(self) -> list[str]:
        """Methods it was asked for, oldest first; the last thousand."""
        return list(self._requests or ())

    def learn_dialect(self) -> None:
        """Speak as the device's firmware does."""
        info = self._device.state.info
        self.dialect = dialect_of(str(info.get("app", "")), str(info.get("ver", "")))
        self.name_itself()

    def name_itself(self) -> None:
        """Use the device's id in all frames, or the wrong one that a fault wants."""
        self.src = self._device.id if self._faults is None or self._faults.src is None else self._faults.src

    def end_faults(self) -> None:
        """Undo whatever is done wrong on purpose."""
        if self._faults is not None:
            self._faults.stop()

    def tell_status(self, key: str, patch: Mapping[str, JSON]) -> None:
        """A component's status changed."""
        if self.link.channel is not None:
            self._outbox.add_status(key, patch)
            self._tell_soon()

    def tell_event(self, key: str, event: str, data: Mapping[str, JSON]) -> None:
        """A component emitted an event."""
        if self.link.channel is not None:
            self._outbox.add_event(key, event, data)
            self._tell_soon()

    def compose(self) -> tuple[Channel, bytes] | None:
        """Frames of what waits, and where they go; while the server does not read, it goes on waiting.

        What the close frame overtook is told by the full status of the next connection.
        """
        self._telling = False
        channel = self.link.channel
        if channel is None or not (channel.writable and channel.open) or not self._outbox:
            return None
        texts = self._outbox.take(self.src, self.dialect, self._timestamp())
        self._device.world.stats.notifications += len(texts)
        return channel, b"".join([text_frame(text) for text in texts]) if len(texts) > 1 else text_frame(texts[0])

    def flush(self) -> None:
        """Send what waits at once."""
        composed = self.compose()
        if composed is not None:
            composed[0].send_raw(composed[1])

    # ---- called by the link -----------------------------------------------------------------------------

    def online(self) -> None:
        """Connected: tell everything, unasked."""
        stats = self._device.world.stats
        stats.connected += 1
        stats.connections += 1
        self._outbox.clear()
        self._device.connection_changed(connected=True)
        channel = self.link.channel
        if self._faults is not None and channel is not None:
            self._faults.opening(channel)
            self._say_all()
            self._faults.opened(channel)
        else:
            self._say_all()
        self._device.power.stay_awake()

    def offline(self) -> None:
        """The connection is gone; the next full status says what was not told."""
        self._device.world.stats.connected -= 1
        self._outbox.clear()
        self._device.connection_changed(connected=False)

    def received(self, text: bytes) -> None:
        """A message from the server; its effects leave after its reply."""
        request = rpc.read_request(text)
        if request is None:
            self._device.world.stats.unreadable += 1
            return
        self._remember(request.method)
        channel = self.link.channel
        if channel is not None and (self._faults is None or not self._faults.silent):
            # A late answer belongs to the connection that the request came by.
            faults = self._faults
            delay_s = 0.0 if faults is None else faults.delay_s(request.method)
            send = late(self._device, channel.send, delay_s)
            rpc.answer(self._device, request, send, source=self.dialect.rpc_source, faults=faults)
        self.flush()
        self._device.power.stay_awake()

    def failed(self) -> None:
        """An attempt to connect came to nothing."""
        self._device.world.stats.failures += 1

    def writable_again(self) -> None:
        """The server reads again."""
        self.flush()

    # ---- inside -----------------------------------------------------------------------------------------

    def _say_all(self) -> None:
        device, partial = self._device, self.dialect.partial_first
        status = device.full_status()
        if partial:
            status = {key: part for key, part in status.items() if component_type(key) in self.dialect.stamped}
        method = "NotifyStatus" if partial else "NotifyFullStatus"
        text = encode_notification(self.src, method, status, self.dialect, self._timestamp())
        if self.link.channel is not None:
            self.link.channel.send(text)
            device.world.stats.notifications += 1

    def _timestamp(self) -> float:
        """The device's clock with two decimals, as devices send it."""
        return int(self._device.now() * 100) / 100

    def _tell_soon(self) -> None:
        if not self._telling:
            self._telling = True
            self._device.world.soon(self)

    def _remember(self, method: str) -> None:
        if self._requests is None:
            self._requests = deque(maxlen=_REMEMBERED_REQUESTS)
        self._requests.append(method)
        self._device.world.stats.requests += 1
