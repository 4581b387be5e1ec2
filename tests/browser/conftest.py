"""A real platform with simulated devices, seen through a real Chromium.

One platform and one browser serve all tests of a module; each test has a context of its own, so that nobody is
signed in by another test.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, async_playwright, expect
from pydantic import SecretStr

from fleet_platform.app import Platform, open_platform
from fleet_platform.client import sign_in
from fleet_platform.settings import PlatformSettings
from fleet_platform.simulator import Simulator
from fleet_platform.web.origin import SESSION_COOKIE

PASSWORD = "correct horse battery"
RUN_TOKEN = "devices-of-this-test-run"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
]
PATIENCE_MS = 15_000

expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running platform and the devices that are connected to it."""

    platform: Platform
    url: str
    token: str
    devices: Simulator


@dataclass
class Visit:
    """One browser context and its page, with whatever the page complained about."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def on_error(self, error: Error) -> None:
        self.complaints.append(str(error))

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.site.url + path)

    async def log_in(self, password: str = PASSWORD) -> None:
        await self.page.get_by_label("Name").fill("admin")
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Log in").click()

    async def enter(self, path: str = "/") -> None:
        """Open a page as a signed-in user."""
        await self.page.context.add_cookies([{"name": SESSION_COOKIE, "value": self.site.token, "url": self.site.url}])
        await self.open(path)
        await expect(self.page.locator("html[data-link=online]")).to_be_attached()


OpenSite = Callable[..., AbstractAsyncContextManager[Site]]
"""``open_site(dsn, data folder, port=…)``: a platform of its own."""
OpenVisit = Callable[[Browser, Site, Mapping[str, Any]], AbstractAsyncContextManager[Visit]]
"""``open_visit(browser, site, options)``: a browser context of its own."""


@asynccontextmanager
async def running_site(dsn: str, data: Path, *, port: int = 0) -> AsyncIterator[Site]:
    """A platform and a simulator without devices."""
    plugins = {"local_users": {"admin_password": PASSWORD}}
    settings = PlatformSettings(dsn=SecretStr(dsn), data=data, host="127.0.0.1", port=port, plugins=plugins)
    async with open_platform(settings, reveal=lambda _label, _secret: None, run_token=RUN_TOKEN) as platform:
        assert await platform.host.settled(20)
        async with Simulator(f"ws://127.0.0.1:{platform.port}/shelly", token=RUN_TOKEN) as devices:
            token = (await sign_in(platform.url, "admin", PASSWORD)).access
            yield Site(platform=platform, url=platform.url, token=token, devices=devices)


@asynccontextmanager
async def visit_of(browser: Browser, site: Site, options: Mapping[str, Any]) -> AsyncIterator[Visit]:
    """A fresh context of the browser."""
    context: BrowserContext = await browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    visit = Visit(page=await context.new_page(), site=site)
    visit.page.on("console", visit.on_console)
    visit.page.on("pageerror", visit.on_error)
    try:
        yield visit
    finally:
        await context.close()


@pytest.fixture(scope="session")
def open_site() -> OpenSite:
    return running_site


@pytest.fixture(scope="session")
def open_visit() -> OpenVisit:
    return visit_of


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium on PATH; on Debian: apt-get install chromium")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def module_dsn(postgres_dsn: str) -> str:
    """Address of an empty database for all tests of a module."""
    name = f"browser_{uuid4().hex}"
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return urlsplit(postgres_dsn)._replace(path=f"/{name}").geturl()
