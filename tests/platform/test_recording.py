"""What one platform saw is recorded, masked, and seen again by another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from fleet_platform.app import Platform
from fleet_platform.cli.record import record
from fleet_platform.client import Client
from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.recording import Mask, Recording, Replay, open_recording

from .conftest import StartPlatform, eventually, signed_in, simulated

LIVES = ("Shelly.Connect", "Shelly.Presence", "Shelly.Disconnect", "Shelly.Status", "Shelly.Message", "Entity.Event")
BOILER, KETTLE = "Boiler room cellar", "Old kettle"

Event: TypeAlias = list[Any]
"""Name and content."""

Another: TypeAlias = Callable[[], AbstractAsyncContextManager[tuple[Platform, Client]]]


class Heard:
    """What a platform told of its devices' lives, in order."""

    def __init__(self, platform: Platform) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        platform.bus.tap(LIVES, lambda event: self.events.append((event.method, dict(event.params))))

    def of(self, device: str) -> list[Event]:
        """What was told of one device; answers to calls are left out, for those depend on who calls."""
        return [
            [name, content(name, params)]
            for name, params in self.events
            if str(params.get("shellyID", params.get("entityId"))).startswith(device)
            and "method" in params.get("message", {"method": ""})
        ]


def content(name: str, params: dict[str, Any]) -> Any:
    """What must be equal in an event; who is there after Connect is told by the status that follows."""
    if name == "Shelly.Connect":
        return None
    return {key: without_nulls(value) for key, value in params.items() if key != "metadata"}


def without_nulls(value: Any) -> Any:
    """A status in which null and absent are the same."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


@dataclass(slots=True)
class Story:
    """What happened while a fleet was recorded.

    Attributes:
        mask: The mask of the recording.
        devices: The devices at its end, as the platform showed them.
        heard: What the platform told meanwhile, by device id.
    """

    path: Path
    mask: Mask
    devices: list[dict[str, Any]]
    heard: dict[str, list[Event]]


@asynccontextmanager
async def recording(client: Client, path: Path, *, mask: Mask | None) -> AsyncIterator[None]:
    """Record while the block runs."""
    begun = asyncio.Event()
    task = asyncio.create_task(record(client, path, mask=mask, tell=lambda _text: begun.set()))
    await begun.wait()
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def story(platform: Platform, client: Client, tmp_path: Path) -> Story:
    """A fleet with switches, a meter, buttons and a sleeper, from an ordinary day to its end."""
    path, mask = tmp_path / "day.jsonl", Mask()
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(simulated(platform, boot_s=0.1, awake_s=0.5, minutes=False))
        fleet = [
            await simulator.add("Plus1PM", seed=1, name=BOILER),
            await simulator.add("Plus2PM", seed=2, profile="switch"),
            await simulator.add("Pro3EM", seed=3),
            await simulator.add("PlusI4", seed=4),
            await simulator.add("PlusHT", seed=5),
        ]
        await eventually(lambda: len(list(platform.fleet.online())) == 5)
        await eventually(lambda: platform.fleet.find(fleet[4].id).asleep)
        heard = Heard(platform)
        async with recording(client, path, mask=mask):
            await a_day(client, platform, *fleet)
            await stack.aclose()
            # Each device's part ends with its connection, and one lost it before.
            await eventually(lambda: path.read_text().count('"event":"disconnect"') == 5)
        devices = await client.call("Device.List")
        assert isinstance(devices, list)
        return Story(path, mask, devices, {device.id: heard.of(device.id) for device in fleet})


async def a_day(
    client: Client, platform: Platform, plug: Device, switch: Device, meter: Device, buttons: Device, sleeper: Device
) -> None:
    """Commands, a change of settings, measurements, a lost connection, a sleeper's wake-up."""
    twin_of = platform.fleet.find
    await client.call("Switch.Set", {"id": 0, "on": True}, dst=plug.id)
    await client.call("Switch.Set", {"id": 1, "on": True}, dst=switch.id)
    await client.call("Switch.SetConfig", {"id": 0, "config": {"name": KETTLE}}, dst=plug.id)
    await eventually(lambda: twin_of(plug.id).settings()["switch:0"]["name"] == KETTLE)
    meter.report("em:0", {"a_act_power": 230.5, "total_act_power": 691.5})
    for gesture in ("single_push", "double_push"):
        buttons.press("input:0", gesture)
    await switch.drop()
    await eventually(lambda: twin_of(switch.id).link is None)
    switch.reconnect()
    await eventually(lambda: twin_of(switch.id).link is not None)
    sleeper.wake()
    await eventually(lambda: not twin_of(sleeper.id).asleep)
    await eventually(lambda: twin_of(sleeper.id).asleep)
    switch.report("switch:0", {"apower": 11.5})
    await eventually(lambda: twin_of(switch.id).status["switch:0"]["apower"] == 11.5)


@pytest.fixture
def another(start: StartPlatform, postgres_dsn: str, tmp_path: Path) -> Another:
    """Another platform, which never saw a device."""

    @asynccontextmanager
    async def started() -> AsyncIterator[tuple[Platform, Client]]:
        name = f"another_{uuid4().hex}"
        connection = await asyncpg.connect(postgres_dsn)
        await connection.execute(f"CREATE DATABASE {name}")
        try:
            dsn = urlsplit(postgres_dsn)._replace(path=f"/{name}").geturl()
            folder = tmp_path / name
            folder.mkdir()
            async with start(dsn=dsn, data=folder) as platform, signed_in(platform) as client:
                yield platform, client
        finally:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            await connection.close()

    return started


