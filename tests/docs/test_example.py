"""README's plugin works in a real platform, with a simulated device."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from importlib_metadata import EntryPoint, entry_points
from pydantic import SecretStr

from fleet_platform.app import open_platform
from fleet_platform.client import Client, RpcError, sign_in
from fleet_platform.settings import PlatformSettings
from fleet_platform.simulator import Simulator
from plugin_sdk.errors import InvalidParams

PASSWORD = "correct horse battery"
TOKEN = "token-of-this-run"
GROUP = "fleet_platform.plugins"


@pytest.fixture
async def client(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """An administrator of a platform that has README's plugin and one device."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "example"))
    monkeypatch.delitem(sys.modules, "power", raising=False)
    settings = PlatformSettings(
        data=tmp_path,
        dsn=SecretStr(database_dsn),
        host="127.0.0.1",
        port=0,
        plugins={"local_users": {"admin_password": PASSWORD}},
    )
    plugins = [*entry_points(group=GROUP), EntryPoint(name="power", value="power:Power", group=GROUP)]
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(
            open_platform(settings, reveal=lambda _label, _secret: None, run_token=TOKEN, entry_points=plugins)
        )
        assert await platform.host.settled(20)
        address = f"{platform.url.replace('http', 'ws')}/shelly"
        simulator = await stack.enter_async_context(Simulator(address, token=TOKEN))
        device = await simulator.add("Plus1PM", seed=1)
        device.report("switch:0", {"apower": 240.5})
        token = await sign_in(platform.url, "admin", PASSWORD)
        yield await stack.enter_async_context(Client(platform.url, token))


async def test_the_readmes_plugin_answers_and_refuses_wrong_parameters(client: Client) -> None:
    async with asyncio.timeout(15):
        while True:
            if drawn := await client.call("Power.GetTotal", {"above_w": 100}):
                break
            await asyncio.sleep(0.02)
    assert list(drawn.values()) == [240.5]
    assert await client.call("Power.GetTotal", {"above_w": 1000}) == {}
    with pytest.raises(RpcError) as refused:
        await client.call("Power.GetTotal", {"above_w": "much"})
    assert refused.value.code == InvalidParams.code
