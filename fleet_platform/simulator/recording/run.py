"""The command ``simulate --replay``: a recording that plays until it is over, or for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fleet_platform.simulator.descriptors import reserve_descriptors
from fleet_platform.simulator.recording.names import some_of
from fleet_platform.simulator.recording.recording import BadRecording, Recording, open_recording
from fleet_platform.simulator.recording.replay import Replay
from fleet_platform.simulator.run import Progress, RunOptions, report
from fleet_platform.simulator.simulator import Simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions(RunOptions):
    """What to replay.

    Attributes:
        path: The recording.
        speed: How many times faster than it happened; None for as fast as the server reads.
        loop: Begin again when it is over.
    """

    path: Path
    speed: float | None = 1.0
    loop: bool = False


async def replay(options: ReplayOptions, *, on_progress: Callable[[Progress], None] | None = None) -> int:
    """Replay a recording until it is over, or until cancelled.

    Args:
        options: What to replay.
        on_progress: Called twice a second, and with remarks.

    Returns:
        Exit code: 0 if all of it was played, else 1.

    Raises:
        BadRecording: It cannot be played at all, or not any more.
        BadUrl: The URL is no websocket URL.
        TooFewDescriptors: The system allows too few open files.
    """
    tell = on_progress or (lambda _progress: None)
    recording = await asyncio.to_thread(open_recording, options.path)
    reserve_descriptors(len(recording.devices))
    async with Simulator(options.url, token=options.token, types=options.types) as simulator:

        def remark(*texts: str) -> None:
            tell(Progress(devices=len(simulator), stats=simulator.stats, remarks=texts))

        remark(*_about(recording))
        player = Replay(simulator, recording, speed=options.speed)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(options.duration_s), asyncio.TaskGroup() as tasks:
                    reporting = tasks.create_task(report(simulator, tell))
                    await player.run()
                    while options.loop:
                        await player.run()
                    reporting.cancel()
        except* BadRecording as group:
            raise group.exceptions[0] from None
        remark(*_outcome(recording, player))
        return 1 if recording.damage is not None or recording.left_out or player.counts.skipped else 0


def _about(recording: Recording) -> list[str]:
    """What a person should know before."""
    texts = [f"{recording.path.name}: {len(recording.devices)} devices, {recording.duration_s:.0f} seconds"]
    if recording.left_out:
        texts.append(f"left out, for each has the MAC of one before it: {some_of(sorted(recording.left_out))}")
    if recording.damage is not None:
        texts.append(f"{recording.damage}; it is played as far as that")
    elif not recording.ended:
        texts.append("the recording has no end: whoever made it was stopped on the way")
    return texts


def _outcome(recording: Recording, player: Replay) -> list[str]:
    """How it went."""
    counts = player.counts
    texts = [f"the recording is over: {counts.frames} notifications were sent"]
    if counts.skipped:
        texts.append(f"{counts.skipped} lines could not be played, for their device was not connected")
    if counts.impatient:
        texts.append(f"{counts.impatient} times a device went on although the server still asked it for something")
    if recording.damage is not None:
        texts.append(f"what follows was not played: {recording.damage}")
    return texts
