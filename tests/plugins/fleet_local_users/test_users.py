"""Who can sign in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from fleet_local_users import LocalUsers
from fleet_local_users.passwords import Passwords
from fleet_local_users.users import Users
from plugin_sdk.errors import Unavailable

if TYPE_CHECKING:
    from tests.plugins.fleet_local_users.conftest import Platform


class CountingPasswords(Passwords):
    """Counts how often a password was hashed."""

    def __init__(self) -> None:
        super().__init__()
        self.hashed = 0

    async def _in_thread(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.hashed += 1
        return await super()._in_thread(work, *args, **kwargs)


async def test_a_name_is_the_same_in_any_case(platform: Platform) -> None:
    async with platform.start(admin_password="secret") as provider:
        assert provider.verify_password
        assert provider.find
        principal = await provider.verify_password("ADMIN", "secret")
        assert principal is not None
        assert principal.name == "admin"
        assert await provider.find("Admin") == principal
        with pytest.raises(asyncpg.UniqueViolationError):
            await platform.sql.execute("INSERT INTO local_user (name, password) VALUES ('Admin', '')")


async def test_groups_and_permissions_are_told(platform: Platform) -> None:
    async with platform.start(admin_password="secret") as provider:
        await platform.change(groups=["admin", "night shift"], permissions=["device.list"])
        assert provider.find
        principal = await provider.find("admin")
        assert principal is not None
        assert principal.groups == {"admin", "night shift"}
        assert principal.claims == {"permissions": ("device.list",)}


async def test_a_disabled_user_is_nobody_at_once(platform: Platform) -> None:
    async with platform.start(admin_password="secret") as provider:
        assert provider.verify_password
        assert provider.find
        await platform.change(enabled=False)
        assert await provider.find("admin") is None
        assert await provider.verify_password("admin", "secret") is None


async def test_a_strange_name_is_nobody(platform: Platform) -> None:
    async with platform.start(admin_password="secret") as provider:
        assert provider.verify_password
        assert provider.find
        for name in ["nobody", "", "admin\0", "admin\n", "\ud800", "x" * 100_000, "' OR true --"]:
            assert await provider.find(name) is None
            assert await provider.verify_password(name, "secret") is None


async def test_an_unknown_name_costs_as_much_as_a_wrong_password(platform: Platform) -> None:
    async with platform.start(admin_password="secret"):
        with CountingPasswords() as passwords:
            users = Users(platform.sql, passwords)
            work = []
            for name, password in [("admin", "secret"), ("admin", "wrong"), ("nobody", "secret"), ("\0", "secret")]:
                before = passwords.hashed
                await users.verify(name, password)
                work.append(passwords.hashed - before)
            await platform.change(enabled=False)
            before = passwords.hashed
            assert await users.verify("admin", "secret") is None
            work.append(passwords.hashed - before)
    assert work == [1, 1, 1, 1, 1]


async def test_many_log_ins_at_once_are_all_answered(platform: Platform) -> None:
    async with platform.start(admin_password="secret") as provider:
        assert provider.verify_password
        answers = await asyncio.gather(*(provider.verify_password("admin", word) for word in ("secret", "x", "secret")))
    assert [answer is not None for answer in answers] == [True, False, True]


async def test_a_plugin_that_is_not_running_says_so(platform: Platform) -> None:
    [provider] = LocalUsers().fleet_register_auth()
    assert provider.find
    with pytest.raises(Unavailable):
        await provider.find("admin")
    async with platform.start() as provider:
        pass
    assert provider.verify_password
    with pytest.raises(Unavailable):
        await provider.verify_password("admin", "secret")
