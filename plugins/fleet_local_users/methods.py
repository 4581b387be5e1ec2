"""``User.*``: looking after users, in the spelling of both of the predecessor's releases."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from fleet_local_users.accounts import Accounts
from fleet_local_users.users import User
from plugin_sdk import Call, JSONObject, Method, Principal
from plugin_sdk.errors import InvalidParams, PermissionDenied

MIN_PASSWORD = 5
RESERVED = frozenset({"debug", "node_red"})
"""Users of the predecessor who needed no password."""

Name = Annotated[str, Field(min_length=1, max_length=100)]
Id = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(max_length=200)]
Password = Annotated[SecretStr, Field(max_length=1024)]
Group = Annotated[str, Field(max_length=100)]
Groups = Annotated[list[Annotated[Group, Field(min_length=1)]], Field(max_length=50)]
Permissions = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=500)]
FullName = Annotated[Text | None, Field(alias="fullName")]

_PERMISSION = re.compile(r"\*|[^\s.*]+(\.[^\s.*]+)*(\.\*)?|[^\s.*]+:\*")


class UserConfig(BaseModel):
    """What ``User.SetConfig`` may be asked."""

    model_config = ConfigDict(extra="forbid")

    allow_debug_user: bool | None = Field(default=None, alias="allowDebugUser")


class UserMethods:
    """Handlers of ``User.*``, but for signing in.

    Args:
        accounts: The users, while the plugin runs.
    """

    def __init__(self, accounts: Callable[[], Accounts]) -> None:
        self._accounts = accounts

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="User.Create", handler=self.create),
            Method(name="User.Update", handler=self.update),
            Method(name="User.Delete", handler=self.delete),
            Method(name="User.List", handler=self.list, read_only=True),
            Method(name="User.Find", handler=self.find, read_only=True),
            Method(name="User.SetPassword", handler=self.set_password),
            Method(name="User.GetStatus", handler=self.get_status, read_only=True),
            Method(name="User.GetConfig", handler=self.get_config, read_only=True),
            Method(name="User.SetConfig", handler=self.set_config),
        ]

    async def create(
        self,
        call: Call,
        password: Password,
        username: Name | None = None,
        name: Name | None = None,
        full_name: FullName = None,
        email: Text | None = None,
        group: Group | None = None,
        groups: Groups | None = None,
        permissions: Permissions | None = None,
        enabled: bool = True,
    ) -> JSONObject:
        """Make a user: `{created: username}`. `username` and `name` mean the same; one of them is needed."""
        user = User(
            id=0,
            name=_new_name(username or name),
            password="",
            groups=_groups(group, groups) or (),
            permissions=_permissions(permissions) or (),
            enabled=enabled,
            full_name=full_name or "",
            email=email or "",
        )
        made = await self._accounts().create(_caller(call), user, _new_password(password))
        return {"created": made.name}

    async def update(
        self,
        call: Call,
        username: Name | None = None,
        id: Id | None = None,  # noqa: A002  # the wire's name
        name: Name | None = None,
        password: Password | None = None,
        full_name: FullName = None,
        email: Text | None = None,
        group: Group | None = None,
        groups: Groups | None = None,
        permissions: Permissions | None = None,
        enabled: bool | None = None,
    ) -> JSONObject:
        """Change a user, named by `id` or `username`: `{updated: username, fields}`, where no password is among these.

        A changed password, group, permission or state is in force at once: the user's websockets are closed, and with
        a new password older tokens are good no more. A name cannot be changed.
        """
        accounts = self._accounts()
        user = await accounts.get(number=id, name=username if username or id else name)
        if name is not None and name.lower() != user.name.lower():
            raise InvalidParams.at("name", "cannot be changed: what was done is attributed to it")
        given: JSONObject = {
            "groups": _groups(group, groups),
            "permissions": _permissions(permissions),
            "enabled": enabled,
            "full_name": full_name,
            "email": email,
        }
        fields = {field: value for field, value in given.items() if value is not None}
        if not fields and password is None:
            raise InvalidParams.at("", "there is nothing to change")
        secret = None if password is None else _new_password(password)
        after = await accounts.update(_caller(call), user, lambda present: replace(present, **fields), password=secret)
        shown = after.to_json()
        names = {"full_name": "fullName", "groups": "group" if groups is None else "groups"}
        wire = [names.get(field, field) for field in fields]
        return {"updated": after.name, "fields": {field: shown[field] for field in wire}}

    async def delete(self, call: Call, username: Name | None = None, id: Id | None = None) -> JSONObject:  # noqa: A002
        """Delete a user for good: `{deleted: username}`. Its tokens are good no more, even if the name comes again."""
        accounts = self._accounts()
        user = await accounts.get(number=id, name=username)
        await accounts.delete(_caller(call), user)
        return {"deleted": user.name}

    async def list(self) -> list[JSONObject]:
        """All users: an array of `{id, username, name, fullName, email, group, groups, permissions, enabled, …}`."""
        return [user.to_json() for user in await self._accounts().all()]

    async def find(
        self,
        id: Id | None = None,  # noqa: A002
        name: Name | None = None,
        username: Name | None = None,
        password: Any = None,
    ) -> JSONObject:
        """One user, by `id` or name. Passwords are not compared here; `User.Authenticate` does that."""
        if password is not None:
            raise InvalidParams.at("password", "is checked by User.Authenticate alone")
        return (await self._accounts().get(number=id, name=name or username)).to_json()

    async def set_password(self, call: Call, old_password: Password, new_password: Password) -> JSONObject:
        """Change your own password: `{updated: username}`.

        Older tokens are good no more, and all your websockets are closed after the answer.
        """
        principal = _caller(call)
        new = _new_password(new_password, "new_password")
        await self._accounts().set_own_password(principal, old_password.get_secret_value(), new)
        return {"updated": principal.name}

    async def get_status(self) -> JSONObject:
        """How many users there are: `{users, enabled, administrators}`."""
        users = await self._accounts().all()
        return {
            "users": len(users),
            "enabled": sum(user.enabled for user in users),
            "administrators": sum(user.is_administrator for user in users),
        }

    def get_config(self) -> JSONObject:
        """`{allowDebugUser: false}`: there is no user without a password."""
        return {"allowDebugUser": False}

    def set_config(self, config: UserConfig) -> JSONObject:
        """Takes `allowDebugUser: false` and refuses `true`; users are changed by the other methods alone."""
        if config.allow_debug_user is None:
            raise InvalidParams.at("config", "names at least one setting")
        if config.allow_debug_user:
            raise InvalidParams.at("config.allowDebugUser", "there is no user without a password")
        return {"component": "user", "event": "config_changed"}


def _caller(call: Call) -> Principal:
    if call.principal is None:
        raise PermissionDenied(reason="not_signed_in")
    return call.principal


def _new_name(name: str | None) -> str:
    if name is None:
        raise InvalidParams.at("username", "is needed")
    if not name.isprintable() or name != name.strip() or ":" in name:
        # Basic credentials end the name at the first colon.
        raise InvalidParams.at("username", "has printable characters, no colon, and no space at its ends")
    if name.lower() in RESERVED:
        raise InvalidParams.at("username", f"{name} is reserved")
    return name


def _new_password(password: SecretStr, path: str = "password") -> str:
    text = password.get_secret_value()
    if len(text) < MIN_PASSWORD:
        raise InvalidParams.at(path, f"has {MIN_PASSWORD} characters at least")
    return text


def _groups(group: str | None, groups: Groups | None) -> tuple[str, ...] | None:
    given = groups if groups is not None else None if group is None else [group] if group else []
    if given is None:
        return None
    if not all(each.isprintable() and each == each.strip() for each in given):
        raise InvalidParams.at("group", "has printable characters, and no space at its ends")
    return tuple(dict.fromkeys(given))


def _permissions(permissions: Permissions | None) -> tuple[str, ...] | None:
    if permissions is None:
        return None
    for number, permission in enumerate(permissions):
        if not permission.isprintable() or not _PERMISSION.fullmatch(permission):
            raise InvalidParams.at(f"permissions.{number}", "is a method's name, or a beginning of it with .*, or *")
    return tuple(dict.fromkeys(permissions))
