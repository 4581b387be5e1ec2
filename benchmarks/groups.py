"""Groups: what it costs to keep twenty dynamic groups true, and whether they are."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from itertools import count

from benchmarks import plus1pm
from benchmarks.load import Client, Device, Devices, paced
from benchmarks.scale import Scale
from benchmarks.server import Server, Usage, platform
from benchmarks.table import Row, Target

RATE = 1_000
SHARE = Target(of="platform", relation="≤", limit=2)
LATE_S = 5.0
"""A member that is wrong so long after the last change stays wrong."""

POLL_S = 0.1

PAIRS = 5
"""How often it is measured without and with groups: the difference is small beside what a busy machine does to both."""

CROSSING = 50
"""One change in so many takes a device over a limit, into a group or out of it."""

LIMITS = (2_000_000, 3_000_000, 4_000_000, 5_000_000)
QUERIES = (
    *(f"status.switch:0.apower > {limit}" for limit in LIMITS),
    "status.switch:0.output = true and status.switch:0.apower > 6000000",
    "model = SNSW-001P16EU and status.switch:0.temperature.tC > 80",
    "component = switch and not status.switch:0.output = true",
    "tag = critical and status.switch:0.apower > 2000000",
    "name ~ 'pump 1*' and status.switch:0.voltage < 207",
    "location = 1 and (status.switch:0.output = true or status.switch:0.apower > 0)",
    "status.wifi.rssi < -70",
    "status.wifi.rssi < -60 and not tag = critical",
    "status.sys.restart_required = true or status.sys.available_updates.stable exists",
    "firmware < 1.7.5",
    "gen >= 2 and app in (Plus1PM, Plus2PM)",
    "presence = offline",
    "tag = critical",
    "location = 1 or location = 2",
    "settings.mqtt.enable = true",
    "group = {first} and presence = online",
)
"""What is asked; ``{first}`` stands for the number of the first of the groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some seconds of changes."""

    usage: Usage
    late_s: float

    @property
    def share(self) -> float:
        """Processor time of the server, as a share of one core in percent."""
        return self.usage.server_s / self.usage.wall_s * 100


class Changes:
    """Devices whose power changes in turn, and what each of them said last."""

    def __init__(self, server: Server, devices: Devices, scale: Scale) -> None:
        self.rate = min(RATE, scale.fanout_rate)
        self.last: dict[str, int] = {}
        self._server = server
        self._seconds = scale.seconds
        self._turn = devices.in_turn()
        self._number = count(1)
        self._high: dict[str, bool] = {}

    async def stretch(self) -> Stretch:
        """Change for a while."""
        with self._server.metered() as usage:
            late_s = await paced(self.rate, self._seconds, self._send)
        return Stretch(usage=usage, late_s=late_s)

    def _send(self) -> None:
        device, number = next(self._turn), next(self._number)
        if number % CROSSING == 0:
            self._high[device.id] = not self._high.get(device.id, False)
        limit = LIMITS[number // CROSSING % len(LIMITS)] if self._high.get(device.id) else plus1pm.FIRST_MARK
        mark = limit + 1 + number % 900_000
        self.last[device.id] = mark
        device.notify(mark)


async def measure(scale: Scale) -> list[Row]:
    """The same changes with and without groups, in turns; the difference is what the groups take."""
    async with platform() as server:
        devices = Devices(server.address, scale.crowd)
        await devices.connect(at_once=64)
        await devices.settle(scale.quiet_s)
        await _describe(server, devices.all)
        client = Client()
        await client.open(server.address, "/", subprotocol=server.token)
        await client.subscribe("Shelly.Status", {"status": "changed"})
        changes = Changes(server, devices, scale)
        await changes.stretch()
        without: list[Stretch] = []
        beside: list[Stretch] = []
        wrong = 0
        for _ in range(PAIRS if scale.attempts > 1 else 1):
            without.append(await changes.stretch())
            ids = await _make(server)
            beside.append(await changes.stretch())
            wrong += await _settled(server, ids, changes)
            for number in reversed(ids):
                await server.call("Group.Delete", id=number)
        client.drop()
        devices.drop()
    return [_row(without, beside, changes.rate, scale, wrong)]


def _row(without: list[Stretch], beside: list[Stretch], rate: int, scale: Scale, wrong: int) -> Row:
    added = sorted(after.share - before.share for before, after in zip(without, beside, strict=True))
    usual = statistics.median(stretch.share for stretch in without)
    disturbed = statistics.median(stretch.usage.disturbance for stretch in (*without, *beside))
    return Row(
        figure=f"groups: share of a core, {len(QUERIES)} groups at {rate:,}/s",
        unit="%",
        value=statistics.median(added),
        bare=0.0,
        target=SHARE,
        note=f"{scale.crowd:,} devices, {usual:.1f} % without groups; pairs {added[0]:.1f} to {added[-1]:.1f} %; "
        f"{wrong} wrong members; disturbed {disturbed:.0%}",
    )


async def _make(server: Server) -> list[int]:
    ids: list[int] = []
    for query in QUERIES:
        text = query.format(first=ids[0] if ids else 0)
        group = await server.call("Group.Create", name=text, query=text)
        ids.append(group["id"])
    return ids


async def _describe(server: Server, devices: list[Device]) -> None:
    """One device in fifty is critical, one in a hundred is upstairs."""
    await server.call("Location.Create", name="House")
    await server.call("Location.Create", name="Upstairs", parent=1)
    for device in devices[::50]:
        await server.call("Tag.Add", shellyID=device.id, tag="critical")
    for device in devices[::100]:
        await server.call("Location.Assign", id=2, shellyID=device.id)


async def _settled(server: Server, ids: list[int], changes: Changes) -> int:
    """Wrong members that are left when all changes have had their time; a busy machine needs more of it."""
    deadline = time.monotonic() + LATE_S
    while (wrong := await _wrong(server, ids, changes)) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(POLL_S)
    return wrong


async def _wrong(server: Server, ids: list[int], changes: Changes) -> int:
    """Devices that are in a group of a limit and should not be, or the other way round."""
    found = 0
    for number, limit in zip(ids, LIMITS, strict=False):
        members = set(await server.call("Group.GetMembers", id=number))
        found += len(members ^ {device for device, mark in changes.last.items() if mark > limit})
    return found
