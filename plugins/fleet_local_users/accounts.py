"""Making, changing and deleting users, and the rules about it.

Nobody gives away more than it has, or lays hands on somebody who has more: else whoever may make users could make an
administrator. There is always an administrator who can sign in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from fleet_local_users.passwords import Passwords
from fleet_local_users.users import PROVIDER, User, Users
from plugin_sdk import DeviceId, Fleet, Principal
from plugin_sdk.errors import Conflict, NotFound, PermissionDenied

CHANGED = "User.Changed"

_SEE = "device.get"
_ANY_DEVICE = DeviceId(" ")
"""Stands for all devices that nobody named: no device is called so, and no permission."""


class Accounts:
    """The users, as those who look after them see them.

    Every method may raise ``Unavailable`` while the database is away.
    """

    def __init__(self, fleet: Fleet, users: Users, passwords: Passwords) -> None:
        self._fleet = fleet
        self._users = users
        self._passwords = passwords
        # Two administrators who demote each other at once must not both succeed.
        self._turn = asyncio.Lock()

    async def all(self) -> list[User]:
        """All users."""
        return await self._users.all()

    async def get(self, *, number: int | None = None, name: str | None = None) -> User:
        """One user.

        Raises:
            NotFound: There is none.
        """
        user = await self._users.by_id(number) if number is not None else await self._users.by_name(name or "")
        if user is None or (name is not None and user.name.lower() != name.lower()):
            raise NotFound("there is no such user", user=name if number is None else number)
        return user

    async def create(self, by: Principal, user: User, password: str) -> User:
        """Make a user.

        Raises:
            Conflict: There is one of that name.
            PermissionDenied: It would have more than its maker.
        """
        self._check_covers(by, user)
        if await self._users.by_name(user.name) is not None:
            raise _taken(user.name)
        user = replace(user, password=await self._passwords.hash(password))
        if not await self._users.add(user):
            raise _taken(user.name)
        self._tell(user.name, "created")
        return user

    async def update(
        self, by: Principal, user: User, change: Callable[[User], User], *, password: str | None = None
    ) -> User:
        """Change a user.

        Args:
            change: Makes what it shall be of what it is.

        Raises:
            NotFound: It is gone.
            Conflict: It is the last administrator, or the caller, and would be locked out.
            PermissionDenied: It has, or would have, more than the caller.
        """
        hashed = None if password is None else await self._passwords.hash(password)
        async with self._turn:
            before = await self.get(number=user.id)
            after = replace(change(before), password=hashed or before.password)
            self._check_covers(by, before)
            self._check_covers(by, after)
            if not after.enabled and _is_same(by, before):
                raise Conflict("you cannot disable yourself")
            if before.is_administrator and not after.is_administrator:
                await self._check_another_administrator(before)
            with self._renewed(before.name, if_so=_rights(after) != _rights(before)):
                await self._users.change(after)
        self._tell(after.name, "password" if after == replace(before, password=after.password) else "updated")
        return after

    async def delete(self, by: Principal, user: User) -> None:
        """Delete a user for good; its name may be taken again, its number never is.

        Raises:
            Conflict: It is the last administrator, or the caller.
            PermissionDenied: It has more than the caller.
        """
        if _is_same(by, user):
            raise Conflict("you cannot delete yourself")
        async with self._turn:
            before = await self.get(number=user.id)
            self._check_covers(by, before)
            if before.is_administrator:
                await self._check_another_administrator(before)
            with self._renewed(before.name):
                await self._users.remove(before.id)
        self._tell(before.name, "deleted")

    async def set_own_password(self, principal: Principal, old: str, new: str) -> None:
        """Change the password of whoever asks, who has to know the present one.

        Raises:
            PermissionDenied: The old password is wrong, or kept elsewhere.
            Conflict: Somebody else changed the user at the same time.
            RateLimited: It was wrong too often.
        """
        if principal.provider != PROVIDER:
            raise PermissionDenied("your password is not kept here", reason="other_provider")
        # Guessing is slowed down there, as for everybody who signs in; the tokens that it makes are left unused.
        await self._fleet.invoke("User.Authenticate", {"username": principal.name, "password": old})
        known = await self._users.verify(principal.name, old)
        if known is None:
            raise PermissionDenied("the old password is wrong")
        hashed = await self._passwords.hash(new)
        async with self._turn:
            user = await self.get(name=principal.name)
            if not user.enabled or user.principal().stamp != known.stamp:
                raise Conflict("somebody changed this user at the same time", user=user.name)
            with self._renewed(user.name):
                await self._users.change(replace(user, password=hashed))
        self._tell(user.name, "password")

    def _check_covers(self, by: Principal, user: User) -> None:
        """Whether somebody may do everything that a user may.

        Raises:
            PermissionDenied: It may not.
        """
        if self._fleet.allows(by, "*"):
            return
        for group in user.groups:
            if group not in by.groups:
                raise PermissionDenied(f"you are not in the group {group} yourself", group=group)
        for permission in user.permissions:
            if not self._fleet.allows(by, permission):
                raise PermissionDenied("nobody gives away what it has not", permission=permission)
        # Who may see some devices only may ask for devices, and list them, too: that is not to see all of them.
        principal = user.principal()
        for permission in (_SEE, *user.permissions):
            if self._fleet.allows(principal, permission, _ANY_DEVICE) and not self._fleet.allows(
                by, permission, _ANY_DEVICE
            ):
                raise PermissionDenied("that is of more devices than you have it of", permission=permission)

    async def _check_another_administrator(self, user: User) -> None:
        if not any(each.is_administrator for each in await self._users.all() if each.id != user.id):
            raise Conflict("there would be no administrator left who can sign in", user=user.name)

    @contextmanager
    def _renewed(self, name: str, *, if_so: bool = True) -> Iterator[None]:
        """A user is looked at anew after a change, also if it is not known whether that was made.

        Its caller may have hung up, or the database have gone away, just after the row was written.
        """
        try:
            yield
        finally:
            if if_so:
                self._fleet.principal_changed(name, PROVIDER)

    def _tell(self, name: str, what: str) -> None:
        self._fleet.publish(CHANGED, {"username": name, "what": what})


def _rights(user: User) -> tuple[object, ...]:
    """What its sessions depend on."""
    return user.password, user.groups, user.permissions, user.enabled


def _is_same(principal: Principal, user: User) -> bool:
    return (principal.provider, principal.name) == (PROVIDER, user.name)


def _taken(name: str) -> Conflict:
    return Conflict("there is a user of that name already", user=name)
