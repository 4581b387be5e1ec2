"""Recording a platform's devices into a file: events in, lines out; what ``simulate --record`` does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from fleet_platform import __version__
from fleet_platform.client import Client, Resync, RpcError, Subscription
from fleet_platform.simulator.recording import EVENTS, Mask, Recorder, RecordingFile, some_of

_LOOK_S = 0.5
_NO_PATTERN = frozenset("*?[").isdisjoint


async def record(
    client: Client,
    path: Path,
    *,
    mask: Mask | None,
    devices: str = "*",
    duration_s: float | None = None,
    tell: Callable[[str], None] = lambda _text: None,
) -> Recorder:
    """Record until cancelled, or for so long. The file is whole and ended in order however this ends.

    Args:
        client: Signed in; its user sees the devices.
        path: A file that is not there yet.
        mask: What hides who and where; None to record as it is.
        devices: Pattern of device ids, in any case.
        duration_s: None for ever.
        tell: Called with what a person should know.

    Raises:
        OSError: The file is there already or cannot be written.
        ConnectionError, RpcError: The platform cannot be reached, or refuses.
    """
    options: dict[str, Any] = {"snapshot": True} | ({"shellyIDs": [devices]} if _NO_PATTERN(devices) else {})
    async with client.subscribe(EVENTS, **options) as events:
        with RecordingFile(path) as file:
            recorder = Recorder(file.write, mask=mask, devices=devices, warn=tell)
            recorder.begin(_devices(events.snapshot), made_by=f"fleet-platform {__version__}")
            tell(f"recording {recorder.devices} devices into {path.name}; Ctrl-C ends it")
            try:
                if not recorder.devices:
                    tell(await _about_nobody(client, devices))
                with suppress(TimeoutError):
                    async with asyncio.timeout(duration_s):
                        await _pump(events, recorder, file)
            finally:
                recorder.end()
    return recorder


async def _about_nobody(client: Client, devices: str) -> str:
    """What to say while no device is recorded."""
    try:
        shown = await client.call("Device.List")
    except (ConnectionError, RpcError, TimeoutError):
        return "no device is recorded yet"  # the subscription knows what to do about it
    ids = [str(device.get("shellyID")) for device in _devices({"devices": shown})]
    if not ids:
        return "the platform shows no device yet; those that connect are recorded"
    return (
        f"no device fits {devices!r}, so the recording has none until one that does connects; "
        f"the platform has {len(ids)}: {some_of(ids)}"
    )


async def _pump(events: Subscription, recorder: Recorder, file: RecordingFile) -> None:
    losses = _Losses(events, recorder)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(file.keep(), name="recording file")
            tasks.create_task(losses.watch(), name="recording losses")
            async for event in events:
                if isinstance(event, Resync):
                    losses.resynced(_devices(event.snapshot))
                else:
                    losses.look()
                    recorder.take(event.method, event.params)
                await file.room()
    except* Exception as group:
        # One task's failure ends the others; it is what callers know how to handle.
        raise group.exceptions[0] from None


class _Losses:
    """Marks in the recording when the platform was lost, and when it was back."""

    def __init__(self, events: Subscription, recorder: Recorder) -> None:
        self._events = events
        self._recorder = recorder
        self._marked = 0
        self._away = False

    async def watch(self) -> None:
        """Look now and then: a platform that is gone sends no event."""
        while True:
            await asyncio.sleep(_LOOK_S)
            self.look()

    def look(self) -> None:
        """Mark what happened since the last look."""
        self._mark_loss()
        if self._away and self._events.connected:
            self._away = False
            self._recorder.resumed(complete=True)

    def resynced(self, devices: Iterable[dict[str, Any]]) -> None:
        """Events were missed for good."""
        self._mark_loss()
        self._away = False
        self._recorder.resumed(complete=False, devices=devices)

    def _mark_loss(self) -> None:
        if self._events.losses > self._marked:
            self._marked = self._events.losses
            self._away = True
            self._recorder.lost()


def _devices(snapshot: Any) -> list[dict[str, Any]]:
    """The devices in a snapshot: ``{"devices": […]}``."""
    devices = snapshot.get("devices") if isinstance(snapshot, Mapping) else None
    return [device for device in devices if isinstance(device, dict)] if isinstance(devices, list) else []
