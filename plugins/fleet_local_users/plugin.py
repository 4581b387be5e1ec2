"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr

from fleet_local_users.accounts import CHANGED, Accounts
from fleet_local_users.administrator import ensure_administrator
from fleet_local_users.methods import UserMethods
from fleet_local_users.passwords import Passwords
from fleet_local_users.users import PROVIDER, Users
from plugin_sdk import (
    AuthProvider,
    Decision,
    DeviceId,
    EventType,
    Fleet,
    Method,
    Migrations,
    Panel,
    Policy,
    Principal,
    Settings,
    hookimpl,
)
from plugin_sdk.errors import Unavailable


def _from_environment() -> SecretStr | None:
    password = os.environ.get("FLEET_ADMIN_PASSWORD")
    return SecretStr(password) if password else None


class LocalUsersSettings(BaseModel):
    """Settings of the plugin ``local_users``."""

    admin_password: SecretStr | None = Field(
        default_factory=_from_environment,
        title="Password of the user admin",
        description="Applied at every start; also FLEET_ADMIN_PASSWORD. Empty: a generated one, shown once.",
    )


class LocalUsers:
    """The plugin ``local_users``."""

    def __init__(self) -> None:
        self._users: Users | None = None
        self._accounts: Accounts | None = None

    @hookimpl
    def fleet_register_settings(self) -> Settings:
        """A password for the user ``admin``."""
        return Settings(model=LocalUsersSettings)

    @hookimpl
    def fleet_register_migrations(self) -> Migrations:
        """The table of users."""
        return Migrations(folder=Path(__file__).parent / "migrations")

    @hookimpl
    def fleet_register_auth(self) -> list[AuthProvider]:
        """The provider ``local_users``."""
        return [AuthProvider(name=PROVIDER, verify_password=self._verify_password, find=self._find)]

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``User.*``, but for signing in."""
        return UserMethods(self._opened).methods()

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """One event."""
        return [
            EventType(
                name=CHANGED,
                summary="A user was made, changed or deleted.",
                params={"username": "its name", "what": '`"created"`, `"updated"`, `"password"` or `"deleted"`'},
                permission="user.list",
            )
        ]

    @hookimpl
    def fleet_register_policies(self) -> list[Policy]:
        """Everybody may change its own password."""
        return [Policy(name="own-password", decide=_own_password)]

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """A page for those who look after users, and everybody's own password."""
        return [
            Panel(
                name="users",
                kind="page",
                title="Users",
                module="users.js",
                element="fleet-users",
                icon="users.svg",
                order=50,
                permission="user.list",
            ),
            Panel(
                name="password",
                kind="settings",
                title="Your password",
                module="password.js",
                element="fleet-own-password",
                order=10,
                permission="user.setpassword",
            ),
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Users can sign in while this is entered."""
        with Passwords() as passwords:
            users = Users(fleet.sql, passwords)
            await ensure_administrator(fleet, users)
            self._users, self._accounts = users, Accounts(fleet, users, passwords)
            try:
                yield
            finally:
                self._users = self._accounts = None

    async def _verify_password(self, name: str, password: str) -> Principal | None:
        return await self._started().verify(name, password)

    async def _find(self, name: str) -> Principal | None:
        return await self._started().find(name)

    def _started(self) -> Users:
        if self._users is None:
            raise Unavailable(part="local users")
        return self._users

    def _opened(self) -> Accounts:
        if self._accounts is None:
            raise Unavailable(part="local users")
        return self._accounts


def _own_password(principal: Principal, permission: str, _device: DeviceId | None) -> Decision:
    return "allow" if permission == "user.setpassword" and principal.provider == PROVIDER else None
