"""Devices of the local network, found and adopted through the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, expect

from fleet_platform.client import Client, sign_in
from fleet_platform.simulator import Simulator
from fleet_platform.simulator.local.options import LocalOptions
from tests.plugins.fleet_discovery.conftest import NOWHERE, PASSWORD, QUICK, stranger

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_device_is_found_and_told_to_come(
    open_site: OpenSite, open_visit: OpenVisit, browser: Browser, database_dsn: str, tmp_path: Path
) -> None:
    async with (
        open_site(database_dsn, tmp_path) as site,
        open_visit(browser, site, {}) as visit,
        Simulator(NOWHERE, timing=QUICK, seed=3, local=LocalOptions(port=0)) as network,
    ):
        async with Client(site.url, await sign_in(site.url, "admin", "correct horse battery")) as client:
            await client.call("plugin:discovery.SetConfig", {"config": {"interfaces": ["127.0.0.1"]}})
        device = await stranger(network, seed=61, password=PASSWORD)
        await visit.enter("/p/discovery/discovery")
        page = visit.page
        await expect(page.get_by_role("heading", name="Devices are not looked for")).to_be_visible()
        await page.get_by_role("switch", name="Look for devices").check()
        row = page.get_by_role("listitem").filter(has_text=device.id)
        await expect(row).to_contain_text("Not here")

        await row.get_by_role("button", name="Ask").click()
        await expect(row).to_contain_text("it tells only whoever knows its password")

        await row.get_by_role("button", name="Adopt").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Adopt").click()
        await expect(dialog).to_contain_text("the device has a password, and none was given")
        await dialog.get_by_label("Password").fill(PASSWORD)
        await dialog.get_by_role("button", name="Try again").click()
        await expect(dialog).to_contain_text("It is in the waiting room.")
        await expect(dialog.get_by_role("listitem")).to_have_count(6)
        await dialog.get_by_role("button", name="Close").click()
        await expect(row).to_contain_text("In the waiting room")

        await page.get_by_role("button", name="Adopt by address").click()
        await dialog.get_by_label("Address").fill("198.51.100.7")
        await dialog.get_by_role("button", name="Adopt").click()
        await expect(dialog).to_contain_text("not in a private network")
        await dialog.get_by_role("button", name="Close").click()
        assert visit.complaints == []
