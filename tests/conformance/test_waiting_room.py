"""The waiting room under both releases' names (reference 1.6, 3.2, 11.3, A7)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import OldClient
from .shapes import ANY, Either, check

if TYPE_CHECKING:
    import aiohttp


ID = "shellyplus1-a8032abb995c"
HELLO = {
    "src": ID,
    "dst": "ws",
    "method": "NotifyFullStatus",
    "params": {"ts": 1718000000.12, "sys": {"mac": "A8032ABB995C"}, "switch:0": {"id": 0, "output": False}},
}
WAITER = {"shellyID": str, "id": int, "presence": Either("pending", "denied"), "status": dict, ...: ANY}


@pytest.fixture
async def stranger(http: aiohttp.ClientSession, ui: OldClient) -> Any:
    """A device at the door, which nobody knows."""
    await ui.subscribe("NotifyEvent", "WaitingRoomEvent.*")
    async with http.ws_connect("/shelly", headers={}) as socket:
        await socket.send_json(HELLO)
        notice = await ui.event("NotifyEvent")
        check(notice, {"ts": int, "events": [{"component": "device", "event": "waiting_room_updated", ...: ANY}]})
        yield socket


async def test_who_waits_is_listed_by_id_and_by_number(ui: OldClient, stranger: Any) -> None:
    by_id = await ui.call("Device.GetPending", shape={ID: WAITER})
    by_number = await ui.call("WaitingRoom.GetPending", shape={...: WAITER})
    assert list(by_number) == [str(by_id[ID]["id"])]
    assert await ui.call("Device.GetDenied") == await ui.call("WaitingRoom.GetDenied") == {}


@pytest.mark.parametrize(
    ("method", "parameter"),
    [
        ("Device.AcceptPending", "shellyIDs"),
        ("Device.AcceptPendingById", "ids"),
        ("Device.AcceptPendingByExternalId", "externalIds"),
        ("WaitingRoom.AcceptPendingById", "ids"),
        ("WaitingRoom.AcceptPendingByExternalId", "externalIds"),
    ],
)
async def test_accepting_begins_the_introduction(ui: OldClient, stranger: Any, method: str, parameter: str) -> None:
    number = (await ui.call("Device.GetPending"))[ID]["id"]
    names = [number] if parameter == "ids" else [ID]
    assert await ui.call(method, {parameter: [*names, "nobody"]}) == {"success": [ID], "error": ["nobody"]}
    assert (await ui.event("WaitingRoomEvent.Accepted"))["id"] == number
    asked = json.loads(await stranger.receive_str(timeout=10))
    check(asked, {"jsonrpc": "2.0", "id": 1, "src": "FLEET_MANAGER", "method": "Shelly.GetDeviceInfo"})


@pytest.mark.parametrize("method", ["Device.RejectPending", "WaitingRoom.RejectPending"])
async def test_rejecting_switches_the_connection_off(ui: OldClient, stranger: Any, method: str) -> None:
    assert await ui.call(method, {"shellyIDs": [ID]}) == {"success": [ID], "error": []}
    off, reboot = [json.loads(await stranger.receive_str(timeout=10)) for _ in range(2)]
    assert (off["id"], off["params"]) == (998, {"config": {"server": "#", "enable": False}})
    assert off["method"].lower() == "ws.setconfig"
    assert (reboot["id"], reboot["method"]) == (999, "Shelly.Reboot")
    await stranger.receive(timeout=10)
    assert stranger.close_code == 1008
    assert (await ui.event("WaitingRoomEvent.Denied"))["shellyID"] == ID
    assert (await ui.call("Device.GetDenied", shape={ID: WAITER}))[ID]["presence"] == "denied"


async def test_who_was_accepted_and_is_rejected_later_stays_out(http: Any, ui: OldClient, stranger: Any) -> None:
    await ui.call("Device.AcceptPending", {"shellyIDs": [ID]})
    await ui.call("Device.RejectPending", {"shellyIDs": [ID]})
    async with http.ws_connect("/shelly", headers={}) as again:
        await again.send_json(HELLO)
        assert json.loads(await again.receive_str(timeout=10))["id"] == 998


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", 4001),
        ("null", 4002),
        ('{"id":1,"result":{}}', 4002),
        ('{"src":"x","dst":"ws","params":{}}', 4002),
        ('{"dst":"ws","method":"NotifyFullStatus","params":{}}', 4002),
        ('{"src":"","dst":"ws","method":"NotifyFullStatus","params":{}}', 4003),
    ],
)
async def test_what_is_no_hello_is_closed_with_its_code(http: Any, frame: str, code: int) -> None:
    async with http.ws_connect("/shelly", headers={}) as socket:
        await socket.send_str(frame)
        await socket.receive(timeout=10)
        assert socket.close_code == code
