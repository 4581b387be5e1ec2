"""What stands between a channel and its TCP connection while a fault spoils what passes: a slow or blocked line.

A channel without faults has none. Bounded: with more than ``LIMIT`` bytes waiting the device is told not to write,
and reads no more requests, as it would be by a full socket.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_platform.simulator.outbound.channel import Channel

if TYPE_CHECKING:
    from fleet_platform.simulator.wheel import Wheel, WheelTimer

LIMIT = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a line is spoilt.

    Attributes:
        blocked: Nothing leaves and nothing is read.
        mute: The device is told not to write, at once.
        delay_s: What is written leaves so much later.
        bytes_per_s: At most so many leave; None for no limit.
        piece: Bytes in one write; None for all at once.
        gap_s: From one piece to the next.
    """

    blocked: bool = False
    mute: bool = False
    delay_s: float = 0.0
    bytes_per_s: float | None = None
    piece: int | None = None
    gap_s: float = 0.0


_CLEAR = Shape()


class Pipe(asyncio.Transport):
    """A transport that spoils another one as the shapes of all present faults say."""

    def __init__(self, transport: asyncio.Transport, channel: Channel, wheel: Wheel) -> None:
        super().__init__()
        self._transport = transport
        self._channel = channel
        self._wheel = wheel
        self._shapes: dict[object, Shape] = {}
        self._shape = _CLEAR
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._last_due = 0.0
        self._timer: WheelTimer | None = None
        self._told_to_stop = False
        self._reading = True
        self._wanted = True
        self._closing = False

    def put(self, who: object, shape: Shape) -> None:
        """Add a shape, under the name of whoever wants it."""
        self._shapes[who] = shape
        self._reshape()

    def remove(self, who: object) -> None:
        """Take a shape away; what waited because of it leaves."""
        if self._shapes.pop(who, None) is not None:
            self._reshape()

    # ---- asyncio.Transport ------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Pass it on, or have it wait."""
        if self._shape == _CLEAR and not self._waiting:
            self._transport.write(data)
            return
        self._enqueue(bytes(data))
        self._pump()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Write all in order."""
        for data in list_of_data:
            self.write(data)

    def close(self) -> None:
        """Close behind what waits; what is blocked is lost."""
        self._closing = True
        if self._shape.blocked or not self._waiting:
            self._drop()
            self._transport.close()

    def abort(self) -> None:
        """End at once."""
        self._drop()
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether nothing is taken any more."""
        return self._closing or self._transport.is_closing()

    def pause_reading(self) -> None:
        """Read nothing until told."""
        self._wanted = False
        self._regulate()

    def resume_reading(self) -> None:
        """Read again, unless a shape forbids it."""
        self._wanted = True
        self._regulate()

    # ---- inside -----------------------------------------------------------------------------------------

    def _reshape(self) -> None:
        self._shape = _combine(self._shapes.values())
        if self._shape == _CLEAR:
            self._last_due = 0.0
            while self._waiting:
                self._pass_on()
        self._pump()

    def _enqueue(self, data: bytes) -> None:
        shape = self._shape
        size = shape.piece or max(1, len(data))
        due = max(self._last_due, self._wheel.now() + shape.delay_s)
        for at in range(0, len(data), size):
            piece = data[at : at + size]
            due += (shape.gap_s if at else 0.0) + (len(piece) / shape.bytes_per_s if shape.bytes_per_s else 0.0)
            self._waiting.append((due, piece))
        self._last_due = due + shape.gap_s
        self._size += len(data)

    def _pump(self) -> None:
        """Pass on what is due, and come back for the rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport.is_closing():
            self._drop()
        while self._waiting and not self._shape.blocked and self._waiting[0][0] <= self._wheel.now():
            self._pass_on()
        if self._waiting and not self._shape.blocked:
            self._timer = self._wheel.after(self._waiting[0][0] - self._wheel.now(), self._pump)
        if self._closing and not self._waiting:
            self._transport.close()
        self._regulate()

    def _pass_on(self) -> None:
        piece = self._waiting.popleft()[1]
        self._size -= len(piece)
        self._transport.write(piece)

    def _drop(self) -> None:
        self._waiting.clear()
        self._size = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _regulate(self) -> None:
        """Tell the device whether to write, and read or not."""
        if self._transport.is_closing():
            return
        full = self._size > LIMIT
        read = self._wanted and not self._shape.blocked and not full
        if read != self._reading:
            self._reading = read
            if read:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()
        stop = full or self._shape.mute
        if stop != self._told_to_stop:
            self._told_to_stop = stop
            if stop:
                self._channel.pause_writing()
            else:
                self._channel.resume_writing()


def pipe_in(channel: Channel, wheel: Wheel) -> Pipe | None:
    """The pipe of a channel, put in where there is none; None once the connection is gone."""
    pipes: list[Pipe] = []

    def wrap(transport: asyncio.Transport) -> asyncio.Transport:
        pipe = transport if isinstance(transport, Pipe) else Pipe(transport, channel, wheel)
        pipes.append(pipe)
        return pipe

    channel.wrap(wrap)
    return pipes[0] if pipes else None


def _combine(shapes: Iterable[Shape]) -> Shape:
    """What several shapes come to."""
    every = tuple(shapes)
    rates = [shape.bytes_per_s for shape in every if shape.bytes_per_s is not None]
    pieces = [shape.piece for shape in every if shape.piece is not None]
    return Shape(
        blocked=any(shape.blocked for shape in every),
        mute=any(shape.mute for shape in every),
        delay_s=sum(shape.delay_s for shape in every),
        bytes_per_s=min(rates, default=None),
        piece=min(pieces, default=None),
        gap_s=max((shape.gap_s for shape in every), default=0.0),
    )
