"""The web page's server side: who sees it, how people sign in, and what browsers are told to refuse."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from fleet_platform.auth.access import Access
from fleet_platform.auth.authenticator import Authenticator
from fleet_platform.auth.throttle import FREE_FAILURES
from fleet_platform.auth.tokens import Tokens
from fleet_platform.web.html import CONTENT_SECURITY_POLICY
from fleet_platform.web.origin import SESSION_COOKIE
from fleet_platform.web.pages import Pages, PanelSource
from plugin_sdk import AuthProvider, Decision, DeviceId, Panel, Policy, Principal
from plugin_sdk.errors import Unavailable

PASSWORD = "a long pass phrase"
PANELS = [
    Panel(name="second", kind="page", title="Second", module="devices.js", element="x-second", order=20),
    Panel(name="first", kind="page", title="First", module="devices.js", element="x-first", order=10, icon="i.svg"),
    Panel(name="secret", kind="page", title="Secret", module="devices.js", element="x-secret", permission="x.see"),
]


class Site:
    """Pages of one user ``anna`` over a real server."""

    def __init__(self) -> None:
        self.now = 0.0
        self.away = False
        self.known = True
        self.permissions: set[str] = set()
        self.panels = [PanelSource(plugin="pages", package="fleet_pages", panel=panel) for panel in PANELS]
        self.tokens = Tokens(b"k" * 32)
        provider = AuthProvider(name="users", verify_password=self.verify, find=self.find)
        self.pages = Pages(
            version="1.2.3",
            authenticator=Authenticator(lambda: [provider], self.tokens, clock=lambda: self.now),
            tokens=self.tokens,
            access=lambda: Access([Policy(name="set", decide=self.decide)]),
            panels=lambda: self.panels,
        )

    async def verify(self, name: str, password: str) -> Principal | None:
        return await self.find(name) if password == PASSWORD else None

    async def find(self, name: str) -> Principal | None:
        if self.away:
            raise Unavailable(part="users")
        return Principal(name=name, provider="users") if self.known and name == "anna" else None

    def decide(self, _principal: Principal, permission: str, _device: DeviceId | None) -> Decision:
        return "allow" if permission in self.permissions else None

    async def log_in(self, client: ClientSession, **form: str) -> ClientResponse:
        fields = {"username": "anna", "password": PASSWORD, **form}
        return await client.post("/login", data=fields, allow_redirects=False)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[ClientSession]:
    application = web.Application()
    application.add_routes(site.pages.routes())
    async with (
        TestServer(application) as server,
        ClientSession(server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as session,
    ):
        yield session


def boot_of(page: str) -> SimpleNamespace:
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', page)
    assert found
    return SimpleNamespace(**json.loads(found[1]))


# ---- who sees the page --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/p/pages/devices", "/device/shelly1-aa", "/device/shelly1-aa/pages/details"])
async def test_who_is_not_signed_in_is_sent_to_the_log_in_and_back(
    client: ClientSession, site: Site, path: str
) -> None:
    answer = await client.get(path, allow_redirects=False)
    assert answer.status == 303
    form = await (await client.get(answer.headers["Location"])).text()
    target = re.search(r'name="next" value="(.*?)"', form)
    assert target
    assert (await site.log_in(client, next=target[1])).headers["Location"] == path


async def test_the_page_starts_with_panels_in_order_user_and_version(client: ClientSession, site: Site) -> None:
    await site.log_in(client)
    boot = boot_of(await (await client.get("/")).text())
    assert boot.version == "1.2.3"
    assert boot.user == {"name": "anna", "provider": "users"}
    assert [panel["name"] for panel in boot.panels] == ["first", "second"]
    assert re.fullmatch(r"/plugin/pages/panel/~\w{12}/devices\.js", boot.panels[0]["module"])
    assert boot.panels[0]["icon"].endswith("/i.svg")
    assert boot.panels[1]["icon"] == "puzzle"
    assert boot.panels[1]["components"] == []


async def test_a_panel_is_listed_for_those_with_its_permission(client: ClientSession, site: Site) -> None:
    site.permissions.add("x.see")
    await site.log_in(client)
    boot = await (await client.get("/boot.json")).json()
    assert [panel["name"] for panel in boot["panels"]] == ["first", "second", "secret"]


async def test_a_plugin_without_files_spoils_nobody_else_s_page(client: ClientSession, site: Site) -> None:
    site.panels.append(PanelSource(plugin="bare", package="", panel=PANELS[0]))
    await site.log_in(client)
    assert (await client.get("/")).status == 200


async def test_a_user_who_was_disabled_is_out(client: ClientSession, site: Site) -> None:
    await site.log_in(client)
    site.known = False
    site.now += 60
    assert (await client.get("/boot.json")).status == 401
    assert (await client.get("/", allow_redirects=False)).status == 303


async def test_the_page_says_so_while_users_cannot_be_looked_up(client: ClientSession, site: Site) -> None:
    client.cookie_jar.update_cookies(
        {SESSION_COOKIE: site.tokens.renew(Principal(name="anna", provider="users"))["access_token"]}
    )
    site.away = True
    answer = await client.get("/")
    assert answer.status == 503
    assert "Try again" in await answer.text()
    assert (await client.get("/boot.json")).status == 503


# ---- signing in and out -------------------------------------------------------------------------------------


async def test_a_session_is_out_of_reach_of_scripts_and_other_sites(client: ClientSession, site: Site) -> None:
    answer = await site.log_in(client)
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=86400"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


async def test_behind_tls_the_session_never_travels_without_it(client: ClientSession) -> None:
    form = {"username": "anna", "password": PASSWORD}
    answer = await client.post("/login", data=form, headers={"X-Forwarded-Proto": "https"}, allow_redirects=False)
    assert "Secure" in answer.headers["Set-Cookie"]


async def test_a_wrong_password_is_answered_in_plain_words_and_keeps_the_name(
    client: ClientSession, site: Site
) -> None:
    answer = await site.log_in(client, password="wrong", username='<b>"anna')
    text = await answer.text()
    assert answer.status == 401
    assert "Name or password is wrong." in text
    assert 'value="&lt;b&gt;&#34;anna"' in text
    assert "wrong</" not in text.replace("is wrong.</", "")
    assert "Set-Cookie" not in answer.headers


async def test_guessing_is_slowed_down_in_plain_words(client: ClientSession, site: Site) -> None:
    for _ in range(FREE_FAILURES + 1):
        await site.log_in(client, password="wrong")
    answer = await site.log_in(client, password="wrong")
    assert answer.status == 429
    assert "Too many attempts" in await answer.text()


async def test_users_that_are_away_are_no_wrong_password(client: ClientSession, site: Site) -> None:
    site.away = True
    answer = await site.log_in(client)
    assert answer.status == 503
    assert "cannot be looked up" in await answer.text()


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/login", "javascript:alert(1)", "/rpc", ""],
)
async def test_signing_in_leads_to_pages_of_ours_only(client: ClientSession, site: Site, target: str) -> None:
    assert (await site.log_in(client, next=target)).headers["Location"] == "/"


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}]
)
async def test_another_site_can_neither_sign_in_nor_out(
    client: ClientSession, site: Site, headers: dict[str, str]
) -> None:
    form = {"username": "anna", "password": PASSWORD}
    assert (await client.post("/login", data=form, headers=headers)).status == 403
    await site.log_in(client)
    await client.post("/logout", headers=headers, allow_redirects=False)
    assert (await client.get("/boot.json")).status == 200


async def test_logging_out_ends_the_session(client: ClientSession, site: Site) -> None:
    await site.log_in(client)
    answer = await client.post("/logout", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert (await client.get("/boot.json")).status == 401


async def test_who_is_signed_in_needs_no_log_in(client: ClientSession, site: Site) -> None:
    await site.log_in(client)
    answer = await client.get("/login?next=/p/pages/first", allow_redirects=False)
    assert answer.headers["Location"] == "/p/pages/first"


# ---- what browsers are told ---------------------------------------------------------------------------------


async def test_every_page_forbids_foreign_and_inline_code(client: ClientSession, site: Site) -> None:
    pages = [await client.get("/", allow_redirects=False), await client.get("/login")]
    pages.append(await site.log_in(client))
    pages += [
        await client.get("/"),
        await client.get("/boot.json"),
        await client.post("/logout", allow_redirects=False),
    ]
    for page in pages:
        assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Frame-Options"] == "DENY"
    assert "unsafe" not in CONTENT_SECURITY_POLICY


async def test_pages_hold_no_inline_code_and_ask_nobody_else(client: ClientSession, site: Site) -> None:
    await site.log_in(client)
    for page in [await (await client.get("/")).text(), await (await client.get("/device/x")).text()]:
        assert not re.search(r"<script(?![^>]*( src=|application/json))", page)
        assert not re.search(r"\son\w+=|<style|\sstyle=", page)
        assert not re.search(r"(src|href)=.https?://", page)


async def test_text_in_the_boot_data_cannot_end_its_script(client: ClientSession, site: Site) -> None:
    title = "</script><script>alert(1)</script>"
    panel = Panel(name="evil", kind="page", title=title, module="devices.js", element="x-evil")
    site.panels = [PanelSource(plugin="pages", package="fleet_pages", panel=panel)]
    await site.log_in(client)
    page = await (await client.get("/")).text()
    assert "<script>alert" not in page
    assert boot_of(page).panels[0]["title"] == title


# ---- files --------------------------------------------------------------------------------------------------


async def test_all_files_a_page_names_are_there_and_kept_for_ever(client: ClientSession, site: Site) -> None:
    await site.log_in(client)
    page = await (await client.get("/")).text()
    addresses = {address.partition("#")[0] for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page)}
    assert len(addresses) > 4
    for address in addresses:
        answer = await client.get(address)
        assert (answer.status, "immutable" in answer.headers["Cache-Control"]) == (200, True), address


async def test_panel_files_are_for_signed_in_users(client: ClientSession, site: Site) -> None:
    assert (await client.get("/plugin/pages/panel/devices.js")).status == 404
    await site.log_in(client)
    answer = await client.get("/plugin/pages/panel/devices.js")
    assert (answer.status, answer.content_type) == (200, "text/javascript")


@pytest.mark.parametrize(
    "path", ["/plugin/pages/panel/..%2F__init__.py", "/plugin/other/panel/devices.js", "/static/..%2Fpages.py"]
)
async def test_nothing_beside_panels_in_force_is_served(client: ClientSession, site: Site, path: str) -> None:
    await site.log_in(client)
    assert (await client.get(path)).status == 404
