"""The page of methods: found, tried, and told what was wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit, Site, Visit

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(open_site: OpenSite, module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with open_site(module_dsn, tmp_path_factory.mktemp("platform")) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="module")
async def visit(
    open_visit: OpenVisit, browser: Browser, site: Site, request: pytest.FixtureRequest
) -> AsyncIterator[Visit]:
    options: dict[str, Any] = getattr(request, "param", {})
    async with open_visit(browser, site, options) as visit:
        yield visit


async def test_a_method_is_found_read_and_called(site: Site, visit: Visit) -> None:
    await visit.enter("/p/explorer/methods")
    page = visit.page
    await page.get_by_label("Search methods").fill("device list")
    await page.get_by_role("button", name="Device.List", exact=True).click()
    await expect(page.get_by_text("device.list", exact=True)).to_be_visible()
    await page.get_by_label("limit").fill("1")
    request = json.loads(await page.get_by_label("JSON-RPC request").inner_text())
    assert (request["method"], request["params"]) == ("Device.List", {"limit": 1})
    assert f"curl -X POST '{site.url}/rpc/Device.List'" in await page.get_by_label("Shell command").inner_text()
    await page.locator("form").get_by_role("button", name="Call").click()
    answer = json.loads(await page.get_by_label("Result", exact=True).inner_text())
    assert answer == {"items": [], "total": 0, "cursor": None}
    assert visit.complaints == []


async def test_what_is_wrong_is_told_at_its_field(visit: Visit) -> None:
    await visit.enter("/p/explorer/methods#Device.List")
    page = visit.page
    await page.get_by_label("limit").fill("0")
    await page.get_by_label("filters").fill("{")
    await page.locator("form").get_by_role("button", name="Call").click()
    await expect(page.get_by_text("This is not JSON.")).to_be_visible()
    await page.get_by_label("filters").fill('{"presence": "here"}')
    await page.locator("form").get_by_role("button", name="Call").click()
    await expect(page.locator(".field", has_text="limit").get_by_role("alert")).to_contain_text("greater than")
    await expect(page.locator(".field", has_text="filters").get_by_role("alert")).to_contain_text("presence")
    await expect(page.get_by_label("Error", exact=True)).to_contain_text("-32602")
    assert visit.complaints == []


async def test_what_takes_something_away_is_asked_about(visit: Visit) -> None:
    await visit.enter("/p/explorer/methods#Device.Delete")
    page = visit.page
    await page.get_by_label("shellyID").fill("nobody")
    await page.locator("form").get_by_role("button", name="Call").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(page.get_by_label("Error", exact=True)).to_be_hidden()
    await page.locator("form").get_by_role("button", name="Call").click()
    await page.get_by_role("dialog").get_by_role("button", name="Call").click()
    await expect(page.get_by_label("Error", exact=True)).to_contain_text("No such device")
    assert visit.complaints == []


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
async def test_it_fits_on_a_phone(visit: Visit) -> None:
    await visit.enter("/p/explorer/methods#Device.Call")
    await expect(visit.page.get_by_role("heading", name="Device.Call")).to_be_visible()
    assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.complaints == []
