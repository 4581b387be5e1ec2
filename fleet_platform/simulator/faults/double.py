"""A second connection of one device: the same id twice, as after a clone or a reconnect that the server missed."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from fleet_platform.simulator.device import rpc
from fleet_platform.simulator.faults.words import full_status
from fleet_platform.simulator.outbound.link import Link

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


class Double:
    """The station at the end of the second connection: says the full status first, then answers calls.

    Like any device it comes back when the server closes it, so a server that keeps only the newest connection of a
    device sees the two drive each other out.

    Attributes:
        link: The connection.
    """

    def __init__(self, device: Machine) -> None:
        self._device = device
        world = device.world
        self.link = Link(self, device.session.link.address, world.dialler, world.wheel, world.timing.backoff)

    @property
    def random(self) -> Random:
        """The device's generator."""
        return self._device.random

    def online(self) -> None:
        """Say everything."""
        self._device.world.stats.connections += 1
        if self.link.channel is not None:
            self.link.channel.send(full_status(self._device))

    def received(self, text: bytes) -> None:
        """Answer as the device does."""
        request, channel = rpc.read_request(text), self.link.channel
        if request is None:
            self._device.world.stats.unreadable += 1
        elif channel is not None:
            session = self._device.session
            self._device.world.stats.requests += 1
            rpc.answer(self._device, request, channel.send, source=session.dialect.rpc_source, faults=session.faults)

    def offline(self) -> None:
        """Nothing of it is kept."""

    def writable_again(self) -> None:
        """Nothing waits."""

    def failed(self) -> None:
        """An attempt to connect came to nothing."""
        self._device.world.stats.failures += 1
