"""The web page as people use it: sign in, look, switch, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from fleet_platform.simulator import Device

if TYPE_CHECKING:
    from tests.browser.conftest import OpenSite, OpenVisit, Site, Visit

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
MANY = 80


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


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def plug(site: Site) -> Device:
    return await site.devices.add("Plus1PM", seed=7, name="Coffee machine")


def row(page: Page, name: str) -> Locator:
    return page.locator(".device-row").filter(has_text=name)


def card(page: Page, key: str) -> Locator:
    return page.locator(f'.component[data-key="{key}"]')


async def refuses_to_scroll_sideways(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# ---- signing in ---------------------------------------------------------------------------------------------


async def test_a_wrong_password_is_told_and_the_right_one_opens_the_devices(visit: Visit, plug: Device) -> None:
    await visit.open()
    await visit.log_in("wrong")
    await expect(visit.page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    await visit.log_in()
    await expect(visit.page.get_by_role("heading", name="Devices")).to_be_visible()
    await expect(row(visit.page, "Coffee machine")).to_contain_text("Online")


@pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True)
async def test_signing_in_works_without_scripts(visit: Visit) -> None:
    await visit.open("/p/pages/devices")
    await visit.log_in()
    await expect(visit.page).to_have_url(f"{visit.site.url}/p/pages/devices")
    await expect(visit.page.get_by_role("button", name="Log out")).to_be_visible()


async def test_logging_out_ends_at_the_form(visit: Visit) -> None:
    await visit.enter()
    await visit.page.get_by_role("button", name="Log out").click()
    await expect(visit.page).to_have_url(f"{visit.site.url}/login")
    await visit.open("/device/x")
    await expect(visit.page.get_by_label("Password")).to_be_visible()


async def test_scripts_cannot_read_the_session(visit: Visit) -> None:
    await visit.enter()
    assert await visit.page.evaluate("document.cookie") == ""


# ---- devices ------------------------------------------------------------------------------------------------


async def test_the_list_follows_what_devices_report(visit: Visit, plug: Device) -> None:
    await visit.enter()
    plug.report("switch:0", {"output": True, "apower": 1234.5})
    await expect(row(visit.page, "Coffee machine")).to_contain_text("1.23 kW")
    plug.report("switch:0", {"output": False, "apower": 0})
    await expect(row(visit.page, "Coffee machine")).to_contain_text("Off")
    await expect(row(visit.page, "Coffee machine")).not_to_contain_text("kW")


async def test_a_device_that_comes_and_goes_does_so_in_the_list(visit: Visit) -> None:
    await visit.enter()
    device = await visit.site.devices.add("PlusPlugS", seed=11, name="Christmas tree")
    await expect(row(visit.page, "Christmas tree")).to_contain_text("Online")
    device.power.switch_off()
    await expect(row(visit.page, "Christmas tree")).to_contain_text("Offline")
    await visit.page.get_by_role("button", name="Offline").click()
    await expect(visit.page.locator(".device-row")).to_have_count(1)
    device.power.switch_on()
    await expect(visit.page.locator(".device-row")).to_have_count(0)


async def test_searching_finds_by_any_word(visit: Visit, plug: Device) -> None:
    await visit.enter()
    await visit.page.get_by_label("Search devices").fill(f"1pm {plug.id[-4:]}")
    await expect(visit.page.locator(".device-row")).to_have_count(1)
    await visit.page.get_by_label("Search devices").fill("no such thing")
    await expect(visit.page.get_by_text("Nothing fits")).to_be_visible()


async def test_a_long_list_keeps_few_rows_and_every_device_can_be_reached(visit: Visit) -> None:
    await visit.site.devices.add_many(MANY, models=["PlusPlugIT"])
    await visit.enter()
    page = visit.page
    await expect(page.get_by_role("button", name="All")).to_contain_text(str(len(visit.site.platform.fleet)))
    assert await page.locator(".device-row").count() < MANY / 2
    await page.locator("main").evaluate("main => main.scrollTo(0, main.scrollHeight)")
    total = len(visit.site.platform.fleet)
    await expect(page.locator(f'li[aria-posinset="{total}"][aria-setsize="{total}"]')).to_be_visible()


async def test_the_list_is_walked_with_the_arrow_keys(visit: Visit, plug: Device) -> None:
    await visit.enter()
    await visit.page.locator('li[data-index="0"] a').focus()
    await visit.page.keyboard.press("ArrowDown")
    await expect(visit.page.locator('li[data-index="1"] a')).to_be_focused()
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.get_by_role("navigation", name="About this device")).to_be_visible()
    await visit.page.go_back()
    await expect(visit.page.get_by_role("heading", name="Devices")).to_be_visible()


# ---- one device ---------------------------------------------------------------------------------------------


async def test_the_toggle_switches_the_device_and_shows_what_the_device_says(visit: Visit, plug: Device) -> None:
    plug.report("switch:0", {"output": False})
    await visit.enter(f"/device/{plug.id}")
    toggle = card(visit.page, "switch:0").get_by_role("switch")
    await expect(toggle).not_to_be_checked()
    await toggle.click()
    await expect(toggle).to_be_checked()
    await expect(toggle).not_to_have_attribute("aria-busy", "true")
    assert plug.status("switch:0")["output"] is True
    plug.report("switch:0", {"output": False})
    await expect(toggle).not_to_be_checked()


async def test_the_toggle_works_from_the_keyboard(visit: Visit, plug: Device) -> None:
    plug.report("switch:0", {"output": False})
    await visit.enter(f"/device/{plug.id}")
    toggle = card(visit.page, "switch:0").get_by_role("switch")
    await toggle.focus()
    await visit.page.keyboard.press("Space")
    await expect(card(visit.page, "switch:0")).to_have_attribute("data-active", "true")
    assert plug.status("switch:0")["output"] is True


async def test_a_refusal_is_told_in_the_card_and_the_toggle_falls_back(visit: Visit, plug: Device) -> None:
    plug.report("switch:0", {"output": False})
    await visit.enter(f"/device/{plug.id}")
    plug.fail("Switch.Set", -106, "Overpowering")
    await card(visit.page, "switch:0").get_by_role("switch").click()
    await expect(card(visit.page, "switch:0").get_by_role("alert")).to_have_text("The device answered: Overpowering")
    await expect(card(visit.page, "switch:0").get_by_role("switch")).not_to_be_checked()


async def test_a_slider_sets_what_it_shows(visit: Visit) -> None:
    dimmer = await visit.site.devices.add("Plus10V", seed=3, name="Ceiling")
    await visit.enter(f"/device/{dimmer.id}")
    await card(visit.page, "light:0").get_by_label("Brightness").fill("37")
    await expect(card(visit.page, "light:0")).to_contain_text("37\u00a0%")
    await visit.page.get_by_role("link", name="Details").click()
    await visit.page.get_by_role("region", name="Status").get_by_text("light:0").click()
    await expect(visit.page.get_by_role("region", name="Status")).to_contain_text("brightness37")
    assert dimmer.status("light:0")["brightness"] == 37


async def test_buttons_move_a_cover_until_it_is_stopped(visit: Visit) -> None:
    cover = await visit.site.devices.add("Plus2PM", seed=5, name="Blind", profile="cover")
    await visit.enter(f"/device/{cover.id}")
    state = card(visit.page, "cover:0").locator(".readings")
    await card(visit.page, "cover:0").get_by_role("button", name="Close").click()
    await expect(state).to_contain_text("Closing")
    await card(visit.page, "cover:0").get_by_role("button", name="Stop").click()
    await expect(state).to_contain_text("Stopped")
    assert cover.status("cover:0")["state"] == "stopped"


async def test_what_cannot_be_undone_is_asked_first(visit: Visit, plug: Device) -> None:
    plug.report("switch:0", {"aenergy": {"total": 4321.0}})
    await visit.enter(f"/device/{plug.id}")
    await card(visit.page, "switch:0").get_by_text("More").click()
    await card(visit.page, "switch:0").get_by_role("button", name="Reset counters").click()
    await visit.page.get_by_role("button", name="Cancel").click()
    assert plug.status("switch:0")["aenergy"]["total"] >= 4321
    await card(visit.page, "switch:0").get_by_role("button", name="Reset counters").click()
    await visit.page.get_by_role("dialog").get_by_role("button", name="Reset counters").click()
    await expect(card(visit.page, "switch:0").locator(".readings")).not_to_contain_text("4.32 kWh")


async def test_an_offline_device_shows_its_last_values_and_offers_nothing(visit: Visit) -> None:
    device = await visit.site.devices.add("Plus1", seed=21, name="Garage")
    await visit.enter(f"/device/{device.id}")
    await expect(card(visit.page, "switch:0").get_by_role("switch")).to_be_enabled()
    device.power.switch_off()
    await expect(visit.page.get_by_text("these are the last values")).to_be_visible()
    await expect(card(visit.page, "switch:0").get_by_role("switch")).to_be_disabled()


async def test_a_pushed_button_is_seen(visit: Visit) -> None:
    device = await visit.site.devices.add("PlusI4", seed=2, name="Bedside")
    device.set_config("input:0", {"type": "button"})
    await visit.enter(f"/device/{device.id}")
    await expect(card(visit.page, "input:0")).to_be_visible()
    device.press("input:0", "double_push")
    await expect(card(visit.page, "input:0")).to_contain_text("Double push")


async def test_details_show_the_status_as_it_is_and_as_it_changes(visit: Visit, plug: Device) -> None:
    await visit.enter(f"/device/{plug.id}")
    await visit.page.get_by_role("link", name="Details").click()
    await expect(visit.page).to_have_url(f"{visit.site.url}/device/{plug.id}/pages/details")
    status = visit.page.get_by_role("region", name="Status")
    await status.get_by_text("switch:0").click()
    plug.report("switch:0", {"apower": 55.5})
    await expect(status).to_contain_text("apower55.5")


async def test_an_unknown_device_is_told_plainly(visit: Visit) -> None:
    await visit.enter("/device/shellyplus1-000000000000")
    await expect(visit.page.get_by_role("alert")).to_have_text("There is no such device (any more).")


# ---- hostile text -------------------------------------------------------------------------------------------


async def test_names_of_devices_stay_text_on_every_page(visit: Visit) -> None:
    device = await visit.site.devices.add("Plus1", seed=66, name=HOSTILE)
    device.set_config("switch:0", {"name": HOSTILE[:60]})
    await visit.enter()
    await expect(row(visit.page, "onerror")).to_be_visible()
    for path in (f"/device/{device.id}", f"/device/{device.id}/pages/details", "/p/pages/events"):
        await visit.open(path)
        await expect(visit.page.locator("main .card").first).to_be_visible()
        device.report("switch:0", {"output": True})
    assert await visit.page.evaluate("window.pwned") is None
    assert await visit.page.locator("main img, main script").count() == 0


async def test_markup_cannot_be_assigned_at_all(visit: Visit) -> None:
    await visit.enter()
    assignment = "try { document.body.innerHTML = '<b>x</b>'; 'done' } catch (error) { error.name }"
    assert await visit.page.evaluate(assignment) == "TypeError"


# ---- other pages --------------------------------------------------------------------------------------------


async def test_events_are_told_as_they_happen_and_wait_while_paused(visit: Visit, plug: Device) -> None:
    await visit.enter("/p/pages/events")
    await expect(visit.page.get_by_text("per second")).to_be_visible()
    await visit.page.get_by_label("Filter events").fill(plug.id)
    plug.report("switch:0", {"apower": 77.7})
    first = visit.page.locator(".tail > li").first
    await expect(first).to_contain_text(plug.id)
    await visit.page.get_by_role("button", name="Pause").click()
    plug.report("switch:0", {"apower": 0.1})
    await expect(visit.page.get_by_text("Paused")).to_be_visible()
    before = await first.get_attribute("data-seq")
    await visit.page.get_by_role("button", name="Resume").click()
    await expect(first).not_to_have_attribute("data-seq", str(before))


async def test_plugins_are_switched_off_after_a_question_and_on_again(visit: Visit) -> None:
    await visit.enter("/p/pages/plugins")
    toggle = visit.page.get_by_role("switch", name="greetings enabled")
    await expect(toggle).to_be_checked()
    await toggle.click()
    await visit.page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    line = visit.page.locator("li").filter(has_text="greetings")
    await expect(line).to_contain_text("Disabled")
    assert visit.site.platform.host.records["greetings"].state == "disabled"
    await toggle.click()
    await expect(line).to_contain_text("Running")


@pytest.mark.parametrize("path", ["/", "/p/pages/waiting-room", "/p/pages/events", "/p/pages/plugins"])
async def test_no_page_breaks_the_rules_it_is_served_with(visit: Visit, plug: Device, path: str) -> None:
    await visit.enter(path)
    await expect(visit.page.locator("main h1")).to_be_visible()
    await visit.open(f"/device/{plug.id}")
    await expect(card(visit.page, "switch:0")).to_be_visible()
    assert visit.complaints == []


async def test_a_page_of_no_plugin_is_told_plainly(visit: Visit) -> None:
    await visit.enter("/p/nobody/nothing")
    await expect(visit.page.get_by_role("heading", name="There is no such page")).to_be_visible()


# ---- looks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visit", [{"viewport": {"width": 390, "height": 844}, "has_touch": True}], indirect=True)
async def test_a_phone_has_its_navigation_below_and_never_scrolls_sideways(visit: Visit, plug: Device) -> None:
    await visit.enter()
    page = visit.page
    await expect(row(page, "Coffee machine")).to_be_visible()
    navigation = await page.get_by_role("navigation", name="Main").bounding_box()
    assert navigation is not None
    assert navigation["y"] > 844 / 2
    await expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    await page.get_by_role("button", name="More").tap()
    await expect(page.get_by_role("button", name="Log out")).to_be_visible()
    await page.get_by_role("link", name="Plugins").tap()  # nothing lies over the pages that the bar has no room for
    await expect(page.get_by_role("heading", name="Plugins")).to_be_visible()
    for path in ("/", f"/device/{plug.id}", "/p/pages/waiting-room", "/p/pages/events", "/p/pages/plugins"):
        await visit.open(path)
        await expect(page.locator("main h1")).to_be_visible()
        assert await refuses_to_scroll_sideways(page), path


@pytest.mark.parametrize("visit", [{"color_scheme": "dark"}], indirect=True)
async def test_the_theme_follows_the_system_until_the_user_chooses(visit: Visit) -> None:
    await visit.enter()
    page = visit.page
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = await page.evaluate(ground)
    assert sum(map(int, dark.removeprefix("rgb(").removesuffix(")").split(","))) < 128
    await page.get_by_role("button", name="System theme").click()
    light = await page.evaluate(ground)
    assert sum(map(int, light.removeprefix("rgb(").removesuffix(")").split(","))) > 640
    await page.reload()
    assert await page.evaluate(ground) == light


async def test_the_page_asks_no_other_server(visit: Visit, plug: Device) -> None:
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    await visit.enter(f"/device/{plug.id}")
    await expect(card(visit.page, "switch:0")).to_be_visible()
    assert asked
    assert [url for url in asked if not url.startswith((visit.site.url, "data:"))] == []
