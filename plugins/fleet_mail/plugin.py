"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from pydantic import Field

from fleet_mail import server
from fleet_mail.message import write
from fleet_mail.settings import MailConfig, MailSettings, patch_of, shown
from plugin_sdk import Fleet, JSONObject, Method, Panel, Settings, hookimpl
from plugin_sdk.errors import FleetError, InvalidParams, RateLimited, Unavailable

T = TypeVar("T")

AT_ONCE = 2
MAX_WAITING = 8
"""Mails that may wait for their turn; one more is refused."""
METHOD_TIMEOUT_S = 330.0
"""Longer than the turn of the last one that waits can be away, at the longest time-out there is."""

Address = Annotated[str, Field(min_length=1, max_length=2000)]
Body = Annotated[str, Field(max_length=1024 * 1024)]


class Mail:
    """The plugin ``mail``."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asking = 0
        self._verified: JSONObject = {"verify": None, "verifyTs": 0, "verifyError": None}
        self._changed = asyncio.Event()

    @hookimpl
    def fleet_register_settings(self) -> Settings:
        """The server; a change is in force with the next mail, and is tried at once."""
        return Settings(model=MailSettings, changed=self._take)

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``Mail.*``."""
        return [
            Method(name="Mail.Send", handler=self.send, timeout_s=METHOD_TIMEOUT_S),
            Method(name="Mail.Verify", handler=self.verify, timeout_s=METHOD_TIMEOUT_S),
            Method(name="Mail.GetStatus", handler=self.get_status, read_only=True),
            Method(name="Mail.GetConfig", handler=self.get_config, read_only=True),
            Method(name="Mail.SetConfig", handler=self.set_config),
        ]

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """One section of the settings."""
        return [
            Panel(
                name="mail",
                kind="settings",
                title="Mail",
                module="mail.js",
                element="fleet-mail",
                order=40,
                permission="mail.setconfig",
            )
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Changed settings are tried while this is entered."""

        async def try_changes() -> None:
            while True:
                await self._changed.wait()
                self._changed.clear()
                if fleet.settings.host and fleet.settings.sending:
                    await self._try(fleet.settings)

        fleet.start(try_changes, name="verify")
        yield

    async def send(
        self,
        fleet: Fleet,
        to: Address | Annotated[list[Address], Field(min_length=1, max_length=100)],
        subject: Annotated[str, Field(max_length=500)],
        text: Body | None = None,
        html: Body | None = None,
        sender: Annotated[Address | None, Field(alias="from")] = None,
    ) -> JSONObject:
        """Send a mail: `{messageId, accepted, rejected}`.

        `to` is an address, several separated by commas, or a list. Without `from` the sender of the settings is used.
        """
        settings = _usable(fleet)
        author = sender or settings.from_address or (settings.username if "@" in settings.username else "")
        if not author:
            raise InvalidParams.at("from", "is needed, because the settings name no sender")

        async def write_and_send() -> JSONObject:
            # A long mail takes long to encode, and a strange address long to read: not on the event loop.
            letter = await asyncio.to_thread(write, sender=author, to=to, subject=subject, text=text, html=html)
            return await server.send(settings, letter)

        return await self._in_turn(write_and_send)

    async def verify(self, fleet: Fleet) -> JSONObject:
        """Connect to the mail server and log in: `{verify, verifyTs, verifyError}`, or the error that is in the way."""
        settings = _usable(fleet)
        error = await self._in_turn(lambda: self._try(settings))
        if error is not None:
            raise error
        return self._verified

    def get_status(self) -> JSONObject:
        """Whether the server worked when it was last tried: `{verify, verifyTs, verifyError}`.

        `verify` is null and `verifyTs` 0 while it was not; the latter is in UTC epoch milliseconds.
        """
        return self._verified

    def get_config(self, fleet: Fleet) -> JSONObject:
        """`{enable, from, transport: {host, port, secure, auth: {user}}}`; never the password."""
        return shown(fleet.settings)

    async def set_config(self, fleet: Fleet, config: MailConfig) -> JSONObject:
        """Change the mail server. A password that is not given stays, unless the server is another one."""
        patch = patch_of(config, fleet.settings)
        if not patch:
            raise InvalidParams.at("config", "names at least one setting")
        await fleet.invoke("plugin:mail.SetConfig", {"config": patch})
        return {"component": "mail", "event": "config_changed"}

    def _take(self, _settings: MailSettings) -> None:
        self._verified = {"verify": None, "verifyTs": 0, "verifyError": None}
        self._changed.set()

    async def _try(self, settings: MailSettings) -> FleetError | None:
        error: FleetError | None = None
        try:
            await server.verify(settings)
        except FleetError as refused:
            error = refused
        self._verified = {
            "verify": error is None,
            "verifyTs": time.time_ns() // 1_000_000,
            "verifyError": None if error is None else error.detail or error.message,
        }
        return error

    async def _in_turn(self, work: Callable[[], Awaitable[T]]) -> T:
        if self._asking >= AT_ONCE + MAX_WAITING:
            raise RateLimited(retry_after_s=5.0)
        self._asking += 1
        try:
            async with self._turns:
                return await work()
        finally:
            self._asking -= 1


def _usable(fleet: Fleet) -> MailSettings:
    settings: MailSettings = fleet.settings
    if not settings.host:
        raise Unavailable("no mail server is set; name one with Mail.SetConfig", part="mail")
    if not settings.sending:
        raise Unavailable("mail is switched off; Mail.SetConfig switches it on", part="mail")
    return settings
