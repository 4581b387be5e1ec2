"""``HTTP.*``: a device fetches what it is asked to, and says why it could not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from plugin_sdk import ComponentType
from tests.simulator.receiver import Receiver

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


@pytest.fixture
async def device(sim: Simulator) -> Device:
    return await sim.add("S1PMG3")


async def problem(home: Home, device: Device, method: str, /, **params: Any) -> tuple[int, str]:
    """Code and text of the error that a call answers."""
    found = (await home.ask(device.id, method, **params))["error"]
    return found["code"], found["message"]


async def test_an_answer_comes_with_its_code_headers_and_text(home: Home, web: Receiver, device: Device) -> None:
    answer = await home.call(device.id, "HTTP.GET", url=f"{web.url}/a%20b?c=d")
    assert (answer["code"], answer["message"], answer["body"]) == (200, "OK", "thanks")
    assert answer["headers"]["X-Answer"] == "yes"
    assert "body_b64" not in answer
    assert web.calls == [("GET", "/a%20b?c=d")]
    missing = await home.call(device.id, "http.get", url=f"{web.url}/missing")
    assert (missing["code"], missing["message"], missing["body"]) == (404, "Not Found", "no")


async def test_a_body_that_is_no_text_comes_as_base64(home: Home, web: Receiver, device: Device) -> None:
    answer = await home.call(device.id, "HTTP.GET", url=f"{web.url}/binary")
    assert answer["body_b64"] == "/wAB"
    assert "body" not in answer


async def test_bodies_and_headers_are_sent(home: Home, web: Receiver, device: Device) -> None:
    await home.call(device.id, "HTTP.POST", url=web.url, body='{"a":1}')
    await home.call(device.id, "HTTP.POST", url=web.url, body_b64="/wAB", content_type="image/x")
    await home.call(device.id, "HTTP.Request", method="PUT", url=web.url, body="x", headers={"X-Who": "me"})
    await home.call(device.id, "HTTP.Request", method="HEAD", url=web.url)
    assert [method for method, _ in web.calls] == ["POST", "POST", "PUT", "HEAD"]
    assert web.bodies == [b'{"a":1}', b"\xff\x00\x01", b"x", b""]
    assert [headers.get("Content-Type") for headers in web.headers[:2]] == ["application/json", "image/x"]
    assert web.headers[2]["X-Who"] == "me"


async def test_the_device_lives_on_while_it_waits_for_an_answer(home: Home, web: Receiver, device: Device) -> None:
    web.gate.clear()
    task = asyncio.create_task(home.call(device.id, "HTTP.GET", url=web.url))
    await web.until(lambda: web.calls)
    assert (await home.call(device.id, "Switch.Set", id=0, on=True)) == {"was_on": False}
    assert not task.done()
    web.gate.set()
    assert (await task)["code"] == 200


async def test_what_goes_wrong_is_told_by_its_code(home: Home, web: Receiver, device: Device) -> None:
    unreachable = (-114, "-11: Sending data to remote peer failed")
    assert await problem(home, device, "HTTP.GET", url="http://127.0.0.1:9/") == unreachable
    assert await problem(home, device, "HTTP.GET", url=web.url.replace("http", "https")) == unreachable
    assert await problem(home, device, "HTTP.GET", url=f"{web.url}/large") == (-108, "-14: Response too big")
    web.gate.clear()
    assert await problem(home, device, "HTTP.GET", url=web.url, timeout=0.05) == (-104, "http request timed out")


async def test_nothing_beyond_this_machine_is_reached(
    home: Home, sim: Simulator, web: Receiver, device: Device
) -> None:
    for url in ("http://192.0.2.1/", "http://example.org/", f"{web.url}/away", f"{web.url}/away-by-name"):
        assert (await problem(home, device, "HTTP.GET", url=url))[0] == -114
    assert sim.stats.web_refused == 4
    assert (await home.call(device.id, "HTTP.GET", url=web.url.replace("127.0.0.1", "localhost")))["code"] == 200


async def test_a_simulator_may_let_its_devices_out(home: Home, types: Mapping[str, ComponentType]) -> None:
    async with Simulator(home.url, types=types, outgoing=True) as sim:
        device = await sim.add("S1PMG3")
        # Nothing is listening there, and the address is this machine's only by another name.
        assert (await problem(home, device, "HTTP.GET", url="http://0.0.0.0:9/"))[0] == -114
        assert (sim.stats.web_requests, sim.stats.web_refused) == (1, 0)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("HTTP.GET", {}),
        ("HTTP.GET", {"url": 7}),
        ("HTTP.GET", {"url": ""}),
        ("HTTP.GET", {"url": "ftp://localhost/"}),
        ("HTTP.GET", {"url": "http://localhost:99999/"}),
        ("HTTP.GET", {"url": "http://localhost/", "timeout": -1}),
        ("HTTP.GET", {"url": "http://localhost/", "ssl_ca": "mine.pem"}),
        ("HTTP.POST", {"url": "http://localhost/"}),
        ("HTTP.POST", {"url": "http://localhost/", "body_b64": "?"}),
        ("HTTP.Request", {"url": "http://localhost/"}),
        ("HTTP.Request", {"url": "http://localhost/", "method": "BREW"}),
        ("HTTP.Request", {"url": "http://localhost/", "method": "GET", "headers": {"User-Agent": "x"}}),
        ("HTTP.Request", {"url": "http://localhost/", "method": "GET", "headers": {"X": 7}}),
    ],
)
async def test_what_does_not_fit_is_refused(home: Home, device: Device, method: str, params: dict[str, Any]) -> None:
    assert (await problem(home, device, method, **params))[0] == -103


async def test_too_many_headers_are_refused(home: Home, device: Device) -> None:
    headers = {f"X-{number}": "x" for number in range(17)}
    refused = await problem(home, device, "HTTP.Request", method="GET", url="http://localhost/", headers=headers)
    assert refused[0] == -108


async def test_requests_end_with_the_simulator(home: Home, web: Receiver, types: Mapping[str, ComponentType]) -> None:
    web.gate.clear()
    async with Simulator(home.url, types=types) as sim:
        other = await sim.add("S1PMG3", seed=2)
        other.call("HTTP.GET", {"url": web.url})
        await web.until(lambda: web.calls)
        running = [task for task in asyncio.all_tasks() if task.get_name() == "simulator web client"]
        assert len(running) == 1
    assert all(task.done() for task in running)
    other.call("HTTP.GET", {"url": web.url})
    assert sim.stats.web_requests == 1
