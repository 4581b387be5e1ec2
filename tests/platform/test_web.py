"""``Web.*``: what is set is kept, and counts at once or with the next start."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from fleet_platform.client import Client, RpcError
from fleet_platform.settings import kept
from tests.platform.conftest import StartPlatform, next_event, signed_in


async def fails(client: Client, config: Any) -> RpcError:
    with pytest.raises(RpcError) as caught:
        await client.call("Web.SetConfig", {"config": config})
    return caught.value


async def free_port() -> int:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_settings_are_kept_for_the_next_start(start: StartPlatform, tmp_path: Path) -> None:
    port = await free_port()
    async with start() as platform, signed_in(platform) as client:
        async with client.subscribe(["NotifyEvent"]) as events:
            answer = await client.call("Web.SetConfig", {"config": {"port": port}})
            told = (await next_event(events)).params["events"]
        assert answer == {"component": "web", "event": "config_changed", "restart_required": True}
        assert told == [{"component": "web", "event": "config_changed"}]
        assert (await client.call("Web.GetConfig"))["port"] == port
        status = await client.call("Web.GetStatus")
        assert (status["port"], status["restart_required"], status["fixed"]) == (platform.port, True, {})
        assert status["addresses"] == [f"http://127.0.0.1:{platform.port}"]
        assert kept.read(tmp_path) == {"port": port}
        answer = await client.call("Web.SetConfig", {"config": {"port": None}})
        assert answer["restart_required"] is False
        assert kept.read(tmp_path) == {}


async def test_what_needs_no_restart_counts_at_once(start: StartPlatform) -> None:
    async with start() as platform, signed_in(platform) as client:
        answer = await client.call("Web.SetConfig", {"config": {"trusted_proxies": ["127.0.0.0/8"]}})
        assert answer["restart_required"] is False
        assert (await client.call("Web.GetConfig"))["trusted_proxies"] == ["127.0.0.0/8"]
        await client.call("Web.SetConfig", {"config": {"allowed_origins": ["https://panel.example"]}})
        settings = await client.call("Web.GetConfig")
        assert (settings["trusted_proxies"], settings["allowed_origins"]) == (
            ["127.0.0.0/8"],
            ["https://panel.example"],
        )


async def test_what_cannot_be_is_refused_and_nothing_changes(start: StartPlatform, tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken, start() as platform, signed_in(platform) as client:
        before = await client.call("Web.GetConfig")
        for config in ({}, {"port": 0}, {"port": "high"}, {"jwt_token": "x"}, {"allowed_origins": ["https://a/b"]}):
            assert (await fails(client, config)).code == -32602, config
        unreachable: dict[str, Any] = {"host": "192.0.2.1", "port": platform.port}
        for config in ({"port": port}, unreachable, {"host": "192.0.2.1", "port": port}, {"host": "no such host"}):
            error = await fails(client, config)
            assert error.code == -32009, config
            assert "cannot listen" in error.data["detail"]
        assert await client.call("Web.GetConfig") == before
        assert not (tmp_path / kept.FILE_NAME).exists()


async def test_who_starts_the_platform_has_the_last_word(start: StartPlatform) -> None:
    sources = {"port": "--port", "host": "/etc/somewhere/fleet-platform.toml"}
    async with start(sources=sources) as platform, signed_in(platform) as client:
        assert "--port" in (await fails(client, {"port": 9})).data["detail"]
        error = await fails(client, {"host": "127.0.0.1"})
        assert error.code == -32009
        assert "somewhere" not in json.dumps(error.data)
        status = await client.call("Web.GetStatus")
        assert status["fixed"] == {"port": "--port", "host": "the configuration file"}


async def test_a_file_that_was_damaged_is_written_anew(start: StartPlatform, tmp_path: Path) -> None:
    async with start() as platform, signed_in(platform) as client:
        (tmp_path / kept.FILE_NAME).write_text("{", "utf-8")
        await client.call("Web.SetConfig", {"config": {"allowed_origins": []}})
        assert kept.read(tmp_path) == {"allowed_origins": []}
