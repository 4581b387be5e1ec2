"""Faults in what a device puts on its connection: garbage, half a frame, a huge one."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from pydantic import Field

from fleet_platform.simulator.faults.effect import Blow, Effect
from fleet_platform.simulator.faults.fault import Fault
from fleet_platform.simulator.faults.words import event, full_status
from fleet_platform.simulator.outbound.channel import Channel
from fleet_platform.simulator.outbound.frames import TEXT, encode_frame

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

Kind: TypeAlias = Literal["raw", "text", "binary", "json", "utf8"]

_EVERY = "Seconds until it happens again; 0 for once."
_MIB = 1_048_576
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Garbage(Fault):
    """Sends what nobody can read."""

    name: ClassVar[str] = "garbage"
    kind: Kind = Field(
        default="raw",
        description="raw: bytes that are no frame; text: a frame that is no JSON; json: JSON that is no message; "
        "utf8: a text frame with bytes that are no UTF-8; binary: a binary frame.",
    )
    size: int = Field(default=64, ge=1, le=_MIB, description="Bytes.")
    every_s: float = Field(default=0.0, ge=0, le=86_400, description=_EVERY)

    def on(self, device: Machine) -> Effect:
        """Have it sent."""
        return _Rubbish(device, self)


class Truncates(Fault):
    """Sends the first part of a frame and ends the connection; it comes back as after any loss."""

    name: ClassVar[str] = "truncated"
    part: float = Field(default=0.5, gt=0, lt=1, description="Part of the frame that is sent.")
    every_s: float = Field(default=0.0, ge=0, le=86_400, description=_EVERY)

    def on(self, device: Machine) -> Effect:
        """Have it cut."""
        return _Truncated(device, self)


class Huge(Fault):
    """Sends an event of many megabytes in one frame."""

    name: ClassVar[str] = "huge"
    mib: float = Field(default=8.0, gt=0, le=256, description="Size in MiB.")
    every_s: float = Field(default=0.0, ge=0, le=86_400, description=_EVERY)

    def on(self, device: Machine) -> Effect:
        """Have it sent."""
        return _HugeFrame(device, self)


class _Rubbish(Blow):
    __slots__ = ("_fault",)

    def __init__(self, device: Machine, fault: Garbage) -> None:
        super().__init__(device, fault.every_s)
        self._fault = fault

    def strike(self, channel: Channel) -> None:
        kind, data = self._fault.kind, rubbish(self._fault, self.device.random)
        if kind == "raw":
            channel.send_raw(data)
        elif kind == "binary":
            channel.send_binary(data)
        else:
            channel.send(data)


class _Truncated(Blow):
    __slots__ = ("_part",)

    def __init__(self, device: Machine, fault: Truncates) -> None:
        super().__init__(device, fault.every_s)
        self._part = fault.part

    def strike(self, channel: Channel) -> None:
        frame = encode_frame(TEXT, full_status(self.device), mask=self.device.random.getrandbits(8))
        channel.send_raw(frame[: max(1, int(len(frame) * self._part))])
        channel.hang_up()


class _HugeFrame(Blow):
    __slots__ = ("_mib",)

    def __init__(self, device: Machine, fault: Huge) -> None:
        super().__init__(device, fault.every_s)
        self._mib = fault.mib

    def strike(self, channel: Channel) -> None:
        channel.send(event(self.device, "sys", "huge", data="x" * int(self._mib * _MIB)))


def rubbish(fault: Garbage, random: Random) -> bytes:
    """What a fault sends: as many bytes as it says; JSON has its quotes beside them."""
    size = fault.size
    if fault.kind == "raw":
        # Reserved bits in the first byte, so that no reader can take the rest for a frame and wait for its end.
        return b"\x7f" + random.randbytes(size - 1)
    if fault.kind == "binary":
        return random.randbytes(size)
    if fault.kind == "utf8":
        return b"\xff" * size
    letters = "".join(random.choices(_LETTERS, k=size))
    return json.dumps(letters).encode() if fault.kind == "json" else letters.encode()
