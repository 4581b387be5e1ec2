"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr

from fleet_local_users.administrator import ensure_administrator
from fleet_local_users.passwords import Passwords
from fleet_local_users.users import PROVIDER, Users
from plugin_sdk import AuthProvider, Fleet, Migrations, Principal, Settings, hookimpl
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
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Users can sign in while this is entered."""
        with Passwords() as passwords:
            users = Users(fleet.sql, passwords)
            await ensure_administrator(fleet, users)
            self._users = users
            try:
                yield
            finally:
                self._users = None

    async def _verify_password(self, name: str, password: str) -> Principal | None:
        return await self._started().verify(name, password)

    async def _find(self, name: str) -> Principal | None:
        return await self._started().find(name)

    def _started(self) -> Users:
        if self._users is None:
            raise Unavailable(part="local users")
        return self._users
