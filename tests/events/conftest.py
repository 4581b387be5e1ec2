"""Records as the bus makes them, a clock in the test's hands, and a client that reads what it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest

from fleet_platform.events.bus import Bus
from fleet_platform.events.channel import Audience, Channel
from fleet_platform.events.outbox import Item, Outbox
from fleet_platform.events.record import Record
from plugin_sdk import JSON, DeviceId, JSONObject
from tests.frames import read_frames

Frame: TypeAlias = dict[str, Any]
Until: TypeAlias = Callable[[Callable[[], bool]], Any]


class Reader:
    """A client's end of an outbox: takes what is written while ``open``, lets it pile up otherwise."""

    def __init__(self, **bounds: int) -> None:
        self.open = True
        self.received: list[Frame] = []
        self.writes = 0
        self.cut_off = 0
        self._buffer = b""
        self._drained = 0
        self.outbox = Outbox(write=self._write, buffered=lambda: len(self._buffer), overflow=self._overflow, **bounds)
        self._channel = Channel(Audience(key=0, sees=lambda _device: True), (), {self.outbox})
        self.outbox.upstream = self._channel.flush

    def tell(self, record: Record, frame: bytes, keys: tuple[str, ...] = (), *, full: bool = False) -> None:
        """Send an event as the bus does."""
        self._channel.push(Item(frame, record, keys, full))

    def read(self) -> None:
        """Take all that was written, and whatever comes from now on."""
        self.open = True
        self.received.extend(read_frames(self._buffer))
        self._buffer = b""

    def stop(self) -> None:
        self.open = False

    def drain(self) -> list[Frame]:
        """What came since the last time, the outbox flushed by hand until nothing more comes."""
        before = self._drained
        self.read()
        self.outbox.flush()
        while self.outbox.waiting:
            self.outbox.flush()
        self._drained = len(self.received)
        return self.received[before:]

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    def _write(self, data: bytes) -> None:
        self.writes += 1
        self._buffer += data
        if self.open:
            self.read()

    def _overflow(self) -> None:
        self.cut_off += 1


class Twin:
    """A device as the bus knows one."""

    def __init__(self, device: str, status: JSONObject | None = None) -> None:
        self.id = DeviceId(device)
        self.status: JSONObject = status or {}

    def change(self, bus: Bus, changes: Mapping[str, JSON]) -> None:
        for key, patch in changes.items():
            if patch is None:
                self.status.pop(key, None)
            else:
                self.status[key] = {**self.status.get(key, {}), **patch}
        bus.publish_status(self, changes)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bus(clock: Clock) -> Bus:
    return Bus(clock=clock)


@pytest.fixture
async def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="session")
def new_reader() -> Callable[..., Reader]:
    """Makes further readers, with bounds of their outbox."""
    return Reader


@pytest.fixture(scope="session")
def new_twin() -> Callable[..., Twin]:
    return Twin


@pytest.fixture(scope="session")
def everybody() -> Audience:
    """May hear of every device."""
    return Audience(key="everybody", sees=lambda _device: True)
