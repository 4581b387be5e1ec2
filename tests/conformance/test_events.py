"""Events (reference section 4, 11.4, A4): each is provoked by a simulated device and has the predecessor's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import OldClient
from .shapes import ANY, check

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet

METADATA = {"groups": [int], ...: ANY}


async def test_a_device_comes_and_goes(fleet: TestedFleet, ui: OldClient) -> None:
    await ui.subscribe("Shelly.Connect", "Shelly.Presence", "Shelly.Disconnect", "Shelly.Status")
    device = await fleet.add_device("Plus1PM")
    connect = await ui.event("Shelly.Connect")
    check(connect, {"shellyID": device.id, "device": dict, "metadata": METADATA})
    assert (connect["device"]["source"], connect["device"]["presence"]) == ("ws", "online")
    check(await ui.event("Shelly.Presence"), {"shellyID": device.id, "presence": "online", "metadata": METADATA})
    check(await ui.event("Shelly.Status"), {"shellyID": device.id, "status": dict, "metadata": METADATA})
    await device.drop()
    check(await ui.event("Shelly.Presence"), {"shellyID": device.id, "presence": "offline", "metadata": METADATA})
    check(await ui.event("Shelly.Disconnect"), {"shellyID": device.id, "metadata": METADATA, ...: ANY})


async def test_a_reconnect_never_says_disconnect_after_connect(fleet: TestedFleet, ui: OldClient) -> None:
    device = await fleet.add_device("Plus1PM")
    await ui.subscribe("Shelly.Connect", "Shelly.Disconnect", "Shelly.Presence")
    device.faults.start("duplicate")
    names = [(await ui.frame())["method"] for _ in range(2)]
    assert names == ["Shelly.Disconnect", "Shelly.Connect"]


async def test_one_status_for_one_notification_with_its_entities(fleet: TestedFleet, ui: OldClient) -> None:
    device = await fleet.add_device("Plus1PM")
    await ui.subscribe("Shelly.Status", "Entity.StatusChange", "Shelly.Message", shellyIDs=[device.id])
    device.report("switch:0", {"output": True, "source": "WS_in"})
    status = check(await ui.event("Shelly.Status"), {"shellyID": device.id, "status": dict, "metadata": METADATA})
    assert {"sys", "wifi", "switch:0"} <= status["status"].keys()
    change = await ui.event("Entity.StatusChange")
    check(change, {"entityId": f"{device.id}_0:out", "status": {"output": True, "source": "WS_in", ...: ANY}})
    message = await ui.event("Shelly.Message")
    check(message, {"shellyID": device.id, "message": dict, "metadata": METADATA})
    assert message["message"]["method"] == "NotifyStatus"


@pytest.mark.parametrize(
    ("rules", "patch", "comes"),
    [
        ({}, {"output": True}, True),
        ({"deny": ["switch:output"]}, {"output": True}, False),
        ({"deny": ["*:aenergy"]}, {"aenergy": {"total": 5.0}}, False),
        ({"deny": ["switch:*"]}, {"apower": 5.0}, False),
        ({"deny": ["switch:consumption"]}, {"output": True}, True),
        ({"allow": ["switch:output"]}, {"output": True}, True),
        ({"allow": ["switch:output"]}, {"apower": 5.0}, False),
        ({"allow": ["*:*"], "deny": ["switch:output"]}, {"output": True}, False),
        ({"deny": ["*", "switch"]}, {"output": True}, True),
    ],
)
async def test_allow_and_deny_rules_by_reason(
    fleet: TestedFleet, ui: OldClient, rules: dict[str, Any], patch: dict[str, Any], comes: bool
) -> None:
    device = await fleet.add_device("Plus1PM")
    await ui.subscribe("Shelly.Status", events={"Shelly.Status": rules}, shellyIDs=[device.id])
    await ui.subscribe("Entity.StatusChange", shellyIDs=[device.id])
    device.report("switch:0", patch)
    names = []
    while "Entity.StatusChange" not in names:
        names.append((await ui.frame())["method"])
    assert ("Shelly.Status" in names) is comes


async def test_settings_and_info_follow_a_change_of_instance_0(fleet: TestedFleet, ui: OldClient) -> None:
    device = await fleet.add_device("Plus1PM")
    await ui.subscribe("Shelly.Settings", "Shelly.Info")
    await ui.call("Switch.SetConfig", {"id": 0, "config": {"name": "Boiler"}}, dst=device.id)
    settings = check(await ui.event("Shelly.Settings"), {"shellyID": device.id, "settings": dict, "metadata": METADATA})
    assert settings["settings"]["switch:0"]["name"] == "Boiler"
    await ui.call("Sys.SetConfig", {"config": {"device": {"name": "Cellar"}}}, dst=device.id)
    info = check(await ui.event("Shelly.Info"), {"shellyID": device.id, "info": dict, "metadata": METADATA})
    assert info["info"]["name"] == "Cellar"


async def test_dynamic_components_come_and_go_as_entities(fleet: TestedFleet, ui: OldClient) -> None:
    device = await fleet.add_device("S1PMG3")
    await ui.subscribe("Entity.Added", "Entity.Removed")
    await ui.call("Virtual.Add", {"type": "boolean", "config": {"name": "Holiday"}}, dst=device.id)
    entity = f"{device.id}_200:boolean"
    check(await ui.event("Entity.Added"), {"entityId": entity})
    assert (await ui.call("Entity.GetInfo", {"id": entity}))["name"] == "Holiday"
    await ui.call("Virtual.Delete", {"key": "boolean:200"}, dst=device.id)
    check(await ui.event("Entity.Removed"), {"entityId": entity})


@pytest.mark.parametrize("gesture", ["single_push", "double_push", "triple_push", "long_push"])
async def test_buttons(fleet: TestedFleet, ui: OldClient, gesture: str) -> None:
    device = await fleet.add_device("PlusI4")
    await ui.subscribe("Entity.Event")
    device.press("input:1", gesture)
    event = await ui.event("Entity.Event")
    while event["event"] != gesture:  # btn_down and btn_up are told as well
        event = await ui.event("Entity.Event")
    assert event["entityId"] == f"{device.id}_1:input"


async def test_stored_things_of_a_device(fleet: TestedFleet, ui: OldClient) -> None:
    device = await fleet.add_device("Plus1PM")
    await ui.subscribe("Shelly.KVS")
    await ui.call("KVS.Set", {"key": "room", "value": "101"}, dst=device.id)
    event = await ui.event("Shelly.KVS")
    while not event["kvs"]:
        event = await ui.event("Shelly.KVS")
    assert event["shellyID"] == device.id
    assert event["kvs"]["room"] == "101"


async def test_names_with_a_star_and_devices_of_one_s_own(fleet: TestedFleet, ui: OldClient) -> None:
    one, two = await fleet.add_device("Plus1PM", seed=1), await fleet.add_device("Plus1PM", seed=2)
    await ui.subscribe("Entity.*", shellyIDs=[one.id])
    for device in (two, one):
        device.report("switch:0", {"output": True})
    event = await ui.frame()
    assert event["params"]["entityId"].startswith(one.id)


async def test_frames_of_events_have_no_envelope_but_notifications_have(fleet: TestedFleet, ui: OldClient) -> None:
    await ui.subscribe("Shelly.Connect", "NotifyEvent")
    await fleet.add_device("Plus1PM")
    check(await ui.frame(), {"method": "Shelly.Connect", "params": dict, "seq": int})
    await ui.send({"id": 5, "src": "x", "method": "plugin:greetings.SetConfig", "params": {"config": {"enable": True}}})
    frame = await ui.frame()
    while frame.get("method") != "NotifyEvent":
        frame = await ui.frame()
    check(
        frame,
        {
            "src": "FLEET_MANAGER",
            "dst": "FM_CLIENT",
            "method": "NotifyEvent",
            "params": {"ts": int, "events": [{"component": "plugin:greetings", "event": "config_changed", ...: ANY}]},
            "seq": int,
        },
    )
