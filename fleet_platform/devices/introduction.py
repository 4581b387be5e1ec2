"""Getting to know a device that has just connected: what to ask, in which order, and when nothing need be asked.

A device that comes back unchanged costs no request at all; thousands that come back together are asked fairly,
so that they neither flood the server nor wait for one another.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fleet_platform.devices.frames import Hello
from fleet_platform.devices.link import Link
from fleet_platform.devices.merge import merge
from fleet_platform.devices.notifications import take_full_status
from fleet_platform.devices.twin import Revisions, Twin
from plugin_sdk import JSON, ComponentType, JSONObject, component_type

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
    numbers = [int(part) for part in re.findall(r"\d+", str(info.get("ver", "")))[:2]]
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

    async def run(self) -> bool:
        """Ask what has to be asked.

        Returns:
            Whether info, settings or components were read anew.

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
        return True

    async def _read_settings(self, info: JSONObject) -> None:
        settings = await self._ask("Shelly.GetConfig")
        if not isinstance(settings, dict):
            settings = {}
        if has_dynamic_components(info, self.twin.status):
            listed = await self._read_components(settings)
            self._drop_unlisted(listed)
        self.twin.set_settings(settings)
        self.twin.config_rev = Revisions.of(self.twin.status).config
        self.twin.read = True

    async def _read_components(self, settings: JSONObject) -> set[str]:
        """Page through the dynamic components; returns their keys."""
        listed: set[str] = set()
        offset = 0
        for _ in range(MAX_PAGES):
            page = await self._ask(
                "Shelly.GetComponents",
                {"offset": offset, "dynamic_only": True, "include": ["status", "config"]},
                apply=lambda answer: self._take_components(answer, settings),
            )
            found, total = page
            listed.update(found)
            offset += len(found)
            if not found or offset >= total:
                break
        return listed

    def _take_components(self, answer: JSON, settings: JSONObject) -> tuple[list[str], int]:
        found = []
        for component in answer["components"]:
            key = str(component["key"])
            found.append(key)
            if isinstance(component.get("config"), dict):
                settings[key] = component["config"]
            if isinstance(component.get("status"), dict):
                merge(self.twin.status.setdefault(key, {}), component["status"])
        return found, int(answer.get("total", 0))

    def _drop_unlisted(self, listed: set[str]) -> None:
        for key in [key for key in self.twin.status if key not in listed and key not in self.hello.status]:
            kind = self.types.get(component_type(key))
            if kind is not None and kind.dynamic:
                del self.twin.status[key]

    def _take_status(self, answer: JSON) -> None:
        if isinstance(answer, dict) and answer:
            take_full_status(self.twin, {k: v for k, v in answer.items() if isinstance(v, dict)}, self.types)

    async def _ask(
        self, method: str, params: JSON = None, *, apply: Callable[[JSON], Any] = lambda answer: answer
    ) -> Any:
        async with self.pacer.place():
            return await self.link.call(method, params, timeout_s=self.timeout_s, apply=apply)
