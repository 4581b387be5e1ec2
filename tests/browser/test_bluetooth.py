"""The tab Bluetooth of a gateway: devices are found, added and removed, beacons are shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from fleet_platform.simulator import Device

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit, Site, Visit

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEACON = {"addr": "54:48:e6:8f:80:a5", "rssi": -61, "local_name": "SBHT-003C", "BTHome_version": 2, "pid": 1}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(open_site: OpenSite, module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with open_site(module_dsn, tmp_path_factory.mktemp("platform")) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="module")
async def visit(open_visit: OpenVisit, browser: Browser, site: Site) -> AsyncIterator[Visit]:
    async with open_visit(browser, site, {"viewport": {"width": 390, "height": 844}}) as visit:
        yield visit


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(site: Site) -> Device:
    return await site.devices.add("BluGwG3", seed=5)


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


async def test_a_device_is_found_added_and_removed(visit: Visit, gateway: Device) -> None:
    page = visit.page
    await visit.enter(f"/device/{gateway.id}/bthome/bluetooth")
    own, near = section(page, "Devices"), section(page, "Found nearby")
    await expect(own.get_by_role("listitem")).to_have_count(4)
    await page.get_by_role("button", name="Look for devices").click()
    await expect(page.get_by_role("button", name="Looking")).to_be_disabled()
    await expect(near).to_be_visible()
    visit.site.devices.advance(40)
    found = near.get_by_role("listitem").filter(has_text="BLU H&T")
    await expect(found).to_be_visible()
    await found.get_by_role("button", name="Add").click()
    added = own.get_by_role("listitem").filter(has_text="BLU H&T")
    await expect(added).to_be_visible()
    await expect(found).to_have_count(0)
    await added.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(added).to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.complaints == []


async def test_a_mistyped_address_is_mended_where_it_was_typed(visit: Visit, gateway: Device) -> None:
    page = visit.page
    await visit.enter(f"/device/{gateway.id}/bthome/bluetooth")
    await page.get_by_role("button", name="Add by address").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Bluetooth address").fill("kitchen")
    await dialog.get_by_label("Name").fill("Kitchen")
    await dialog.get_by_role("button", name="Add").click()
    await expect(dialog.locator("input:invalid")).to_have_count(1)
    for spelt in ("AABBCC000102", "aabb.cc00.0102", " aa-bb-cc-00-01-02 "):
        await dialog.get_by_label("Bluetooth address").fill(spelt)
        await expect(dialog.locator("input:invalid")).to_have_count(0)
    await dialog.get_by_role("button", name="Add").click()
    added = section(page, "Devices").get_by_role("listitem").filter(has_text="Kitchen")
    await expect(added).to_contain_text("aa:bb:cc:00:01:02")
    await added.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(added).to_have_count(0)
    assert visit.complaints == []


async def test_beacons_are_shown_with_what_they_measure_and_forgotten(visit: Visit, gateway: Device) -> None:
    page = visit.page
    await visit.enter(f"/device/{gateway.id}/bthome/bluetooth")
    beacons = section(page, "Beacons")
    await expect(beacons).to_contain_text("No script on this device")
    gateway.emit("script:1", "shelly-blu", data={**BEACON, "temperature": 21.4, "battery": 12})
    beacon = beacons.get_by_role("listitem")
    await expect(beacon).to_contain_text("21.4")
    await expect(beacon.locator(".chip.warn")).to_contain_text("12 %")
    await beacon.get_by_role("button", name="Forget").click()
    await expect(beacon).to_have_count(0)
    assert visit.complaints == []
