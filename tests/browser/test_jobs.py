"""Jobs and actions, made and watched on the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from fleet_platform.simulator import Device

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(open_site: OpenSite, module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    async with open_site(module_dsn, folder) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def devices(site: Site) -> list[Device]:
    return [await site.devices.add("Plus1PM", seed=seed) for seed in (1, 2, 3)]


async def test_a_job_is_started_watched_and_done_again(
    site: Site, devices: list[Device], open_visit: OpenVisit, browser: Browser
) -> None:
    devices[1].fail("Switch.Set", -105, "Bad id=0")
    async with open_visit(browser, site, {}) as visit:
        page = visit.page
        await visit.enter("/p/jobs/jobs")
        await page.get_by_role("button", name="New job").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("What").select_option("call")
        await dialog.get_by_role("textbox", name="Method").fill("Switch.Set")
        await dialog.get_by_label("Parameters, as JSON").fill("nonsense")
        await dialog.get_by_role("button", name="Start").click()
        await expect(page.get_by_text("That is no JSON")).to_be_visible()
        await dialog.get_by_label("Parameters, as JSON").fill('{"id": 0, "on": true}')
        await dialog.get_by_label("Name", exact=True).fill("All on")
        await dialog.get_by_role("button", name="Start").click()

        await expect(page.get_by_role("heading", name="All on")).to_be_visible()
        await expect(page.get_by_text("2 of 3 done · 1 failed")).to_be_visible()
        row = page.get_by_role("listitem").filter(has_text=devices[1].id)
        await expect(row.get_by_text("Bad id=0 (-105)")).to_be_visible()
        devices[1].faults.stop("error")
        await page.get_by_role("button", name="Retry failed").click()
        await expect(page.get_by_text("3 of 3 done")).to_be_visible()
        await expect(row.get_by_text("2 attempts")).to_be_visible()

        await page.get_by_role("button", name="All jobs").click()
        await expect(page.get_by_role("button", name="All on")).to_contain_text("Done")
        assert visit.complaints == []


async def test_an_action_is_made_and_run(
    site: Site, devices: list[Device], open_visit: OpenVisit, browser: Browser
) -> None:
    async with open_visit(browser, site, {}) as visit:
        page = visit.page
        await visit.enter("/p/actions/actions")
        await page.get_by_role("button", name="New action").click()
        await page.get_by_label("Name", exact=True).fill("Night")
        await page.get_by_label("Method").fill("Switch.Set")
        await page.get_by_label("Parameters, as JSON").fill('{"id": 0, "on": "${on}"}')
        await page.get_by_role("button", name="Save").click()

        await page.get_by_role("button", name="Run Night").click()
        await page.get_by_label("Devices").fill(devices[0].id)
        await page.get_by_role("button", name="Run").click()
        await expect(page.get_by_text("there is no variable 'on'")).to_be_visible()
        await page.get_by_label("on", exact=True).fill("false")
        await page.get_by_role("button", name="Run").click()
        row = page.get_by_role("listitem").filter(has_text=devices[0].id)
        await expect(row.get_by_text("was_on")).to_be_visible()
        await expect(page.get_by_role("status").get_by_text("Done")).to_be_visible()
        assert devices[0].status("switch:0")["output"] is False

        await page.get_by_role("button", name="All actions").click()
        await page.get_by_role("button", name="Delete Night").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("No actions yet")).to_be_visible()
        assert visit.complaints == []
