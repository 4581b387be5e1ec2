"""Reference sections 2 and appendix E: envelopes, destinations, batches, errors. Where the predecessor was broken, ours works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import PLATFORM, UI, OldClient
from .shapes import check

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet

ERROR = {"code": int, "message": str, "data?": object}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", -32700),
        ("null", -32600),
        ("7", -32600),
        ("[]", -32600),
        ({}, -32600),
        ({"id": 1, "src": UI, "dst": PLATFORM}, -32600),
        ({"id": 1, "src": UI, "dst": PLATFORM, "method": 7}, -32600),
        ({"jsonrpc": "1.0", "id": 1, "src": UI, "dst": PLATFORM, "method": "Device.List"}, -32600),
        ({"id": {}, "src": UI, "dst": PLATFORM, "method": "Device.List"}, -32600),
        ({"id": 1, "src": UI, "dst": 7, "method": "Device.List"}, -32600),
    ],
)
async def test_what_is_no_request_is_told_so(ui: OldClient, frame: Any, code: int) -> None:
    await ui.send(frame)
    reply = await ui.reply()
    check(reply, {"jsonrpc": "2.0", "id": object, "src": PLATFORM, "error": ERROR, "dst?": str})
    assert reply["error"]["code"] == code


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("DeviceList", None, -32601),
        ("Nothing.List", None, -32601),
        ("Device.Nothing", None, -32601),
        ("FleetManager.Subscribe", None, -32602),
        ("FleetManager.Subscribe", {"events": "Shelly.Status"}, -32602),
        ("Device.GetInfo", {"id": "nobody"}, -32600),
        ("Device.Call", {"shellyID": "nobody", "method": "Switch.Set"}, -32600),
    ],
)
async def test_errors_have_their_codes_and_never_a_text_of_the_program(
    ui: OldClient, method: str, params: Any, code: int
) -> None:
    error = await ui.refused(method, params)
    assert error["code"] == code
    assert "[object Object]" not in error["message"]
    assert "Error:" not in error["message"]


async def test_method_names_and_the_platform_are_known_in_any_case(ui: OldClient) -> None:
    for dst in ("FLEET_MANAGER", "fleet_manager", "Fleet_Manager"):
        await ui.call("device.list", dst=dst, shape=[dict])
    await ui.call("DEVICE.LIST", shape=[dict])


async def test_ids_may_be_texts_and_src_and_dst_may_be_missing(ui: OldClient) -> None:
    for number in (1, 1.5, "one", None):
        await ui.send({"id": number, "method": "FleetManager.ListCommands"})
        reply = await ui.reply()
        assert reply["id"] == number
        assert "dst" not in reply
        assert "device" in reply["result"]


async def test_a_batch_is_answered_one_frame_each(ui: OldClient) -> None:
    await ui.send(
        [
            {"id": 1, "src": UI, "dst": PLATFORM, "method": "Nothing.List"},
            {"id": 2, "src": UI, "dst": PLATFORM, "method": "Device.List"},
            {"src": UI, "dst": PLATFORM, "method": "Device.List"},
            {"id": 3, "src": UI, "dst": PLATFORM, "method": "Entity.List"},
        ]
    )
    replies = {reply["id"]: reply for reply in [await ui.reply() for _ in range(3)]}
    assert replies.keys() == {1, 2, 3}
    assert replies[1]["error"]["code"] == -32601


async def test_a_frame_sent_right_after_the_upgrade_is_answered(fleet: TestedFleet, http: Any) -> None:
    async with http.ws_connect("/", protocols=(fleet.token,)) as socket:
        await OldClient(socket).subscribe("Shelly.Status")


# ---- relay (2.4, A5) ----------------------------------------------------------------------------------------------


async def test_a_relayed_call_is_answered_in_the_name_of_its_device(fleet: TestedFleet, ui: OldClient) -> None:
    device = await fleet.add_device("Plus1PM")
    await ui.subscribe("Shelly.Message")
    reply = await ui.ask("Switch.Set", {"id": 0, "on": True}, dst=device.id)
    assert (reply["src"], reply["result"]) == (device.id, {"was_on": False})
    message = await ui.event("Shelly.Message")
    while "req" not in message:
        message = await ui.event("Shelly.Message")
    assert message["req"]["method"] == "Switch.Set"
    assert message["message"]["result"] == {"was_on": False}


async def test_errors_of_devices_null_results_and_unknown_devices_are_answered(
    fleet: TestedFleet, ui: OldClient
) -> None:
    cover = await fleet.add_device("Plus2PM", profile="cover")
    for method, params, code in (
        ("Cover.Nothing", None, 404),
        ("Cover.GetStatus", {"id": 7}, -105),
        ("Cover.GetStatus", None, -103),
    ):
        reply = await ui.ask(method, params, dst=cover.id)
        assert (reply["error"]["code"], reply["src"]) == (code, cover.id)
    reply = await ui.ask("Cover.Stop", {"id": 0}, dst=cover.id)
    assert reply["result"] is None
    assert (await ui.refused("Switch.Set", {"id": 0, "on": True}, dst="shellyplus1-000000000000"))["code"] == -32600
    await cover.drop()
    await fleet.until(lambda: _is_offline(ui, cover.id))
    error = await ui.refused("Cover.Stop", {"id": 0}, dst=cover.id)
    assert (error["code"], error["data"]["reason"]) == (-32900, "offline")


async def test_a_list_of_destinations_is_answered_by_each_device(fleet: TestedFleet, ui: OldClient) -> None:
    one, two = await fleet.add_device("Plus1PM", seed=1), await fleet.add_device("Plus1PM", seed=2)
    destinations = [one.id.upper(), two.id.rpartition("-")[2], two.id, "nobody"]
    await ui.send({"id": 9, "src": UI, "dst": destinations, "method": "Switch.Toggle", "params": {"id": 0}})
    replies = {reply["src"]: reply for reply in [await ui.reply() for _ in range(3)]}
    assert replies.keys() == {one.id, two.id, "nobody"}
    assert all(reply["id"] == 9 for reply in replies.values())
    assert replies["nobody"]["error"]["code"] == -32600
    await ui.send({"id": 10, "src": UI, "dst": [], "method": "Switch.Toggle", "params": {"id": 0}})
    assert (await ui.reply())["id"] == 10


async def _is_offline(ui: OldClient, device: str) -> bool:
    return bool((await ui.call("Device.Get", {"id": device}))["presence"] == "offline")