def welcomed(platform: Platform) -> Callable[[str], bool]:
    """Whether a platform knows a device, and has it connected."""

    def is_known(device: str) -> bool:
        twin = platform.fleet.get(device)
        return twin is not None and twin.link is not None

    return is_known


def since_it_was_there(events: list[Event]) -> list[Event]:
    """A device's events without the three that begin its first connection."""
    assert [name for name, _ in events[:3]] == ["Shelly.Connect", "Shelly.Presence", "Shelly.Status"]
    return events[3:]


async def test_another_platform_sees_the_same_devices_and_the_same_events(story: Story, another: Another) -> None:
    recorded = open_recording(story.path)
    assert (recorded.damage, recorded.ended, recorded.header.masked) == (None, True, True)
    names = {device: story.mask.id(device) for device in story.heard}
    expected = {names[device]: story.mask.value(events) for device, events in story.heard.items()}
    async with another() as (platform, client), simulated(platform) as simulator:
        heard = Heard(platform)
        replay = Replay(simulator, recorded, speed=None, welcomed=welcomed(platform))
        await replay.run()
        assert (replay.counts.skipped, replay.counts.impatient) == (0, 0)
        await eventually(lambda: all(len(heard.of(device)) == len(expected[device]) + 3 for device in expected))
        for device, events in expected.items():
            assert since_it_was_there(heard.of(device)) == events
        devices = await client.call("Device.List")
        assert isinstance(devices, list)
    seen = {device["shellyID"]: device for device in devices}
    assert seen.keys() == set(names.values())
    for before in story.devices:
        found = seen[names[before["shellyID"]]]
        for part in ("info", "settings", "status"):
            assert without_nulls(found[part]) == without_nulls(story.mask.value(before[part]))
        assert found["presence"] == before["presence"]


async def test_nothing_in_the_file_says_whose_it_was(story: Story) -> None:
    text = story.path.read_text().lower()
    for device in story.heard:
        mac = device.rpartition("-")[2].lower()
        assert mac not in text
        assert ":".join(mac[at : at + 2] for at in range(0, 12, 2)) not in text
    for name in (BOILER, KETTLE):
        assert name.lower() not in text
    for shown in story.devices:
        assert shown["status"]["wifi"]["sta_ip"] not in text
        assert shown["status"]["wifi"]["ssid"].lower() not in text
        assert shown["settings"]["sys"]["location"]["tz"].lower() not in text


async def test_a_recording_of_a_replay_holds_the_same_frames(story: Story, another: Another, tmp_path: Path) -> None:
    first, path = open_recording(story.path), tmp_path / "again.jsonl"
    async with (
        another() as (platform, client),
        simulated(platform) as simulator,
        recording(client, path, mask=None),
    ):
        await Replay(simulator, first, speed=None, welcomed=welcomed(platform)).run()
        # All said farewell, one of them twice; the sleeper is not told of.
        await eventually(lambda: path.read_text().count('"event":"disconnect"') == 5)
    again = open_recording(path)
    assert again.header.masked is False
    assert again.devices.keys() == first.devices.keys()
    for device in first.devices:
        assert frames(again, device) == frames(first, device)
        assert connects(again, device)[1:] == connects(first, device)


async def test_a_file_that_is_there_is_not_overwritten(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    path.write_text("old")
    with pytest.raises(FileExistsError):
        await record(client, path, mask=Mask())
    assert path.read_text() == "old"


async def test_only_devices_that_fit_the_pattern_are_recorded(
    platform: Platform, client: Client, simulator: Simulator, tmp_path: Path
) -> None:
    plug, meter = await simulator.add("Plus1PM", seed=1), await simulator.add("Pro3EM", seed=3)
    await eventually(lambda: len(list(platform.fleet.online())) == 2)
    path = tmp_path / "few.jsonl.gz"
    recorder = await record(client, path, mask=None, devices="SHELLYPRO*", duration_s=0.1)
    recorded = open_recording(path)
    assert list(recorded.devices) == [meter.id]
    assert plug.id not in recorded.devices
    assert (recorder.devices, recorded.ended) == (1, True)


async def test_a_platform_that_restarts_is_waited_for_and_the_gap_is_marked(
    start: StartPlatform, unused_tcp_port: int, tmp_path: Path
) -> None:
    path = tmp_path / "gap.jsonl"
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(start(port=unused_tcp_port))
        async with simulated(platform) as simulator, signed_in(platform) as client:
            plug = await simulator.add("Plus1PM", seed=1)
            await eventually(lambda: len(list(platform.fleet.online())) == 1)
            async with recording(client, path, mask=None):
                await stack.aclose()
                async with start(port=unused_tcp_port) as again:
                    await eventually(lambda: '"resumed"' in path.read_text(), timeout_s=30)
                    await eventually(lambda: welcomed(again)(plug.id))
                    plug.report("switch:0", {"apower": 12.25})
                    await eventually(lambda: '"apower":12.25}' in path.read_text())
    lines = [line for _, line in open_recording(path).entries()]
    kinds = [line.kind for line in lines if line.kind in ("lost", "resumed", "device")]
    # The second platform, too, may be gone before the recording is.
    assert kinds[:4] == ["device", "lost", "resumed", "device"]
    assert [line.complete for line in lines if line.kind == "resumed"] == [False]


def frames(recorded: Recording, device: str) -> list[Any]:
    """What a device said of its own accord, in order."""
    lines = (line for _, line in recorded.entries() if line.device == device and line.kind == "in")
    return [line.body for line in lines if "method" in line.body]


def connects(recorded: Recording, device: str) -> list[Any]:
    """How a device was each time it connected."""
    lines = (line for _, line in recorded.entries() if line.device == device and line.kind == "connect")
    return [without_nulls(line.body) for line in lines]
