"""The platform that tests get: built as for a user, with one more plugin for the tests' own user."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importlib_metadata import entry_points

from fleet_platform.app import Platform, open_platform
from fleet_platform.host import PluginRecord
from fleet_platform.host.discovery import GROUP
from fleet_platform.settings import PlatformSettings
from fleet_platform.simulator import Device, Simulator
from fleet_platform.testing import tester
from fleet_platform.testing.postgres import empty_database

logger = logging.getLogger(__name__)

PATIENCE_S = 30.0
_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class TestedPlugin:
    """One plugin of the platform.

    Attributes:
        instance: What its entry point made, or None while it takes no part.
    """

    _record: PluginRecord
    instance: Any

    @property
    def state(self) -> str:
        """``running``, ``degraded``, ``failed``, ``disabled``, ``unavailable`` or ``quarantined``."""
        return self._record.state

    @property
    def reason(self) -> str | None:
        """Why; None for a plugin that runs well."""
        return self._record.reason

    @property
    def traceback(self) -> str | None:
        """Of what failed."""
        return self._record.traceback

    @property
    def counters(self) -> Mapping[str, int]:
        """``calls``, ``errors``, ``events_published``, …."""
        return dict(self._record.tally)

    @property
    def sinks(self) -> Mapping[str, Mapping[str, int]]:
        """Sink name to its counters: ``received``, ``written``, ``dropped``, ``failed``, ``retried``."""
        return {name: dict(tally) for name, tally in self._record.sinks.items()}


class TestedFleet:
    """A running platform.

    Attributes:
        url: Where it is: ``http://127.0.0.1:<port>``.
        token: Bearer token of a user who may do everything.
    """

    def __init__(self, platform: Platform, simulator: Simulator) -> None:
        self.url = platform.url
        self.token = tester.TOKEN
        self._platform = platform
        self._simulator = simulator

    def plugin(self, name: str) -> TestedPlugin:
        """A plugin by its entry point's name.

        Raises:
            KeyError: It is not installed.
        """
        return TestedPlugin(self._platform.host.records[name], self._platform.host.instance(name))

    async def add_device(self, model: str, *, seed: int = 0, profile: str | None = None) -> Device:
        """Add a simulated device; it is connected, admitted and listed when this returns.

        Args:
            model: Such as ``Plus2PM``.
            seed: Decides its MAC; another one for each device of a model.
            profile: Such as ``cover``; the model's first if none is given.
        """
        device = await self._simulator.add(model, seed=seed, profile=profile)
        await self.until(lambda: (twin := self._platform.fleet.get(device.id)) is not None and twin.link is not None)
        return device

    async def until(self, holds: Callable[[], object | Awaitable[object]], *, timeout_s: float = PATIENCE_S) -> Any:
        """Ask until the answer, awaited if need be, is true; returns it.

        Raises:
            TimeoutError: It never was.
        """
        async with asyncio.timeout(timeout_s):
            while True:
                answer = holds()
                if isinstance(answer, Awaitable):
                    answer = await answer
                if answer:
                    return answer
                await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def open_fleet(server: str, data: Path, settings: Mapping[str, Any]) -> AsyncIterator[TestedFleet]:
    """A platform with all installed plugins on an empty database; every plugin has started or failed.

    Args:
        server: Address of a PostgreSQL server.
        data: The platform's data folder.
    """
    run_token = secrets.token_urlsafe(24)
    plugins = [*entry_points(group=GROUP), tester.ENTRY_POINT]
    async with empty_database(server) as dsn:
        values = {"data": data, "dsn": dsn, "host": "127.0.0.1", "port": 0, **settings}
        async with (
            open_platform(
                PlatformSettings(**values), reveal=_keep_silent, run_token=run_token, entry_points=plugins
            ) as platform,
            Simulator(f"{platform.url.replace('http', 'ws', 1)}/shelly", token=run_token) as simulator,
        ):
            if not await platform.host.settled(PATIENCE_S):
                logger.warning("some plugins are still starting")
            yield TestedFleet(platform, simulator)


def _keep_silent(_label: str, _secret: str) -> None:
    """Nobody is there to read it."""
