"""Changes whose caller never learns how they ended, and changes that meet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from fleet_local_users.accounts import Accounts
from fleet_local_users.passwords import Passwords
from fleet_local_users.users import PROVIDER, User, Users
from plugin_sdk import Fleet, Principal
from plugin_sdk.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from tests.plugins.fleet_local_users.conftest import Platform

PASSWORD = "correct horse"
BY = Principal(name="admin", provider=PROVIDER, groups=frozenset({"admin"}))


class Told:
    """As much of the platform as accounts need.

    Attributes:
        renewed: Users that changed.
        events: What was published.
    """

    def __init__(self) -> None:
        self.renewed: list[str] = []
        self.events: list[str] = []

    def allows(self, *_question: Any) -> bool:
        return True

    def principal_changed(self, name: str, _provider: str) -> None:
        self.renewed.append(name)

    def publish(self, method: str, _params: Any) -> None:
        self.events.append(method)

    async def invoke(self, *_call: Any) -> None:
        """Signs in."""


class CutOff(Users):
    """Writes, and then the connection to the database is lost."""

    async def change(self, user: User) -> None:
        await super().change(user)
        raise Unavailable(part="database")

    async def remove(self, number: int) -> None:
        await super().remove(number)
        raise Unavailable(part="database")


class Interrupted(Passwords):
    """Somebody else does something while a password is hashed."""

    meanwhile: Callable[[], Awaitable[Any]] | None = None

    async def hash(self, password: str) -> str:
        hashed = await super().hash(password)
        if self.meanwhile is not None:
            await self.meanwhile()
        return hashed


@pytest.fixture
async def passwords() -> AsyncIterator[Interrupted]:
    with Interrupted() as passwords:
        yield passwords


async def make(users: Users, passwords: Passwords) -> User:
    user = User(id=0, name="ann", password="", groups=(), permissions=(), enabled=True, full_name="", email="")
    await users.add(replace(user, password=await passwords.hash(PASSWORD)))
    made = await users.by_name("ann")
    assert made is not None
    return made


async def test_a_user_is_looked_at_anew_also_if_the_outcome_of_a_change_is_lost(
    platform: Platform, passwords: Interrupted
) -> None:
    told = Told()
    users = CutOff(platform.sql, passwords)
    accounts = Accounts(cast(Fleet, told), users, passwords)
    ann = await make(users, passwords)
    with pytest.raises(Unavailable):
        await accounts.update(BY, ann, lambda user: replace(user, enabled=False))
    with pytest.raises(Unavailable):
        await accounts.delete(BY, ann)
    assert (told.renewed, told.events) == (["ann", "ann"], [])


async def test_a_password_that_was_set_meanwhile_is_not_overwritten(platform: Platform, passwords: Interrupted) -> None:
    users = Users(platform.sql, passwords)
    accounts = Accounts(cast(Fleet, Told()), users, passwords)
    ann = await make(users, passwords)
    other = await passwords.hash("set by an administrator")
    for change in (replace(ann, password=other), replace(ann, enabled=False)):
        await users.change(ann)
        passwords.meanwhile = lambda change=change: users.change(change)
        with pytest.raises(Conflict):
            await accounts.set_own_password(ann.principal(), PASSWORD, "mine again")
        after = await users.by_name("ann")
        assert after is not None
        assert (after.password, after.enabled) == (change.password, change.enabled)
