"""A simulated device from outside: what tests and demos do to it.

It can lose its connection, hang, answer wrongly and send garbage, each on purpose.
"""

from __future__ import annotations

import asyncio
from typing import Self

from fleet_platform.simulator.device.machine import Machine
from fleet_platform.simulator.faults.faults import Faults
from fleet_platform.simulator.outbound.channel import Channel
from plugin_sdk import JSON


class Device(Machine):
    """A simulated device."""

    __slots__ = ()

    @property
    def requests(self) -> list[str]:
        """Methods the server asked for, oldest first; the last thousand."""
        return self.session.requests

    @property
    def faults(self) -> Faults:
        """What the device does wrong on purpose, and the way to start and to end that: ``faults.start("slow")``."""
        return self.session.faults

    @property
    def closed(self) -> tuple[int, str] | None:
        """How the last connection or attempt ended; see :class:`~fleet_platform.simulator.outbound.link.Link`."""
        return self.session.link.closed

    async def connected(self, timeout_s: float = 30.0) -> Self:
        """Wait until it is connected.

        Raises:
            TimeoutError: It was not in time.
        """
        async with asyncio.timeout(timeout_s):
            await self.session.link.until_connected()
        return self

    async def disconnected(self, timeout_s: float = 30.0) -> Self:
        """Wait until it is not.

        Raises:
            TimeoutError: It still was after that time.
        """
        async with asyncio.timeout(timeout_s):
            await self.session.link.until_disconnected()
        return self

    async def drop(self) -> None:
        """Lose the connection without a word, and do not come back until told."""
        self.faults.start("drop")
        await self.disconnected()

    def reconnect(self) -> None:
        """Undo :meth:`drop`, or end a wait for the next attempt: connect again, now.

        A device that is off, asleep or restarting, or is to stay away, does not.
        """
        self.faults.stop("drop")
        if self.power.state == "on" and self.wants_connection():
            self.session.link.connect()

    def press(self, key: str, gesture: str) -> None:
        """Press a button or throw a switch: ``("input:0", "single_push")``, ``("input:0", "on")``.

        Raises:
            ValueError: The component takes no such gesture.
        """
        behaviour = self.behaviour(key)
        if behaviour is None or not behaviour.press(gesture):
            raise ValueError(f"{key} of {self.id} cannot be pressed so: {gesture}")

    def wake(self, cause: str = "button") -> None:
        """Wake a sleeper before its time: ``button``, ``alarm``, ``usb``.

        Raises:
            ValueError: It is not asleep.
        """
        if self.power.state != "asleep":
            raise ValueError(f"{self.id} is not asleep")
        self.power.switch_on(boot="deepsleep_wake", cause=cause)

    def freeze(self) -> None:
        """Hang: read, answer and tell nothing, pings included, but keep the connection."""
        self.faults.start("freeze")

    def thaw(self) -> None:
        """Undo :meth:`freeze`."""
        self.faults.stop("freeze")

    def fail(self, method: str, code: int, message: str) -> None:
        """Answer an error to a method from now on."""
        self.faults.start("error", method=method, code=code, message=message)

    def reply(self, method: str, result: JSON) -> None:
        """Answer a fixed result to a method from now on."""
        self.faults.results[method.lower()] = result

    def delay(self, method: str, seconds: float) -> None:
        """Answer a method late from now on; ``*`` stands for all methods."""
        self.faults.start("delay", method=method, seconds=seconds)

    def send_text(self, text: str | bytes) -> None:
        """Send any text message.

        Raises:
            ConnectionError: It is not connected.
        """
        self._channel().send(text.encode() if isinstance(text, str) else text)

    def send_binary(self, data: bytes) -> None:
        """Send any binary message."""
        self._channel().send_binary(data)

    def send_raw(self, data: bytes) -> None:
        """Put any bytes on the connection, unframed: garbage, or half a frame."""
        self._channel().send_raw(data)

    def _channel(self) -> Channel:
        channel = self.session.link.channel
        if channel is None:
            raise ConnectionError(f"{self.id} is not connected")
        return channel
