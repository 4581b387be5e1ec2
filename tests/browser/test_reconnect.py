"""The page while the platform is away, and after it is back."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, expect

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
