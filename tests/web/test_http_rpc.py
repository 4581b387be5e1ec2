"""JSON-RPC over HTTP: envelopes, single methods, and the status of each kind of failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from plugin_sdk import JSON
from plugin_sdk.errors import Conflict, DeviceOffline, NotFound, Unavailable

if TYPE_CHECKING:
    from tests.web.conftest import Browser, Rim, Shelly, Until

CANARY = "canary-of-an-exception"
NOBODY: dict[str, str] = {}


@pytest.fixture(autouse=True)
async def methods(rim: Rim) -> None:
    async def echo(value: Any = None) -> Any:
        return value

    def typed(number: int, flag: bool = False, name: str = "") -> Any:
        return [number, flag, name]

    async def slow() -> None:
        await asyncio.sleep(60)

    async def fail(how: str) -> Any:
        raise {"conflict": Conflict(), "away": Unavailable(), "gone": NotFound(), "bug": ZeroDivisionError(CANARY)}[how]

    rim.handle("Test.Echo", echo)
    rim.handle("Test.Typed", typed, read_only=True)
    rim.handle("Test.Slow", slow, timeout_s=0.02)
    rim.handle("Test.Fail", fail)
    rim.handle("Test.Object", object)


@pytest.fixture
async def shelly(browser: Browser, rim: Rim, until: Until) -> AsyncIterator[Shelly]:
    async with browser.shelly() as shelly:
        await shelly.hello()
        await until(lambda: rim.tally["connects"] == 1)
        yield shelly


def ask(number: JSON = 1, method: str = "Test.Echo", **more: JSON) -> dict[str, JSON]:
    return {"id": number, "method": method, **more}


# ---- envelopes ----------------------------------------------------------------------------------------------


async def test_an_envelope_is_answered_with_an_envelope(browser: Browser) -> None:
    body = {"jsonrpc": "2.0", "id": "a", "method": "test.ECHO", "src": "me", "params": {"value": [False, None]}}
    assert await browser.post("/rpc", body) == (
        200,
        {"jsonrpc": "2.0", "id": "a", "src": "FLEET_MANAGER", "dst": "me", "result": [False, None]},
    )


async def test_failures_in_an_envelope_are_answered_200_as_well(browser: Browser) -> None:
    for body, code in (
        (ask(method="Test.Unheard"), -32601),
        (ask(params={"more": 1}), -32602),
        (ask(method="Test.Slow"), -32800),
        (ask(method="Test.Fail", params={"how": "bug"}), -32603),
        (ask(method="Test.Object"), -32603),
        (ask(dst="nobody"), -32600),
        ({"id": 1}, -32600),
    ):
        status, reply = await browser.post("/rpc", body)
        assert (status, reply["id"], reply["error"]["code"]) == (200, 1, code)
        assert CANARY not in str(reply)


@pytest.mark.parametrize("body", ["", "{", "NaN", b"\xff", "[" * 2_000])
async def test_what_is_no_json_is_a_parse_error(browser: Browser, body: str | bytes) -> None:
    status, reply = await browser.post("/rpc", body)
    assert (status, reply["id"], reply["error"]["code"]) == (200, None, -32700)


async def test_a_notification_is_done_and_answered_with_nothing(browser: Browser, rim: Rim) -> None:
    assert await browser.post("/rpc", {"jsonrpc": "2.0", "method": "Test.Echo"}) == (204, None)
    assert rim.dispatcher.calls["Test.Echo"] == 1


async def test_a_batch_is_answered_with_an_array(browser: Browser) -> None:
    status, replies = await browser.post(
        "/rpc", [ask(n, params={"value": n}) for n in range(100)] + [5, {"method": "X.Y"}]
    )
    assert status == 200
    assert [(reply["id"], reply.get("result")) for reply in replies] == [*((n, n) for n in range(100)), (None, None)]


@pytest.mark.parametrize("number", [0, 1_001])
async def test_a_batch_that_is_empty_or_too_long_is_refused_as_a_whole(browser: Browser, number: int) -> None:
    status, reply = await browser.post("/rpc", [ask()] * number)
    assert (status, reply["error"]["code"]) == (200, -32600)


async def test_a_body_that_is_too_large_is_refused(browser: Browser) -> None:
    async with browser.session.post("/rpc", data=BytesIO(b"x" * 5_000_000), headers=browser.bearer) as response:
        assert response.status == 413


# ---- devices ------------------------------------------------------------------------------------------------


async def test_a_device_answers_for_itself(browser: Browser, shelly: Shelly) -> None:
    status, reply = await browser.post("/rpc", ask(5, "Switch.Set", dst=shelly.id.upper(), params={"id": 0}))
    assert (status, reply["src"], reply["result"]) == (200, shelly.id, {"method": "Switch.Set", "params": {"id": 0}})


async def test_a_device_is_called_without_an_envelope_as_well(browser: Browser, shelly: Shelly) -> None:
    call = {"method": "Switch.Set", "params": {"id": 0}}
    status, reply = await browser.post("/rpc", {**call, "dst": shelly.id})
    assert (status, reply["src"], reply["result"]) == (200, shelly.id, call)
    _, replies = await browser.post("/rpc", {**call, "dst": [shelly.id, "nobody"]})
    assert [reply["src"] for reply in replies] == [shelly.id, "nobody"]
    echo = {"method": "Test.Echo", "params": {"value": 5}}
    assert await browser.post("/rpc", {**echo, "dst": "FLEET_MANAGER"}) == (200, 5)


async def test_a_list_is_answered_in_its_order_whoever_answers_first(browser: Browser, shelly: Shelly) -> None:
    shelly.delays["X.Y"] = 0.05
    status, replies = await browser.post(
        "/rpc", ask(1, "X.Y", dst=[shelly.id, "nobody", "A8032ABB995C", "FLEET_MANAGER"])
    )
    assert status == 200
    assert [(reply["src"], reply.get("error", {}).get("code")) for reply in replies] == [
        (shelly.id, None),
        ("nobody", -32600),
        ("FLEET_MANAGER", -32601),
    ]


async def test_a_list_of_one_is_a_list_and_an_empty_group_an_empty_one(browser: Browser, rim: Rim) -> None:
    rim.groups["1"] = []
    status, replies = await browser.post("/rpc", ask(dst=["nobody"]))
    assert (status, len(replies)) == (200, 1)
    for dst in ("group:1", ["group:1"], []):
        assert await browser.post("/rpc", ask(dst=dst)) == (200, [])


async def test_an_unknown_group_is_told_once(browser: Browser) -> None:
    _, replies = await browser.post("/rpc", ask(dst="group:9"))
    assert [reply["error"]["code"] for reply in replies] == [-32004]


async def test_permission_is_asked_per_device(browser: Browser, rim: Rim, shelly: Shelly) -> None:
    rim.denied.add(f"x.y@{shelly.id}")
    _, reply = await browser.post("/rpc", ask(1, "X.Y", dst=shelly.id))
    assert reply["error"]["code"] == -32003
    assert "X.Y" not in shelly.got


# ---- who calls ----------------------------------------------------------------------------------------------


async def test_nobody_may_sign_in_and_nothing_else(browser: Browser) -> None:
    _, reply = await browser.post(
        "/rpc",
        ask(1, "User.Authenticate", params={"username": "anna", "password": "correct horse: battery"}),
        headers=NOBODY,
    )
    assert set(reply["result"]) == {"access_token", "refresh_token"}
    token = {"refresh_token": reply["result"]["refresh_token"]}
    status, renewed = await browser.post("/rpc/User.Refresh", token, headers=NOBODY)
    assert (status, set(renewed)) == (200, {"access_token"})
    for body in (ask(), ask(dst="shellyx"), ask(dst=["shellyx"])):
        _, answer = await browser.post("/rpc", body, headers=NOBODY)
        (error,) = (reply["error"] for reply in (answer if isinstance(answer, list) else [answer]))
        assert (error["code"], error["data"]["reason"]) == (-32003, "not_signed_in")


@pytest.mark.parametrize("path", ["/rpc", "/rpc/Test.Echo"])
async def test_a_bad_credential_is_refused_whatever_is_asked(browser: Browser, path: str) -> None:
    status, reply = await browser.post(path, ask(), headers={"Authorization": "Bearer nonsense"})
    assert (status, reply["error"]["code"]) == (401, -32003)


@pytest.mark.parametrize(("provider", "status"), [("is away", 503), ("is limited", 429)])
async def test_who_cannot_be_known_for_now_is_told_to_come_again(
    browser: Browser, rim: Rim, provider: str, status: int
) -> None:
    headers = browser.basic
    rim.provider = provider
    async with browser.session.post("/rpc", json=ask(), headers=headers) as response:
        assert response.status == status
        assert ("Retry-After" in response.headers) is (status == 429)


# ---- one method per address ---------------------------------------------------------------------------------


async def test_the_result_comes_bare(browser: Browser) -> None:
    assert await browser.post("/rpc/test.echo", {"value": {"a": None}}) == (200, {"a": None})
    async with browser.session.post("/rpc/Test.Echo", headers=browser.bearer) as response:
        assert (response.status, response.content_type, await response.text()) == (200, "application/json", "null")


async def test_a_get_takes_its_values_as_the_methods_types(browser: Browser) -> None:
    assert await browser.get("/rpc/Test.Typed?number=5&flag=true&name=gr%C3%BCn") == (200, [5, True, "grün"])
    status, reply = await browser.get("/rpc/Test.Typed?number=five")
    assert (status, reply["error"]["data"]["errors"][0]["path"]) == (400, "number")


@pytest.mark.parametrize(
    ("method", "body", "status", "code"),
    [
        ("Test.Echo", "{", 400, -32700),
        ("Test.Echo", {"more": 1}, 400, -32602),
        ("Test.Echo", [1], 400, -32602),
        ("Test.Echo", "5", 400, -32602),
        ("Test.Unheard", {}, 404, -32601),
        ("Test.Fail", {"how": "gone"}, 404, -32004),
        ("Test.Fail", {"how": "conflict"}, 409, -32009),
        ("Test.Fail", {"how": "bug"}, 500, -32603),
        ("Test.Object", {}, 500, -32603),
        ("Test.Fail", {"how": "away"}, 503, -32050),
        ("Test.Slow", {}, 504, -32800),
        ("FleetManager.Subscribe", {"events": ["a"]}, 400, -32600),
    ],
)
async def test_each_failure_has_its_status_and_an_envelope(
    browser: Browser, method: str, body: JSON, status: int, code: int
) -> None:
    got, reply = await browser.post(f"/rpc/{method}", body)
    assert (got, reply["id"], reply["src"], reply["error"]["code"]) == (status, None, "FLEET_MANAGER", code)
    assert CANARY not in str(reply)


async def test_what_a_caller_may_not_do_is_401_or_403(browser: Browser, rim: Rim) -> None:
    async with browser.session.post("/rpc/Test.Echo") as response:
        assert response.status == 401
        assert "WWW-Authenticate" in response.headers
    rim.denied.add("test.echo")
    status, reply = await browser.post("/rpc/Test.Echo", {})
    assert (status, reply["error"]["data"]) == (403, {"permission": "test.echo"})


async def test_a_get_changes_nothing(browser: Browser, rim: Rim) -> None:
    status, reply = await browser.get("/rpc/Test.Echo")
    assert (status, reply["error"]["data"]["reason"]) == (403, "not_read_only")
    rim.denied.add("test.typed")
    assert (await browser.get("/rpc/Test.Typed?number=1"))[0] == 403


async def test_a_busy_or_absent_device_has_its_status(browser: Browser, rim: Rim) -> None:
    async def call(how: str) -> None:
        raise DeviceOffline("asleep", 5.0) if how == "asleep" else DeviceOffline()

    rim.handle("Test.Call", call)
    status, reply = await browser.post("/rpc/Test.Call", {"how": "asleep"})
    assert (status, reply["error"]["data"]) == (409, {"reason": "asleep", "wake_expected_ts": 5.0})


# ---- signing in ---------------------------------------------------------------------------------------------


async def test_logging_in_gives_a_token_that_works(browser: Browser) -> None:
    status, answer = await browser.post(
        "/auth/login", {"username": "anna", "password": "correct horse: battery"}, headers=NOBODY
    )
    assert (status, answer["isok"]) == (200, True)
    headers = {"Authorization": f"Bearer {answer['token']}"}
    assert (await browser.post("/rpc/Test.Echo", {}, headers=headers))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        "null",
        "{}",
        {"username": "anna"},
        {"username": "anna", "password": "x"},
        {"username": 5, "password": []},
    ],
)
async def test_a_log_in_that_is_not_good_says_no_more_than_that(browser: Browser, body: JSON) -> None:
    assert await browser.post("/auth/login", body, headers=NOBODY) == (400, {"isok": False})


@pytest.mark.parametrize(("provider", "status"), [("is away", 503), ("is limited", 429)])
async def test_a_log_in_that_cannot_be_judged_now_is_no_wrong_password(
    browser: Browser, rim: Rim, provider: str, status: int
) -> None:
    rim.provider = provider
    body = {"username": "anna", "password": "correct horse: battery"}
    assert await browser.post("/auth/login", body, headers=NOBODY) == (status, {"isok": False})


async def test_a_token_is_described_from_header_or_body_and_never_from_the_address(browser: Browser, rim: Rim) -> None:
    status, answer = await browser.post("/auth/info", "")
    assert (status, answer["isok"], answer["token"]["username"]) == (200, True, "anna")
    assert {"iat", "exp", "iss", "sub"} <= set(answer["token"])
    for headers in ({"Authorization": f"JWT {rim.token}"}, {"Authorization": rim.token}):
        assert (await browser.post("/auth/info", "", headers=headers))[0] == 200
    assert (await browser.post("/auth/info", {"token": rim.token}, headers=NOBODY))[1]["token"]["username"] == "anna"
    assert (await browser.post("/auth/info", {"token": "nonsense"}, headers=NOBODY)) == (400, {"isok": False})
    for body in ("", "{", "[]", {"token": 5}, {"token": ""}):
        assert await browser.post(f"/auth/info?auth={rim.token}", body, headers=NOBODY) == (403, {"isok": False})


@pytest.mark.parametrize(("provider", "status"), [("is away", 503), ("is limited", 429)])
async def test_a_token_that_cannot_be_judged_now_is_no_bad_one(
    browser: Browser, rim: Rim, provider: str, status: int
) -> None:
    token = rim.token
    rim.provider = provider
    assert await browser.post("/auth/info", {"token": token}, headers=NOBODY) == (status, {"isok": False})
