"""Which address leads where, what plugins may add, and what of an exception reaches the wire (nothing)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from fleet_platform.web.server import listening
from plugin_sdk import Principal, Route
from plugin_sdk.errors import FleetError, NotFound, PermissionDenied, RateLimited, Unavailable

if TYPE_CHECKING:
    from tests.web.conftest import Browser, Rim

CANARY = "canary-of-an-exception"


async def hello(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.method} hello")


def raising(error: Exception) -> Any:
    async def handler(_request: web.Request) -> web.Response:
        raise error

    return handler


async def test_health_says_that_it_is_there_and_whether_the_database_is(browser: Browser, rim: Rim) -> None:
    assert await browser.get("/health", headers={}) == (200, {"online": True, "database": "up"})
    rim.database_up = False
    assert await browser.get("/health", headers={}) == (200, {"online": True, "database": "away"})


async def test_metrics_are_for_whoever_has_the_permission(browser: Browser, rim: Rim) -> None:
    rim.tally['odd "name"\n'] = 2
    rim.bus.publish("Shelly.Connect", {})
    await browser.post("/rpc/Test.Unheard", {})
    status, text = await browser.get("/metrics")
    assert status == 200
    for line in (
        'fleet_things_total{what="odd \\"name\\"\\n"} 2.0',
        'fleet_events_published_total{event="Shelly.Connect"} 1.0',
        "fleet_devices 0.0",
        "fleet_database_up 1.0",
        'fleet_plugin_total{counter="calls",plugin="x"} 3.0',
    ):
        assert line in text
    assert (await browser.get("/metrics", headers={}))[0] == 401
    assert (await browser.get("/metrics", headers={"Authorization": "Bearer no"}))[0] == 401
    rim.denied.add("metrics.get")
    assert (await browser.get("/metrics"))[0] == 403


async def test_people_get_the_page_and_programs_the_websocket_at_the_same_address(browser: Browser) -> None:
    async with browser.session.get("/", allow_redirects=False) as response:
        assert response.status in (200, 302, 303)
    async with browser.client("/") as ws:
        await ws.send_json({"id": 1, "method": "Test.Unheard"})
        assert (await ws.receive_json())["error"]["code"] == -32601


@pytest.mark.parametrize("path", ["/nothing", "/plugin/x/nothing", "/rpc/", "/shelly/a/b", "/%2e%2e/etc/passwd"])
async def test_what_is_nowhere_is_404(browser: Browser, path: str) -> None:
    assert (await browser.get(path))[0] in (404, 405)


# ---- routes of plugins --------------------------------------------------------------------------------------


async def test_a_plugins_routes_lie_below_its_name_or_where_it_says(browser: Browser, rim: Rim) -> None:
    rim.routes = [
        ("x", Route(path="/hello", handler=hello)),
        ("x", Route(path="/absolute/hello", handler=hello, absolute=True)),
        ("x", Route(path="/any", handler=hello, method="*")),
    ]
    assert await browser.get("/plugin/x/hello", headers={}) == (200, "GET hello")
    assert await browser.get("/absolute/hello", headers={}) == (200, "GET hello")
    for method in ("PUT", "DELETE"):
        async with browser.session.request(method, "/plugin/x/any") as response:
            assert await response.text() == f"{method} hello"
    async with browser.session.put("/plugin/x/hello") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET")
    rim.routes = []
    assert (await browser.get("/plugin/x/hello"))[0] == 404


async def test_one_address_may_have_several_methods(browser: Browser, rim: Rim) -> None:
    rim.routes = [
        ("x", Route(path="/hello", handler=hello)),
        ("x", Route(path="/hello", handler=hello, method="POST")),
    ]
    for method in ("GET", "POST"):
        async with browser.session.request(method, "/plugin/x/hello") as response:
            assert await response.text() == f"{method} hello"
    async with browser.session.put("/plugin/x/hello") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET,POST")


async def test_a_plugins_route_may_ask_for_a_permission(browser: Browser, rim: Rim) -> None:
    rim.routes = [("x", Route(path="/hello", handler=hello, permission="x.hello"))]
    assert (await browser.get("/plugin/x/hello", headers={}))[0] == 401
    assert (await browser.get("/plugin/x/hello"))[0] == 200
    rim.denied.add("x.hello")
    assert (await browser.get("/plugin/x/hello"))[0] == 403


async def test_a_plugins_route_is_told_who_calls_if_it_asks(browser: Browser, rim: Rim) -> None:
    async def who(_request: web.Request, principal: Principal | None) -> web.Response:
        return web.Response(text=principal.name if principal else "nobody")

    rim.routes = [("x", Route(path="/who", handler=who, permission="x.who")), ("x", Route(path="/all", handler=who))]
    assert (await browser.get("/plugin/x/who"))[1] == "anna"
    assert (await browser.get("/plugin/x/all"))[1] == "nobody"


async def test_a_plugins_route_cannot_take_an_address_of_the_platform(browser: Browser, rim: Rim) -> None:
    rim.routes = [("x", Route(path="/health", handler=hello, absolute=True))]
    assert (await browser.get("/health"))[1] != "GET hello"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(), 404),
        (PermissionDenied(permission="x"), 403),
        (RateLimited(3), 429),
        (Unavailable(), 503),
        (FleetError(), 500),
    ],
)
async def test_an_error_of_the_platform_has_its_status(
    browser: Browser, rim: Rim, error: FleetError, status: int
) -> None:
    rim.routes = [("x", Route(path="/fail", handler=raising(error)))]
    got, reply = await browser.get("/plugin/x/fail")
    assert (got, reply["error"]["code"]) == (status, error.code)


@pytest.mark.parametrize("error", [ZeroDivisionError(CANARY), ConnectionRefusedError(CANARY), TimeoutError(CANARY)])
async def test_nothing_of_an_unexpected_exception_reaches_the_wire(
    browser: Browser, rim: Rim, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    rim.routes = [("x", Route(path="/fail", handler=raising(error)))]
    status, reply = await browser.get("/plugin/x/fail")
    assert (status, reply["error"]["code"]) == (500, -32603)
    assert CANARY not in str(reply)
    assert CANARY in caplog.text
    assert reply["error"]["data"]["correlation_id"] in caplog.text


async def test_an_http_error_that_a_plugin_raises_passes(browser: Browser, rim: Rim) -> None:
    rim.routes = [("x", Route(path="/fail", handler=raising(web.HTTPConflict(text="no"))))]
    assert await browser.get("/plugin/x/fail") == (409, "no")


# ---- listening ----------------------------------------------------------------------------------------------


async def test_an_address_that_is_taken_is_told() -> None:
    async with listening(web.Application(), "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="address already in use"):
            async with listening(web.Application(), "127.0.0.1", port):
                pass
