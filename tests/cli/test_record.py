"""Recording from a peer that drops connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fleet_platform.cli.record import record
from fleet_platform.client import Client, Token
from fleet_platform.simulator.recording import open_recording
from tests.client.conftest import Peer

PLUG = "shellyplus1-a8032ab12345"


@pytest.fixture
async def dropping() -> AsyncIterator[Peer]:
    """A peer that speaks the platform's wire."""
    peer = Peer()
    runner = await peer.start()
    yield peer
    await peer.drop()
    await runner.cleanup()


def holds(path: Path, text: str) -> bool:
    return path.exists() and text in path.read_text()


async def until_it_holds(path: Path, text: str) -> None:
    async with asyncio.timeout(20):
        while not holds(path, text):
            await asyncio.sleep(0.02)


async def test_a_loss_that_was_made_good_is_marked_as_such(dropping: Peer, tmp_path: Path) -> None:
    path = tmp_path / "tape"
    shown: dict[str, Any] = {"shellyID": PLUG, "info": {"id": PLUG}, "settings": {}, "status": {"sys": {}}}
    async with Client(dropping.url, Token(access="good")) as client:
        recording = asyncio.create_task(record(client, path, mask=None))
        await dropping.until_subscribed(1)
        await dropping.publish("Shelly.Connect", shellyID=PLUG, device=shown)
        await until_it_holds(path, '"connect"')
        await dropping.drop()
        await dropping.publish("Shelly.Message", shellyID=PLUG, message={"src": PLUG, "method": "NotifyEvent"})
        await until_it_holds(path, '"NotifyEvent"')
        recording.cancel()
        with suppress(asyncio.CancelledError):
            await recording
    lines = [line for _, line in open_recording(path).entries()]
    assert [line.kind for line in lines] == ["connect", "lost", "resumed", "in", "end"]
    assert lines[2].complete is True
    assert [line.t for line in lines] == sorted(line.t for line in lines)


class Fleet(Peer):
    """A peer with devices that fit nobody's pattern."""

    devices: tuple[str, ...] = (PLUG, "shellypro4pm-a8032ab00001")

    def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        shown = [{"shellyID": device} for device in self.devices]
        return super()._reply(request) | ({"result": shown} if request["method"] == "Device.List" else {})


class Refusing(Peer):
    """A peer that lists no devices."""

    def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        return super()._reply(request | {"method": "Fail"} if request["method"] == "Device.List" else request)


@pytest.mark.parametrize("pattern", ["shellyplugs*", "shellyplugs-1"])
async def test_a_pattern_that_fits_no_device_is_said_with_what_there_is(tmp_path: Path, pattern: str) -> None:
    fleet, told = Fleet(), list[str]()
    runner = await fleet.start()
    try:
        async with Client(fleet.url, Token(access="good")) as client:
            recorded = await record(
                client, tmp_path / "a", mask=None, devices=pattern, duration_s=0.2, tell=told.append
            )
            fleet.devices = ()
            await record(client, tmp_path / "b", mask=None, devices=pattern, duration_s=0.2, tell=told.append)
    finally:
        await fleet.drop()
        await runner.cleanup()
    assert recorded.devices == 0
    assert told == [
        "recording 0 devices into a; Ctrl-C ends it",
        (
            f"no device fits '{pattern}', so the recording has none until one that does connects; "
            f"the platform has 2: {PLUG}, shellypro4pm-a8032ab00001"
        ),
        "recording 0 devices into b; Ctrl-C ends it",
        "the platform shows no device yet; those that connect are recorded",
    ]


async def test_a_platform_that_refuses_to_list_devices_is_recorded_all_the_same(tmp_path: Path) -> None:
    path, told = tmp_path / "tape", list[str]()
    fleet = Refusing()
    runner = await fleet.start()
    try:
        async with Client(fleet.url, Token(access="good")) as client:
            await record(client, path, mask=None, duration_s=0.2, tell=told.append)
    finally:
        await fleet.drop()
        await runner.cleanup()
    assert told[1:] == ["no device is recorded yet"]
    assert path.read_text().splitlines()[-1].endswith('"event":"end"}')


async def test_devices_with_one_mac_are_told_of(dropping: Peer, tmp_path: Path) -> None:
    path, told = tmp_path / "tape", list[str]()
    twin = f"shellyplugs-{PLUG[-12:]}"
    async with Client(dropping.url, Token(access="good")) as client:
        recording = asyncio.create_task(record(client, path, mask=None, tell=told.append))
        await dropping.until_subscribed(1)
        for device in (PLUG, twin):
            shown = {"shellyID": device, "info": {"id": device}, "settings": {}, "status": {"sys": {}}}
            await dropping.publish("Shelly.Connect", shellyID=device, device=shown)
        await until_it_holds(path, twin)
        recording.cancel()
        with suppress(asyncio.CancelledError):
            await recording
    assert told[-1] == f"{twin} has the same MAC as {PLUG}: a replay will leave it out"
    assert open_recording(path).left_out == {twin}


async def test_a_user_whose_token_ends_meanwhile_is_told_and_the_file_is_whole(dropping: Peer, tmp_path: Path) -> None:
    path = tmp_path / "tape"
    async with Client(dropping.url, Token(access="good")) as client:
        recording = asyncio.create_task(record(client, path, mask=None))
        await dropping.until_subscribed(1)
        dropping.tokens = set()
        await dropping.drop()
        with pytest.raises(ConnectionError, match="does not accept the token"):
            await recording
    assert path.read_text().splitlines()[-1].endswith('"event":"end"}')
