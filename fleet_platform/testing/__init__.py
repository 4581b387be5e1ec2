"""The pytest plugin for authors of plugins: a real platform, a simulated device, a signed-in client.

It is loaded by every pytest run where the platform is installed, so the rest of the platform is imported only when a
fixture is used: whoever measures coverage of it sees all of it, and other projects pay nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

F = TypeVar("F", bound=Callable[..., Any])


def async_fixture(function: F) -> F:
    """A fixture of pytest-asyncio's; of pytest's own where that is missing: no test can run then that would use it."""
    try:
        from pytest_asyncio import fixture  # noqa: PLC0415
    except ImportError:
        return cast("F", pytest.fixture(function))
    return cast("F", fixture(function))


@pytest.fixture(scope="session")
def fleet_server() -> Iterator[str]:
    """Address of a PostgreSQL server; ``FLEET_TEST_DSN`` if that is set, else an embedded one in a temporary folder."""
    from fleet_platform.testing.postgres import serve  # noqa: PLC0415

    with serve() as dsn:
        yield dsn


@pytest.fixture
def fleet_settings() -> dict[str, Any]:
    """Settings of the platform; override this fixture: ``return {"plugins": {"echo": {"text": "Hi"}}}``."""
    return {}


@async_fixture
async def fleet(fleet_server: str, fleet_settings: dict[str, Any], tmp_path: Path) -> AsyncIterator[TestedFleet]:
    """A platform of the test's own on a free port, with all installed plugins and an empty database.

    ``fleet.url``; ``fleet.plugin("echo")`` with ``state``, ``reason``, ``counters``, ``sinks`` and ``instance``;
    ``await fleet.add_device("Plus2PM")``; ``await fleet.until(lambda: …)``.
    """
    from fleet_platform.testing.platform import open_fleet  # noqa: PLC0415

    async with open_fleet(fleet_server, tmp_path, fleet_settings) as opened:
        yield opened


@async_fixture
async def device(fleet: TestedFleet) -> Device:
    """A simulated Shelly Plus 1PM, connected and admitted: ``device.id``, ``device.report("switch:0", {…})``."""
    return await fleet.add_device("Plus1PM")


@async_fixture
async def rpc(fleet: TestedFleet) -> AsyncIterator[Rpc]:
    """A client that may do everything.

    ``await rpc("Method.Name", {…})``, for a device with ``dst=device.id``; ``async with rpc.events("Echo.*") as events:
    await anext(events)``. An error answer is raised as ``rpc.Error``, which has ``code``, ``message`` and ``data``.
    """
    from fleet_platform.testing.client import open_client  # noqa: PLC0415

    async with open_client(fleet.url, fleet.token) as opened:
        yield opened
