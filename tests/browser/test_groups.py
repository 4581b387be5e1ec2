"""Groups, tags and locations, made and followed on the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, expect

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_groups_tags_and_locations_are_made_and_followed(
    open_site: OpenSite, open_visit: OpenVisit, browser: Browser, database_dsn: str, tmp_path: Path
) -> None:
    async with open_site(database_dsn, tmp_path) as site, open_visit(browser, site, {}) as visit:
        device = await site.devices.add("Plus1PM", seed=1)
        device.report("switch:0", {"apower": 5.0})
        await visit.enter("/p/groups/groups")
        page = visit.page
        await expect(page.get_by_text("No groups yet")).to_be_visible()

        await page.get_by_role("button", name="New group").click()
        await page.get_by_label("Name").fill("Busy <b>pumps</b>")
        await page.get_by_label("Query").fill("status.switch:0.apower > much")
        await expect(page.get_by_text("Character 26: expected a number")).to_be_visible()
        await expect(page.locator(".query-place mark")).to_have_text("m")
        await page.get_by_label("Query").fill("status.switch:0.apower > 1000")
        await expect(page.get_by_text("Fits no device now")).to_be_visible()
        await page.get_by_label("Query").fill("app = plus1pm")
        await expect(page.get_by_text("Fits 1 device now")).to_be_visible()
        await page.get_by_label("Query").fill("status.switch:0.apower > 1000")
        await page.get_by_role("button", name="Create").click()
        group = page.get_by_role("list", name="Groups").get_by_role("button")
        await expect(group).to_contain_text("Busy <b>pumps</b>")
        await expect(group.get_by_label("0 members")).to_be_visible()
        device.report("switch:0", {"apower": 2000.0})
        await expect(group.get_by_label("1 member")).to_be_visible()

        await group.click()
        await page.get_by_role("button", name="Choose").click()
        await page.get_by_label("Search devices").fill(device.id)
        await page.get_by_role("dialog").get_by_role("checkbox").check()
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_role("list", name="Chosen devices")).to_contain_text(device.id)
        await page.get_by_role("button", name="Save").click()
        await expect(group).to_contain_text("1 chosen device")

        await page.get_by_role("button", name="Tags", exact=True).click()
        await page.get_by_role("button", name="New tag").click()
        await page.get_by_role("dialog").get_by_label("Tag").fill("Critical")
        await page.get_by_role("dialog").get_by_role("checkbox").check()
        await page.get_by_role("button", name="Give it to these devices").click()
        await expect(page.get_by_role("list", name="Tags")).to_contain_text("critical")

        await page.get_by_role("button", name="Locations", exact=True).click()
        await page.get_by_role("button", name="New location").click()
        await page.get_by_role("textbox", name="Name").fill("House")
        await page.get_by_role("dialog").get_by_role("button", name="Create").click()
        await page.get_by_role("button", name="New location in House").click()
        await page.get_by_role("textbox", name="Name").fill("Cellar")
        await page.get_by_role("dialog").get_by_role("button", name="Create").click()
        await page.get_by_role("button", name="Devices in Cellar").click()
        await page.get_by_role("dialog").get_by_role("checkbox").check()
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_role("list", name="Locations")).to_contain_text("1 device: ")
        await page.get_by_role("button", name="Delete House").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("1 group · 1 tag · 1 location")).to_be_visible()

        await page.get_by_role("button", name="Groups", exact=True).click()
        await group.click()
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("No groups yet")).to_be_visible()
        assert visit.complaints == []
