"""Every method that a real device lists is served by the simulated device of its model."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.device.rpc import Request, answer
from fleet_platform.simulator.services.methods import as_listed
from tests.simulator.conftest import DUMPS

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

METHODS = DUMPS.parent / "reference" / "methods.csv"

needs_dumps = pytest.mark.skipif(not DUMPS.is_dir(), reason="the real dumps are not beside the project")

REFUSED = {
    "OTA.Abort": "an image is pushed by hand in development only",
    "OTA.Commit": "as above",
    "OTA.Data": "as above",
    "OTA.Revert": "as above",
    "OTA.Start": "as above",
    "OTA.Write": "as above",
}
"""Methods that are listed and served, and answer -109 to any call, with the reason."""


def listed_by(source: str) -> list[str]:
    """The list of a real device that ``methods.csv`` has; in no order."""
    with METHODS.open(encoding="utf-8") as rows:
        return [row["method"] for row in csv.DictReader(rows) if f"ListMethods-dump:{source}" in row["seen_in"]]


def of_the_2pm() -> list[str]:
    """The list of a Shelly 2PM Gen3, in its order."""
    found: list[str] = json.loads((DUMPS / "aioshelly-test_shelly2pmg3.json").read_text())["methods"]
    return found


def ask(sim: Simulator, device: Device, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call a device and let the time pass that it takes."""
    replies: list[bytes] = []
    answer(device, Request(id=1, src="x", method=method, params=params or {}), replies.append, source="WS_in")
    for _ in range(30):
        if not replies:
            sim.advance(1)
    reply: dict[str, Any] = orjson.loads(replies[0])
    return reply


def refuses(sim: Simulator, device: Device, method: str) -> bool:
    """Whether a device does not know a method; one that restarts by it is given the time."""
    unknown: bool = ask(sim, device, method).get("error", {}).get("code") == 404
    if device.power.state != "on":
        sim.advance(10)
    return unknown


@needs_dumps
async def test_all_methods_of_a_real_device_are_listed_and_served(sim: Simulator) -> None:
    device = await sim.add("S2PMG3")
    listed = ask(sim, device, "Shelly.ListMethods")["result"]["methods"]
    assert sorted(set(of_the_2pm()) - set(listed)) == []
    assert [method for method in of_the_2pm() if refuses(sim, device, method)] == []


@needs_dumps
async def test_methods_are_listed_in_the_order_of_a_real_device(sim: Simulator) -> None:
    device = await sim.add("S2PMG3")
    listed = ask(sim, device, "Shelly.ListMethods")["result"]["methods"]
    assert [method for method in listed if method in of_the_2pm()] == of_the_2pm()
    assert len(set(listed)) == len(listed)


@needs_dumps
async def test_all_methods_of_a_module_in_another_makers_product_are_served(sim: Simulator) -> None:
    device = await sim.add_dump(DUMPS / "S3XT-0S__XT1-st1820__ha.json")
    wanted = listed_by("aioshelly-test_st1820")
    assert len(wanted) == 118
    assert sorted(set(wanted) - set(ask(sim, device, "Shelly.ListMethods")["result"]["methods"])) == []
    assert [method for method in wanted if refuses(sim, device, method)] == []


@pytest.mark.parametrize("method", sorted(REFUSED))
async def test_steps_of_a_pushed_image_are_refused(method: str, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    assert ask(sim, device, method)["error"] == {"code": -109, "message": "No update in progress"}


@pytest.mark.parametrize(
    "model",
    ["Plus1PM", "Plus2PM", "PlusHT", "PlusRGBWPM", "Pro4PM", "Pro3EM", "S1G3", "BluGwG3", "S2PMG4", "WallDisplay"],
)
async def test_whatever_a_device_lists_it_knows_in_any_case(model: str, sim: Simulator) -> None:
    device = await sim.add(model)
    listed = ask(sim, device, "Shelly.ListMethods")["result"]["methods"]
    assert [method for method in listed if refuses(sim, device, method)] == []
    assert [method for method in listed if refuses(sim, device, method.upper())] == []


async def test_a_wall_display_lists_by_the_alphabet_and_spells_two_namespaces_otherwise(sim: Simulator) -> None:
    device = await sim.add("WallDisplay")
    listed = ask(sim, device, "Shelly.ListMethods")["result"]["methods"]
    assert listed == sorted(listed)
    assert {"WiFi.Scan", "WiFi.SavedNetworks.List", "Ws.SetConfig", "Thermostat.Schedule.ListRules"} < set(listed)
    assert not {"Wifi.Scan", "WS.SetConfig", "OTA.Commit", "RPC.Ping"} & set(listed)


async def test_a_sleeper_lists_no_services_of_mains_powered_devices(sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    listed = {name.partition(".")[0] for name in ask(sim, device, "Shelly.ListMethods")["result"]["methods"]}
    assert {"Shelly", "Sys", "Wifi", "Temperature", "Humidity", "DevicePower", "HT_UI", "Webhook"} < listed
    assert not {"Schedule", "Script", "Virtual", "BTHome", "BTHomeControl", "LNM"} & listed
    assert "Sys.CreateBackup" not in listed


def test_what_a_device_is_for_comes_first_and_nothing_twice() -> None:
    names = ["Shelly.GetStatus", "ws.getconfig", "Cover.Open", "cover.Open", "Switch.Set", "Cover.Open"]
    assert as_listed(names, wall_display=False) == [
        "Cover.Open",
        "cover.Open",
        "Switch.Set",
        "WS.GetConfig",
        "Shelly.GetStatus",
    ]


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        ("Button.Trigger", {"id": 200, "event": "single_push"}, -105, "Bad id=200"),
        ("Script.GetStatus", {"id": 1}, -105, "Bad id=1"),
        ("BTHomeSensor.GetConfig", {}, -103, "Missing required 'id'"),
        ("BTHomeDevice.GetStatus", {"id": "x"}, -103, "Invalid argument 'id'!"),
        ("Button.Explode", {"id": 200}, 404, "No handler for Button.Explode"),
        ("BluTrv.GetStatus", {"id": 200}, 404, "No handler for BluTrv.GetStatus"),
    ],
)
async def test_a_type_without_an_instance_has_no_such_id(
    method: str, params: dict[str, Any], code: int, message: str, home: Home, sim: Simulator
) -> None:
    device = await sim.add("S1G3")
    assert (await home.ask(device.id, method, **params))["error"] == {"code": code, "message": message}


