"""Plays one device's part of a recording.

What a device says before the server knows it is lost on many servers, so the part waits after each connect until the
server has welcomed the device, and then catches up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fleet_platform.simulator.device.blueprint import Origin
from fleet_platform.simulator.device.dump import DumpOrigin
from fleet_platform.simulator.faults.connection import Nobody
from fleet_platform.simulator.outbound.channel import Channel
from fleet_platform.simulator.outbound.dialler import Address
from fleet_platform.simulator.recording.device import RecordedDevice, blueprint_of
from fleet_platform.simulator.recording.lines import Line
from fleet_platform.simulator.recording.recording import Replies, Said, events_of, read_of, spelled
from fleet_platform.simulator.simulator import Simulator
from fleet_platform.simulator.world import World
from plugin_sdk import JSON, JSONObject

LIMIT = 1_000
"""Lines that may wait for one device; of more the oldest are skipped."""

QUIET_S = 0.5
"""A server that asked nothing for so long has welcomed a device."""

OWED_S = 2.0
"""How long a device stays for the server to read what it read in the recording before the device left."""

PATIENCE_S = 30.0
"""A server that goes on asking, or never welcomes a device, is waited for so long."""

_LOOK_S = 0.05

Welcomed = Callable[[str], bool]


@dataclass(slots=True)
class Counts:
    """How a replay goes.

    Attributes:
        frames: Notifications that were sent.
        skipped: Lines that could not be played: their device was not connected.
        impatient: How often a device went on although the server had not welcomed it.
    """

    frames: int = 0
    skipped: int = 0
    impatient: int = 0


class Player:
    """One device of a replay. Satisfies ``Director``.

    Args:
        replies: What the device answered in the recording.
        welcomed: Whether the server knows a device; None for whoever asks nothing any more.
        counts: Shared by all players.

    Attributes:
        device: Once it was to be connected.
    """

    def __init__(self, simulator: Simulator, replies: Replies, *, welcomed: Welcomed | None, counts: Counts) -> None:
        self._simulator = simulator
        self._replies = replies
        self._welcomed = welcomed
        self._counts = counts
        self._line = 0
        self._waiting: deque[tuple[int, Line]] = deque()
        self._held = False
        self._away = False
        self._next: JSONObject | None = None
        self._connections = 0
        self._asked_at = 0.0
        self._owed: set[tuple[str, str]] = set()
        self._ghosts: list[Channel] = []
        self.device: RecordedDevice | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing waits."""
        return not self._held and not self._waiting

    @property
    def congested(self) -> bool:
        """Whether it is better to wait before more is played."""
        channel = self.device.session.link.channel if self.device is not None else None
        return len(self._waiting) >= LIMIT or (channel is not None and not channel.writable)

    def introduce(self, line: Line) -> None:
        """Take the device's place at the start: connect, and leave again if it was not connected then."""
        is_new = self.device is None
        self.play(0, line)
        if is_new and not line.online:
            self._begin(line.body)
            self._waiting.append((0, Line(t=0.0, kind="disconnect", device=line.device, reason=_LEFT)))

    def play(self, number: int, line: Line) -> None:
        """Play a line, or have it wait for its turn."""
        if not self._held:
            self._do(number, line)
            return
        self._waiting.append((number, line))
        if len(self._waiting) > LIMIT:
            self._waiting.popleft()
            self._counts.skipped += 1

    def close(self) -> None:
        """End what is left of connections that were replaced."""
        for channel in self._ghosts:
            channel.abort()
        self._ghosts.clear()

    # ---- what the device tells --------------------------------------------------------------------------

    def connection_changed(self, *, connected: bool) -> None:
        """It is connected, or no longer."""
        self._connections += 1
        if connected:
            self._held, self._away = True, False
            self._asked_at = self._simulator.now()
            self._look(self._connections, self._simulator.now() + PATIENCE_S)
        elif self._next is not None:
            # On a later turn: the link is not through with the old connection yet.
            self._simulator.after(0.0, self._come_back)
        elif self.device is not None and self.device.session.link.wanted:
            self._held = True

    def was_asked(self, method: str, params: JSON) -> None:
        """The server asked for something."""
        self._asked_at = self._simulator.now()
        if self._owed and (read := read_of(method, params)) is not None:
            self._owed.discard(read)

    def answer(self, method: str, params: JSON) -> JSONObject | None:
        """The answer that the recording has for this moment, or the last before it."""
        return _at(self._replies.answers.get((method.lower(), spelled(params)), ()), self._line)

    def any_answer(self, method: str) -> JSONObject | None:
        """The same, whatever was asked for."""
        found = [said for (name, _), every in self._replies.answers.items() if name == method.lower() for said in every]
        return _at(sorted(found, key=_line_of), self._line)

    # ---- inside -----------------------------------------------------------------------------------------

    def _do(self, number: int, line: Line) -> None:
        if self._owed and line.kind in ("connect", "device", "disconnect"):
            self._stay(number, line)
            return
        self._line = number
        match line.kind:
            case "connect":
                self._begin(line.body)
            case "device" if line.online:
                self._begin(line.body)
            case "device":
                self._leave(line.reason)
            case "disconnect":
                self._leave(line.reason)
            case "in" if "method" in line.body:
                self._say(number, line.body)
            case _:
                pass

    def _stay(self, number: int, line: Line) -> None:
        """Let the server read what it read in the recording before the connection ends."""
        self._held = True
        self._waiting.appendleft((number, line))
        self._linger(self._connections, self._simulator.now() + OWED_S)

    def _linger(self, connection: int, until: float) -> None:
        if connection != self._connections:
            self._owed.clear()
        elif self._owed and self._simulator.now() < until:
            self._simulator.after(_LOOK_S, lambda: self._linger(connection, until))
        else:
            self._owed.clear()
            self._catch_up()

    def _begin(self, dump: JSONObject) -> None:
        """Connect as the dump has it; an open connection is closed before."""
        self._held = True
        if self.device is None:
            self._simulator.take_in(DumpOrigin(blueprint_of(dump)), still=True, make=self._make)
        elif self.device.session.link.channel is None:
            self._next = dump
            self._come_back()
        else:
            self._next = dump
            self.device.session.link.disconnect(1000, "")

    def _make(self, world: World, origin: Origin, address: Address, *, still: bool) -> RecordedDevice:
        self.device = RecordedDevice(world, origin, address, director=self, still=still)
        return self.device

    def _come_back(self) -> None:
        dump, self._next = self._next, None
        if self.device is not None and dump is not None:
            self.device.take_up(dump)
            self.device.session.link.connect()

    def _leave(self, reason: str) -> None:
        if self.device is None:
            return
        self._away = True
        link = self.device.session.link
        if reason.startswith("replaced") and link.channel is not None:
            # The old connection lives on until the server, or the end, closes it.
            self._ghosts.append(link.channel)
            link.wanted = False
            link.let_go(Nobody())
        elif reason == _LEFT and "wakeup_period" in self.device.state.sys:
            link.disconnect(1000, "Bye")
        else:
            link.cut()

    def _say(self, number: int, frame: JSONObject) -> None:
        device = self.device
        if device is None or self._away or device.session.link.channel is None:
            self._counts.skipped += 1
            return
        events = events_of(frame)
        for event in events:
            self._foresee(number, device, event)
        device.say(frame)
        self._counts.frames += 1
        if any(event.get("component") == "sys" and event.get("event") == "sleep" for event in events):
            # The platform tells nobody when a sleeper closes.
            self._away = True
            device.session.link.disconnect(1000, "Bye")

    def _foresee(self, number: int, device: RecordedDevice, event: JSONObject) -> None:
        """Know already what the server is going to read because of an event."""
        match event:
            case {"event": "config_changed", "component": str(key)}:
                parts: Iterable[str] = ("config", "info")
            case {"event": "component_added", "target": str(key)}:
                parts = ("config", "status")
            case _:
                return
        for part in parts:
            said = self._replies.reads.get((key, part), ())
            at = bisect_left(said, number, key=_line_of)
            if at < len(said):
                device.remember(key, part, said[at].body)
                self._owed.add((key, part))

    def _look(self, connection: int, until: float) -> None:
        """See whether the server has welcomed the device, and look again in a while if not."""
        if connection != self._connections or self.device is None:
            return
        now = self._simulator.now()
        is_quiet = now - self._asked_at >= QUIET_S
        welcomed = is_quiet if self._welcomed is None else self._welcomed(self.device.id)
        if not welcomed and now < until:
            self._simulator.after(_LOOK_S, lambda: self._look(connection, until))
            return
        self._counts.impatient += not welcomed
        self._catch_up()

    def _catch_up(self) -> None:
        self._held = False
        while self._waiting and not self._held:
            self._do(*self._waiting.popleft())


_LEFT = "was not there"


def _at(said: Sequence[Said], line: int) -> JSONObject | None:
    """The first from a line on, else the last."""
    if not said:
        return None
    return said[min(bisect_left(said, line, key=_line_of), len(said) - 1)].body


def _line_of(said: Said) -> int:
    return said.line
