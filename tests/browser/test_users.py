"""Users, one's own password and the mail server, looked after through the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, expect

from fleet_platform.client import sign_in

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_user_is_added_changed_and_deleted_and_a_password_is_changed(
    open_site: OpenSite, open_visit: OpenVisit, browser: Browser, database_dsn: str, tmp_path: Path
) -> None:
    async with open_site(database_dsn, tmp_path) as site, open_visit(browser, site, {}) as visit:
        page, dialog = visit.page, visit.page.get_by_role("dialog")
        await visit.enter("/p/local_users/users")
        await page.get_by_role("button", name="Add user").click()
        await dialog.get_by_label("Name", exact=True).fill("admin")
        await dialog.get_by_label("Full name").fill("Ann")
        await dialog.get_by_label("Password").fill("12345")
        await dialog.get_by_role("button", name="Add").click()
        await expect(dialog.get_by_text("There is a user of that name already")).to_be_visible()
        await expect(dialog.get_by_label("Full name")).to_have_value("Ann")
        await dialog.get_by_label("Name", exact=True).fill("ann")
        await dialog.get_by_label("Password").fill("12345")
        await dialog.get_by_role("button", name="Add").click()
        await expect(page.get_by_text("2 permissions")).to_be_visible()
        assert await sign_in(site.url, "ann", "12345")

        await page.get_by_role("button", name="Edit ann").click()
        await dialog.get_by_label("May sign in").uncheck()
        await dialog.get_by_label("Permissions").fill("*")
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("1 permission", exact=True)).to_be_visible()
        await expect(page.get_by_text("Disabled")).to_be_visible()
        await page.get_by_role("button", name="Delete ann").click()
        await dialog.get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("1 user", exact=True)).to_be_visible()
        await expect(page.get_by_role("button", name="Delete admin")).to_be_disabled()

        await page.get_by_role("link", name="Settings").click()
        await page.get_by_label("Server", exact=True).fill("127.0.0.1")
        await page.get_by_label("Port").fill("9")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("127.0.0.1:9 cannot be reached")).to_be_visible()

        await page.get_by_label("Present password").fill("wrong")
        await page.get_by_label("New password", exact=True).fill("battery staple")
        await page.get_by_label("New password again").fill("battery staple")
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_text("The present password is wrong")).to_be_visible()
        await page.get_by_label("Present password").fill("correct horse battery")
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_role("button", name="Log in")).to_be_visible()
        await visit.log_in("battery staple")
        await expect(page.get_by_role("heading", name="Settings")).to_be_visible()
