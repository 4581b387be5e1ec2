"""What outlives the process, and what goes on without the database."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from fleet_platform.app import open_platform
from fleet_platform.settings import PlatformSettings
from fleet_platform.simulator import Backoff, Simulator, Timing
from fleet_platform.storage.embedded import EmbeddedPostgres
from fleet_platform.storage.problems import DataFolderInUse

from .conftest import PASSWORD, RUN_TOKEN, StartPlatform, eventually, signed_in, simulated


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the embedded server's user may enter."""
    with tempfile.TemporaryDirectory(prefix="fleet-restart-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


async def test_after_a_restart_every_device_is_known_offline_with_its_last_state(start: StartPlatform) -> None:
    async with start() as platform, simulated(platform) as simulator:
        devices = await simulator.add_many(20, models=["Plus1PM", "Plus2PM", "BluGwG3"])
        await eventually(lambda: len(platform.fleet) == 20)
        devices[0].report("switch:0", {"apower": 77.5})
        await eventually(lambda: platform.fleet.find(devices[0].id).status["switch:0"]["apower"] == 77.5)
        before = {twin.id: (twin.status_json(), twin.settings(), twin.entities) for twin in platform.fleet}
    async with start() as platform:
        assert {twin.presence for twin in platform.fleet} == {"offline"}
        assert platform.fleet.find(devices[0].id).status["switch:0"]["apower"] == 77.5
        for twin in platform.fleet:
            _, settings, entities = before[twin.id]
            assert twin.settings() == settings
            assert sorted(twin.entities) == sorted(entities)
            assert twin.internal_id is not None


async def test_a_device_that_returns_to_a_restarted_platform_unchanged_is_asked_nothing(start: StartPlatform) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"ws://127.0.0.1:{port}/shelly"
    async with Simulator(url, token=RUN_TOKEN, timing=Timing(backoff=Backoff(first_s=0.1, longest_s=0.2))) as simulator:
        async with start(port=port) as platform:
            device = await simulator.add("Plus1PM", seed=1)
            await eventually(lambda: platform.fleet.get(device.id))
            await platform.store.flush()
        asked = list(device.requests)
        assert "Shelly.GetConfig" in asked
        async with start(port=port) as platform:
            await eventually(lambda: platform.fleet.find(device.id).presence == "online")
            await asyncio.sleep(0.2)
            assert list(device.requests) == asked


async def test_a_second_platform_is_kept_out_of_the_data_folder(start: StartPlatform) -> None:
    async with start():
        with pytest.raises(DataFolderInUse):
            async with start():
                pass


async def test_control_goes_on_while_postgres_is_away_and_the_last_state_is_written_when_it_returns(
    open_folder: Path,
) -> None:
    postgres = EmbeddedPostgres(open_folder / "database")
    await postgres.__aenter__()
    settings = PlatformSettings(
        data=open_folder / "platform",
        dsn=SecretStr(postgres.dsn),
        host="127.0.0.1",
        port=0,
        write_interval_s=0.1,
        plugins={"local_users": {"admin_password": PASSWORD}},
    )
    async with open_platform(settings, reveal=lambda _label, _secret: None, run_token=RUN_TOKEN) as platform:
        assert await platform.host.settled(20)
        async with signed_in(platform) as client, simulated(platform) as simulator:
            device = await simulator.add("Plus1PM", seed=1)
            await eventually(lambda: platform.fleet.get(device.id))
            await platform.store.flush()
            await postgres.__aexit__(None, None, None)
            await eventually(lambda: not platform.database.is_up)
            assert await client.call("Switch.Toggle", {"id": 0}, dst=device.id) == {"was_on": False}
            await eventually(lambda: platform.fleet.find(device.id).status["switch:0"]["output"] is True)
            late = await simulator.add("Plus1PM", seed=2)
            await eventually(lambda: platform.fleet.get(late.id))
            postgres = EmbeddedPostgres(open_folder / "database")
            await postgres.__aenter__()
            await eventually(lambda: platform.database.is_up)
            await eventually(lambda: platform.fleet.find(late.id).internal_id is not None)

            async def stored() -> bool:
                rows = await platform.database.fetch(
                    "SELECT s.status->'switch:0'->>'output' AS output FROM device.state s JOIN device.list d USING (id)"
                    " WHERE d.external_id = $1",
                    device.id,
                )
                return bool(rows[0]["output"] == "true")

            await eventually(stored)
    await asyncio.wait_for(postgres.__aexit__(None, None, None), 20)
