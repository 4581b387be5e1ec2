"""The page while the platform is out of reach, and after it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, WebSocket, expect

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(slots=True)
class Wire:
    """A way to the platform that can be cut."""

    target: int
    port: int = 0
    whole: bool = True
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.whole:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self.writers += [writer, far_writer]
        await asyncio.gather(self.carry(reader, far_writer), self.carry(far_reader, writer))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def cut(self) -> None:
        self.whole = False
        for writer in self.writers:
            writer.close()


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[Wire]:
    wire = Wire(port)
    server = await asyncio.start_server(wire.join, "127.0.0.1", 0)
    async with server:
        wire.port = server.sockets[0].getsockname()[1]
        yield wire
        wire.cut()


async def test_a_broken_connection_goes_on_where_it_broke(
    open_site: OpenSite, open_visit: OpenVisit, browser: Browser, database_dsn: str, tmp_path: Path
) -> None:
    sent: list[str] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(str(frame)))

    async with open_site(database_dsn, tmp_path) as site, wire_to(site.platform.port) as wire:
        fridge = await site.devices.add("Plus1PM", seed=1, name="Fridge")
        through_wire = replace(site, url=f"http://127.0.0.1:{wire.port}")
        async with open_visit(browser, through_wire, {}) as visit:
            page = visit.page
            page.on("websocket", watch)
            await visit.enter()
            await expect(page.locator(".device-row")).to_contain_text("Online")
            wire.cut()
            await expect(page.locator("#link")).to_have_text("Connection lost, trying again…")
            fridge.report("switch:0", {"output": True, "apower": 222.2})
            wire.whole = True
            await expect(page.locator(".device-row")).to_contain_text("222.2")
            await expect(page.locator("#link")).to_have_text("Live")
    assert sum("Device.List" in frame for frame in sent) == 1
    assert any('"since"' in frame for frame in sent)


async def test_the_page_survives_a_restart_of_the_platform(
    open_site: OpenSite, open_visit: OpenVisit, browser: Browser, database_dsn: str, tmp_path: Path
) -> None:
    running = AsyncExitStack()
    first = await running.enter_async_context(open_site(database_dsn, tmp_path))
    await first.devices.add("Plus1PM", seed=1, name="Fridge")
    async with running, open_visit(browser, first, {}) as visit:
        page = visit.page
        await visit.enter()
        await expect(page.locator(".device-row")).to_contain_text("Online")
        await running.aclose()
        await expect(page.locator("#link")).to_have_text("Connection lost, trying again…")
        async with open_site(database_dsn, tmp_path, port=first.platform.port) as second:
            await expect(page.locator("#link")).to_have_text("Live")
            await expect(page.locator(".device-row")).to_contain_text("Offline")
            fridge = await second.devices.add("Plus1PM", seed=1, name="Fridge")
            await expect(page.locator(".device-row")).to_contain_text("Online")
            await page.locator(".device-row").click()
            toggle = page.locator('[data-key="switch:0"]').get_by_role("switch")
            await toggle.click()
            await expect(toggle).to_be_checked()
            assert fridge.status("switch:0")["output"] is True
