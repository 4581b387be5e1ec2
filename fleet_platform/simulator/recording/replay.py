"""Plays a recording: its devices connect, say what they said when they said it, and leave as they left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from fleet_platform.simulator.recording.player import PATIENCE_S, Counts, Player, Welcomed
from fleet_platform.simulator.recording.recording import Recording, Replies
from fleet_platform.simulator.simulator import Simulator

_LOOK_S = 0.05
_BREATHE = 100
"""Lines that are played in one go at most before the loop may do something else."""


class Replay:
    """A recording in a simulator.

    ::

        replay = Replay(simulator, open_recording(path), speed=10)
        await replay.run()

    Args:
        simulator: Where the devices live; they leave with it.
        speed: How many times faster than it happened; None for as fast as the server reads.
        welcomed: Whether the server knows a device by now; devices say nothing before. By default a server that asks
            a device nothing for half a second does.

    Attributes:
        counts: How it goes.
        started: Whether the devices are there and time runs.
    """

    def __init__(
        self,
        simulator: Simulator,
        recording: Recording,
        *,
        speed: float | None = 1.0,
        welcomed: Welcomed | None = None,
    ) -> None:
        self._simulator = simulator
        self._recording = recording
        self._speed = speed
        self.counts = Counts()
        self.started = False
        self._players = {
            device: Player(simulator, recording.replies.get(device, Replies()), welcomed=welcomed, counts=self.counts)
            for device in recording.devices
        }

    async def run(self) -> None:
        """Play it from its first to its last line; may be called again, which starts anew.

        Raises:
            BadRecording: The file is not any more what it was.
        """
        start: float | None = None
        self.started = False
        try:
            for number, line in self._recording.entries():
                player = self._players.get(line.device)
                if start is None and line.kind == "device" and player is not None:
                    player.introduce(line)
                    await self._breathe(number)
                    continue
                if start is None:
                    await self._until(self._are_settled)
                    start = self._simulator.now()
                    self.started = True
                if self._speed is not None:
                    await self._pause(start + line.t / self._speed - self._simulator.now())
                await self._breathe(number)
                if player is not None:
                    await self._until(partial(_has_room, player))
                    player.play(number, line)
            await self._until(self._are_settled)
        finally:
            for player in self._players.values():
                player.close()

    def _are_settled(self) -> bool:
        return all(player.settled for player in self._players.values())

    async def _breathe(self, number: int) -> None:
        if number % _BREATHE == 0:
            await asyncio.sleep(0)

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Wait for something, but not for ever."""
        patience = self._simulator.now() + PATIENCE_S
        while not holds() and self._simulator.now() < patience:
            await self._pause(_LOOK_S)

    async def _pause(self, seconds: float) -> None:
        """Let simulated time pass."""
        if seconds <= 0:
            return
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._simulator.after(seconds, partial(over.set_result, None))
        try:
            await over
        finally:
            timer.cancel()


def _has_room(player: Player) -> bool:
    return not player.congested
