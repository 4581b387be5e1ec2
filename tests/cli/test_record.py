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