# ---- pages of components --------------------------------------------------------------------------------


async def all_pages(home: Home, device: Device, **params: Any) -> list[dict[str, Any]]:
    """All pages of a question, each within what fits in a message."""
    pages: list[dict[str, Any]] = []
    seen = 0
    while not pages or seen < pages[0]["total"]:
        page = await home.call(device.id, "Shelly.GetComponents", offset=seen, **params)
        assert page["offset"] == seen
        assert page["components"]
        assert len(page["components"]) == 1 or len(orjson.dumps(page["components"])) < 2_700
        seen += len(page["components"])
        pages.append(page)
    assert {(page["total"], page["cfg_rev"]) for page in pages} == {(seen, device.state.sys["cfg_rev"])}
    return pages


async def test_components_come_in_pages_that_fit_a_message(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    pages = await all_pages(home, device, include=["status", "config"])
    assert len(pages) > 2
    items = [item for page in pages for item in page["components"]]
    assert [item["key"] for item in items] == device.state.all_keys()
    assert all(item["status"] == device.state.status[item["key"]] for item in items if item["key"] != "sys")
    dynamic = [item for page in await all_pages(home, device, dynamic_only=True) for item in page["components"]]
    assert {item["key"].partition(":")[0] for item in dynamic} == {"blutrv", "bthomedevice", "bthomesensor"}
    assert dynamic[0]["attrs"] == {"flags": 17, "model_id": 8}


async def test_a_page_may_be_asked_for_by_keys_and_lie_behind_the_last(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus2PM")
    asked = await home.call(device.id, "Shelly.GetComponents", keys=["switch:1", "no:1"], include=["config"])
    assert asked["components"] == [{"key": "switch:1", "config": device.config("switch:1")}]
    assert asked["total"] == 1
    assert (await home.call(device.id, "Shelly.GetComponents", offset=900))["components"] == []
    keys = await home.call(device.id, "Shelly.GetComponents")
    assert keys["components"][0] == {"key": device.state.all_keys()[0]}
    assert (await home.ask(device.id, "Shelly.GetComponents", include="status"))["error"]["code"] == -103


# ---- what a device says about itself --------------------------------------------------------------------


async def test_the_identity_may_be_asked_for_with_what_is_burnt_in(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    plain = await home.call(device.id, "Shelly.GetDeviceInfo")
    whole = await home.call(device.id, "Shelly.GetDeviceInfo", ident=True)
    assert {name: value for name, value in whole.items() if name in plain} == plain
    assert sorted(set(whole) - set(plain)) == ["batch", "fw_sbits", "key"]


async def test_time_zones_come_in_pages(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    first = await home.call(device.id, "Shelly.ListTimezones")
    last = await home.call(device.id, "Shelly.ListTimezones", offset=first["total"] - 1)
    assert (len(first["timezones"]), first["offset"]) == (100, 0)
    assert (len(last["timezones"]), last["total"]) == (1, first["total"])
    assert first["timezones"] == sorted(first["timezones"])


async def test_a_location_is_found_after_a_moment(sim: Simulator) -> None:
    device = await sim.add("S1G3")
    found = ask(sim, device, "Shelly.DetectLocation")["result"]
    assert found == {name: device.config("sys")["location"][name] for name in ("tz", "lat", "lon")}
    device.set_config("sys", {"location": {"tz": None}})
    assert ask(sim, device, "Shelly.DetectLocation")["result"]["tz"] == "Europe/Sofia"


async def test_a_file_is_taken_in_pieces_bounded_and_deleted(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    assert await home.call(device.id, "Shelly.PutUserCA", data="-----BEGIN") == {"len": 10}
    assert await home.call(device.id, "Shelly.PutUserCA", data="-----", append=True) == {"len": 15}
    assert await home.call(device.id, "Shelly.PutHTTPServerKey", data="key") == {"len": 3}
    device.storage("files")["user_ca.pem"] = "x" * 65_530
    assert (await home.ask(device.id, "Shelly.PutUserCA", data="0123456789", append=True))["error"]["code"] == -108
    assert await home.call(device.id, "Shelly.PutUserCA", data=None) == {"len": 0}
    assert await home.call(device.id, "Shelly.PutUserCA", data="new", append=True) == {"len": 3}


async def test_a_ping_names_the_channel(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    assert await home.call(device.id, "rpc.ping") == {"channel_info": "WS_in"}


async def test_only_a_device_with_profiles_has_methods_for_them(sim: Simulator) -> None:
    one, two = await sim.add("Plus1PM"), await sim.add("Plus2PM")
    wanted = {"Shelly.ListProfiles", "Shelly.SetProfile"}
    assert not wanted & set(ask(sim, one, "Shelly.ListMethods")["result"]["methods"])
    assert ask(sim, one, "Shelly.ListProfiles")["error"]["code"] == 404
    assert wanted < set(ask(sim, two, "Shelly.ListMethods")["result"]["methods"])
