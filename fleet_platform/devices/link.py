"""The way to one connected device: its command queue.

At most ``in_flight`` commands are with the device at a time, because its buffers are small; at most ``waiting``
more wait, and one beyond is refused with "Device busy". Commands that may take a minute (a radio behind a gateway)
leave one place free for the quick ones. Every command ends exactly once: with a reply, an error or its deadline.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from fleet_platform.devices.frames import encode_command
from fleet_platform.text import text_frame
from plugin_sdk import JSON, JSONObject
from plugin_sdk.errors import CallTimeout, DeviceBusy, DeviceError, FleetError

Done: TypeAlias = Callable[[JSON, FleetError | None], None]
"""Takes the result, which may be null, or the error; called once, on the event loop, and never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLimits:
    """Bounds of one device's queue."""

    in_flight: int = 3
    waiting: int = 32


@dataclass(slots=True, eq=False)
class Command:
    """One request on its way to a device and back."""

    method: str
    params: JSON
    done: Done
    slow: bool
    timeout_s: float
    timer: asyncio.TimerHandle | None = None
    number: int = 0


class Link:
    """Commands for one connection.

    Args:
        write: Hands a finished websocket frame to the transport.
        close: Closes the connection with a code and a reason.
        sent: Told of each command that is handed to the device; must not raise.

    Attributes:
        late: Replies that came when nobody waited for them any more.
        since: When the connection was made, in seconds of the event loop.
    """

    __slots__ = (
        "_close",
        "_flying",
        "_flying_slow",
        "_limits",
        "_loop",
        "_next",
        "_sent",
        "_waiting",
        "_write",
        "late",
        "since",
    )

    def __init__(
        self,
        *,
        write: Callable[[bytes], None],
        close: Callable[[int, str], None],
        limits: LinkLimits,
        sent: Callable[[Command], None] | None = None,
    ) -> None:
        self._write = write
        self._close = close
        self._sent = sent or _ignore
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._flying: dict[int, Command] = {}
        self._flying_slow = 0
        self._waiting: deque[Command] | None = None
        self._next = 1
        self.late = 0
        self.since = self._loop.time()

    def submit(self, method: str, params: JSON, *, timeout_s: float, done: Done, slow: bool = False) -> None:
        """Send a command, or let it wait for its turn.

        Raises:
            DeviceBusy: Too many wait already.
        """
        command = Command(method, params, done, slow, timeout_s)
        # Whoever waits could not go either, so a command that can go overtakes nobody.
        if self._has_room(command):
            self._send(command)
        else:
            if self._waiting is None:
                self._waiting = deque()
            if len(self._waiting) >= self._limits.waiting:
                raise DeviceBusy(waiting=len(self._waiting))
            self._waiting.append(command)
        command.timer = self._loop.call_later(timeout_s, self._expire, command)

    async def call(
        self,
        method: str,
        params: JSON = None,
        *,
        timeout_s: float,
        slow: bool = False,
        apply: Callable[[JSON], Any] = lambda result: result,
    ) -> Any:
        """Send a command and wait for its result.

        Args:
            apply: Sees the result before any later frame of the device is handled; what it returns is returned.

        Raises:
            DeviceBusy, DeviceError, CallTimeout, DeviceOffline: As they happen.
        """
        future: asyncio.Future[Any] = self._loop.create_future()

        def done(result: JSON, error: FleetError | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
                return
            try:
                future.set_result(apply(result))
            except (TypeError, ValueError, KeyError, AttributeError):
                # A device's answer of a shape nobody foresaw is the device's fault, not a reason to drop its reader.
                future.set_exception(DeviceError({"code": -32603, "message": f"unexpected result of {method}"}))

        self.submit(method, params, timeout_s=timeout_s, done=done, slow=slow)
        return await future

    def on_reply(self, frame: JSONObject) -> Command | None:
        """Settle the command a frame answers; returns it, or None if nobody waits for it."""
        number = frame.get("id")
        command = self._flying.pop(number, None) if isinstance(number, int) else None
        if command is None:
            self.late += 1
            return None
        self._landed(command)
        error = frame.get("error")
        if isinstance(error, dict):
            command.done(None, DeviceError(error))
        else:
            # Null and false are results like any other: ``Cover.Close`` answers null.
            command.done(frame.get("result"), None)
        return command

    def fail(self, error: FleetError) -> None:
        """End all commands with an error; the connection is gone."""
        commands = [*self._flying.values(), *(self._waiting or ())]
        self._flying.clear()
        self._waiting = None
        for command in commands:
            if command.timer is not None:
                command.timer.cancel()
            command.done(None, error)

    def end(self, error: FleetError) -> None:
        """Like :meth:`fail`, and let go of the connection: thousands that end together leave no cycles behind."""
        self.fail(error)
        self._write = _ignore
        self._close = _ignore
        self._sent = _ignore

    def send(self, payload: bytes) -> None:
        """Send a frame that expects no reply."""
        self._write(text_frame(payload))

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        self._close(code, reason)

    @property
    def busy(self) -> tuple[int, int]:
        """How many commands are with the device, and how many wait."""
        return len(self._flying), len(self._waiting or ())

    def _has_room(self, command: Command) -> bool:
        if len(self._flying) >= self._limits.in_flight:
            return False
        return not command.slow or self._flying_slow < max(1, self._limits.in_flight - 1)

    def _send(self, command: Command) -> None:
        command.number = self._next
        self._next += 1
        self._flying[command.number] = command
        self._flying_slow += command.slow
        self._write(text_frame(encode_command(command.number, command.method, command.params)))
        self._sent(command)

    def _landed(self, command: Command) -> None:
        if command.timer is not None:
            command.timer.cancel()
        self._flying_slow -= command.slow
        self._send_waiting()

    def _send_waiting(self) -> None:
        waiting = self._waiting
        if waiting is None:
            return
        while waiting and len(self._flying) < self._limits.in_flight:
            command = next((one for one in waiting if self._has_room(one)), None)
            if command is None:
                break
            waiting.remove(command)
            self._send(command)
        if not waiting:
            self._waiting = None

    def _expire(self, command: Command) -> None:
        if self._flying.pop(command.number, None) is not None:
            command.timer = None
            self._landed(command)
        elif self._waiting is not None and command in self._waiting:
            self._waiting.remove(command)
        command.done(None, CallTimeout(timeout_s=command.timeout_s))


def _ignore(*_args: object) -> None:
    """A connection that is gone takes what it is given."""
