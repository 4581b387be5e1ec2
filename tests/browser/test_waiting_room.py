"""Devices that nobody decided about, seen and let in through the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, expect

from fleet_platform.simulator import Simulator

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_stranger_appears_at_once_and_is_let_in_or_turned_away(
    open_site: OpenSite, open_visit: OpenVisit, browser: Browser, database_dsn: str, tmp_path: Path
) -> None:
    async with (
        open_site(database_dsn, tmp_path) as site,
        open_visit(browser, site, {}) as visit,
        Simulator(f"ws://127.0.0.1:{site.platform.port}/shelly") as strangers,
    ):
        await visit.enter("/p/pages/waiting-room")
        page = visit.page
        await expect(page.get_by_text("Nobody is waiting")).to_be_visible()
        friend = await strangers.add("Plus1PM", seed=1, wait=False)
        foe = await strangers.add("Plus1PM", seed=2, wait=False)
        await expect(page.get_by_text("2 devices ask to be let in")).to_be_visible()

        await page.get_by_role("button", name=f"Accept {friend.id}").click()
        await expect(page.get_by_text("1 device asks to be let in")).to_be_visible()
        await friend.connected()

        await page.get_by_role("button", name=f"Reject {foe.id}").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        await expect(page.get_by_text("1 device asks to be let in")).to_be_visible()
        await page.get_by_role("button", name=f"Reject {foe.id}").click()
        await page.get_by_role("dialog").get_by_role("button", name="Reject").click()
        await expect(page.get_by_text("Nobody is waiting")).to_be_visible()

        await page.get_by_text("Rejected devices").click()
        await expect(page.get_by_role("button", name=f"Accept {foe.id}")).to_be_visible()
        await page.get_by_role("link", name="Devices").click()
        await expect(page.locator(".device-row")).to_have_count(1)
        assert visit.complaints == []
