"""Getting to know a device that has just connected: what to ask, in which order, and when nothing need be asked.

A device that comes back unchanged costs no request at all; thousands that come back together are asked fairly,
so that they neither flood the server nor wait for one another.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Container, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fleet_platform.devices.frames import Hello
from fleet_platform.devices.link import Link
from fleet_platform.devices.merge import apply
from fleet_platform.devices.notifications import take_full_status
from fleet_platform.devices.readable import readable
from fleet_platform.devices.twin import Revisions, Twin
from plugin_sdk import JSON, ComponentType, JSONObject, component_type
from plugin_sdk.errors import DeviceError

logger = logging.getLogger(__name__)

MAX_PAGES = 50
"""Pages of ``Shelly.GetComponents`` that are read; real devices answer with at most 10."""

_REBOOT_TOLERANCE_S = 2.0


class WrongIdError(Exception):
    """The device's own info names another device than its frames do."""


class Pacer:
    """Bounds how many introductions have a request under way.

    First come, first served. A request that is not answered within ``patience_s`` gives its place up, so that dead
    devices never hold the others back.
    """

    def __init__(self, places: int, *, patience_s: float = 1.0) -> None:
        self._places = asyncio.Semaphore(places)
        self._patience_s = patience_s

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place and hold it while a request is under way."""
        await self._places.acquire()
        released = False

        def release() -> None:
            nonlocal released
            if not released:
                released = True
                self._places.release()

        timer = asyncio.get_running_loop().call_later(self._patience_s, release)
        try:
            yield
        finally:
            timer.cancel()
            release()


def is_unchanged(twin: Twin, status: JSONObject, *, now_ms: int) -> bool:
    """Whether a returning device needs no question.

    Its revisions are the known ones, its MAC fits its id, it did not start again since it last reported (a
    sleeper woke from deep sleep), and no firmware update was under way.
    """
    system = status.get("sys")
    if not twin.read or twin.updating or not isinstance(system, dict):
        return False
    mac = system.get("mac")
    if Revisions.of(status) != twin.revisions or not isinstance(mac, str) or mac.upper() != twin.mac:
        return False
    wakeup = system.get("wakeup_reason")
    if isinstance(wakeup, dict):
        return wakeup.get("boot") == "deepsleep_wake"
    uptime = system.get("uptime")
    if not isinstance(uptime, int | float):
        return False
    return uptime + _REBOOT_TOLERANCE_S >= (now_ms - twin.last_report_ms) / 1000


def has_dynamic_components(info: JSONObject, status: JSONObject) -> bool:
    """Whether ``Shelly.GetComponents`` is worth asking: firmware 1.2 and later, but no sleeper."""
    numbers = [int(part) for part in re.findall(r"\d{1,9}", str(info.get("ver", "")))[:2]]
    sleeper = bool((status.get("sys") or {}).get("wakeup_period"))
    return tuple(numbers) >= (1, 2) and not sleeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Asks a device about itself and writes the answers into its twin.

    Attributes:
        link: The way to it.
        twin: A new twin, or the known one; its status is that of the hello already.
        known: Whether it was known before.
        hello: Its first report.
        pacer: Shared by all devices.
        types: The component types in force.
        timeout_s: Deadline of each request.
    """

    link: Link
    twin: Twin
    known: bool
    hello: Hello
    pacer: Pacer
    types: Mapping[str, ComponentType]
    timeout_s: float

    async def run(self) -> None:
        """Ask what has to be asked.

        Raises:
            WrongIdError: It is not who it says.
            FleetError: It does not answer, or with an error.
        """
        twin, before = self.twin, self.twin.info().get("fw_id")
        info = await self._ask("Shelly.GetDeviceInfo")
        if not isinstance(info, dict) or str(info.get("id", "")).lower() != twin.id.lower():
            raise WrongIdError(twin.id)
        twin.set_info(info)
        unchanged = self.known and twin.read and info.get("fw_id") == before
        if not self.hello.complete:
            await self._ask("Shelly.GetStatus", apply=self._take_status)
        if not (unchanged and Revisions.of(twin.status) == twin.revisions):
            await self._read_settings(info)
        twin.updating = False

    async def _read_settings(self, info: JSONObject) -> None:
        # A change while they are read makes the revisions differ, so that they are read again some day.
        revision = Revisions.of(self.twin.status).config
        settings = await self._ask("Shelly.GetConfig")
        if not isinstance(settings, dict):
            settings = {}
        if has_dynamic_components(info, self.twin.status):
            try:
                settings.update(await self._read_components())
            except DeviceError:
                # Not every firmware that should know the method does; a device that cannot tell has removed nothing.
                logger.info("device %s does not list its dynamic components", self.twin.id)
        self.twin.set_settings(readable(settings, self.types))
        self.twin.config_rev = revision
        self.twin.read = True

    async def _read_components(self) -> JSONObject:
        """Page through the dynamic components, afresh if they change meanwhile, as pages shift then.

        Returns:
            Component key to settings, of those that have some.
        """
        listed: dict[str, JSON] = {}
        offset, revision = 0, None
        for _ in range(MAX_PAGES):
            found, total, now = await self._ask(
                "Shelly.GetComponents",
                {"offset": offset, "dynamic_only": True, "include": ["status", "config"]},
                apply=self._take_components,
            )
            if offset and now != revision:
                listed, offset = {}, 0
                continue
            revision = now
            listed.update(found)
            offset += len(found)
            if not found or offset >= total:
                break
        self._drop_unlisted(listed)
        return {key: config for key, config in listed.items() if isinstance(config, dict)}

    def _take_components(self, answer: JSON) -> tuple[dict[str, JSON], int, JSON]:
        """Apply the status of one page; returns its settings by key, how many components there are, and ``cfg_rev``."""
        found = {str(component["key"]): component.get("config") for component in answer["components"]}
        for component in answer["components"]:
            if isinstance(component.get("status"), dict):
                apply(self.twin.status, {str(component["key"]): component["status"]})
        return found, int(answer.get("total", 0)), answer.get("cfg_rev")

    def _drop_unlisted(self, listed: Container[str]) -> None:
        for key in [key for key in self.twin.status if key not in listed and key not in self.hello.status]:
            kind = self.types.get(component_type(key))
            if kind is not None and kind.dynamic and not kind.reported:
                del self.twin.status[key]

    def _take_status(self, answer: JSON) -> None:
        if isinstance(answer, dict) and answer:
            take_full_status(self.twin, {k: v for k, v in answer.items() if isinstance(v, dict)}, self.types)

    async def _ask(
        self, method: str, params: JSON = None, *, apply: Callable[[JSON], Any] = lambda answer: answer
    ) -> Any:
        async with self.pacer.place():
            return await self.link.call(method, params, timeout_s=self.timeout_s, apply=apply)
