"""There is always a way in, and exactly one person is told."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import asyncpg
import pytest

from plugin_sdk import Principal
from plugin_sdk.errors import Unavailable

if TYPE_CHECKING:
    from tests.plugins.fleet_local_users.conftest import Platform

ADMIN = Principal(name="admin", provider="local_users", groups=frozenset({"admin"}), claims={"permissions": ()})


async def test_the_first_start_makes_an_administrator_and_shows_the_password_once(platform: Platform) -> None:
    async with platform.start():
        pass
    [(label, secret)] = platform.revealed
    assert label == "password of the user admin"
    assert await platform.sign_in("admin", secret) == ADMIN
    assert platform.revealed == [(label, secret)]


async def test_a_given_password_is_taken_and_never_shown(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_ADMIN_PASSWORD", "given")
    assert await platform.sign_in("admin", "given") == ADMIN
    monkeypatch.delenv("FLEET_ADMIN_PASSWORD")
    assert await platform.sign_in("admin", "given") == ADMIN
    assert not platform.revealed


async def test_a_given_password_is_applied_at_every_start(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await platform.sign_in("admin", "first", admin_password="first")
    monkeypatch.setenv("FLEET_ADMIN_PASSWORD", "second")
    assert await platform.sign_in("admin", "second")
    assert await platform.sign_in("admin", "first") is None


async def test_an_empty_password_is_none(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_ADMIN_PASSWORD", "")
    assert await platform.sign_in("admin", "") is None
    assert await platform.sign_in("admin", "", admin_password="") is None
    assert len(platform.revealed) == 1


async def test_a_given_password_is_the_way_back_in_whatever_happened(platform: Platform) -> None:
    async with platform.start():
        pass
    for mischief in [
        "UPDATE local_user SET enabled = false",
        "UPDATE local_user SET groups = '{night shift}'",
        "UPDATE local_user SET name = 'ADMIN', password = 'broken'",
        "DELETE FROM local_user",
    ]:
        await platform.sql.execute(mischief)
        principal = await platform.sign_in("admin", "back again", admin_password="back again")
        assert principal is not None, mischief
        assert "admin" in principal.groups
    assert len(await platform.sql.fetch("SELECT FROM local_user")) == 1


async def test_a_password_that_could_not_be_shown_is_replaced_at_the_next_start(platform: Platform) -> None:
    platform.reveal_error = OSError("no space left on device")
    with pytest.raises(OSError, match="no space"):
        await platform.sign_in("admin", "")
    assert await platform.sql.fetch("SELECT FROM local_user"), "a secret is shown after it was stored, never before"
    platform.reveal_error = None
    async with platform.start():
        pass
    [(_, secret)] = platform.revealed
    assert await platform.sign_in("admin", secret) == ADMIN
    assert len(platform.revealed) == 1


async def test_a_user_who_was_removed_stays_removed(platform: Platform) -> None:
    async with platform.start():
        await platform.sql.execute("DELETE FROM local_user")
    async with platform.start():
        assert not await platform.sql.fetch("SELECT FROM local_user")
    assert len(platform.revealed) == 1


async def test_no_password_is_logged_or_printed(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with platform.start():
            pass
        async with platform.start(admin_password="canary"):
            assert "canary" not in f"{platform.settings!r} {platform.settings.model_dump_json()}"
    assert platform.revealed[0][1] not in caplog.text
    assert "canary" not in caplog.text


async def test_a_database_that_is_away_at_the_start_is_waited_for(platform: Platform, postgres_dsn: str) -> None:
    back = asyncio.Event()
    platform.database.on_up(back.set)
    [row] = await platform.database.fetch("SELECT current_database() AS name")
    server = await asyncpg.connect(postgres_dsn)
    try:
        await server.execute(f"ALTER DATABASE {row['name']} ALLOW_CONNECTIONS false")
        await server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", row["name"])
        async with asyncio.timeout(30):
            while platform.database.is_up:  # it tells when it is back, not when it goes
                await asyncio.sleep(0.01)
        with pytest.raises(Unavailable):
            await platform.sign_in("admin", "")
        assert not platform.revealed
        await server.execute(f"ALTER DATABASE {row['name']} ALLOW_CONNECTIONS true")
    finally:
        await server.close()
    async with asyncio.timeout(30):
        await back.wait()
    async with platform.start():
        pass
    assert len(platform.revealed) == 1
