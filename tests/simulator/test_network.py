"""Wi-Fi, Matter, Zigbee, the screen: what a device is connected to and shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Simulator, Timing
from fleet_shelly.simulation.integrations import check_digit
from plugin_sdk import ComponentType
from tests.simulator.asking import begin, error_code, restart

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


# ---- Wi-Fi ----------------------------------------------------------------------------------------------


async def test_a_scan_takes_seconds_and_finds_neighbours(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")

    async def scan() -> list[dict[str, Any]]:
        asked = await begin(home, device, "Wifi.Scan")
        sim.advance(2.4)
        assert await home.call(device.id, "Shelly.GetDeviceInfo")
        assert not asked.done()
        sim.advance(3)
        found: list[dict[str, Any]] = (await asked)["result"]["results"]
        return found

    networks = await scan()
    assert len(networks) >= 4
    assert all(set(each) == {"ssid", "bssid", "auth", "channel", "rssi"} for each in networks)
    assert [each["rssi"] for each in networks] == sorted((each["rssi"] for each in networks), reverse=True)
    own = [each for each in networks if each["ssid"] == device.status("wifi")["ssid"]]
    assert [each["rssi"] for each in own] == [device.status("wifi")["rssi"]]
    again = await scan()
    assert {each["bssid"] for each in again} == {each["bssid"] for each in networks}


async def test_another_network_is_joined_after_a_restart(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    before = device.status("wifi")["ssid"]
    fixed = {"ssid": "New", "ipv4mode": "static", "ip": "10.0.0.9", "netmask": "255.0.0.0", "gw": "10.0.0.1"}
    await home.call(device.id, "Wifi.SetConfig", config={"sta": {**fixed, "pass": "secret"}})
    assert device.status("wifi")["ssid"] == before
    assert "secret" not in str(device.config("wifi"))
    await restart(sim, device)
    status = await home.call(device.id, "Wifi.GetStatus")
    assert (status["ssid"], status["sta_ip"], status["status"]) == ("New", "10.0.0.9", "got ip")


async def test_the_signal_wanders_and_is_not_told(home: Home, sim: Simulator) -> None:
    device = await sim.add("I4G3")
    seen = set()
    for _ in range(60):
        sim.advance(60)
        seen.add(device.status("wifi")["rssi"])
    assert len(seen) > 3
    assert max(seen) - min(seen) <= 12  # around what is usual there
    await home.call(device.id, "Shelly.GetDeviceInfo")
    assert home.status(device.id, "wifi") == []


async def test_a_weak_device_roams_and_tells(home: Home, sim: Simulator) -> None:
    device = await sim.add("I4G3")
    bssid = device.status("wifi")["bssid"]
    device.drift("wifi", {"rssi": -86})
    sim.advance(60)
    await home.until(lambda: home.status(device.id, "wifi"))
    told = home.status(device.id, "wifi")[0]
    assert told["rssi"] >= -74
    assert told["bssid"] != bssid


async def test_a_lost_network_is_told_once_it_is_back(home: Home, sim: Simulator) -> None:
    device = await sim.add("I4G3")
    ssid = device.status("wifi")["ssid"]
    device.press("wifi", "sta_disconnected 200")
    assert device.status("wifi")["status"] == "disconnected"
    await home.call(device.id, "Shelly.GetDeviceInfo")
    assert home.events(device.id) == []
    sim.advance(4.1)
    await home.until(lambda: home.events(device.id))
    event = home.events(device.id)[0]
    told = {name: event[name] for name in ("component", "event", "reason", "ssid")}
    assert told == {"component": "wifi", "event": "sta_disconnected", "reason": 200, "ssid": ssid}
    assert device.status("wifi")["status"] == "got ip"


async def test_a_device_on_a_cable_tells_at_once(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro1PM")
    device.report("eth", {"ip": "192.168.1.9"})
    device.press("wifi", "sta_connect_fail")
    await home.until(lambda: home.events(device.id))
    assert (home.events(device.id)[0]["event"], home.events(device.id)[0]["reason"]) == ("sta_connect_fail", 201)
    assert home.status(device.id, "wifi")[-1] == {"status": "disconnected", "sta_ip": None}


async def test_who_is_behind_a_range_extender_is_listed(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    assert (await home.call(device.id, "Wifi.ListAPClients"))["ap_clients"] == []
    await home.call(device.id, "Wifi.SetConfig", config={"ap": {"enable": True, "range_extender": {"enable": True}}})
    await restart(sim, device)
    clients = (await home.call(device.id, "Wifi.ListAPClients"))["ap_clients"]
    assert [(each["ip"], each["ip_static"], each["mport"]) for each in clients] == [("192.168.33.2", False, 10_001)]
    assert device.status("wifi")["ap_client_count"] == 1


async def test_nobody_got_an_address_from_a_device(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro1PM")
    answered = await home.call(device.id, "Eth.ListClients", offset=0)
    assert {name: answered[name] for name in ("offset", "count", "total", "dhcp_clients")} == {
        "offset": 0,
        "count": 0,
        "total": 0,
        "dhcp_clients": [],
    }


# ---- Matter and Zigbee ----------------------------------------------------------------------------------


async def test_a_setup_code_is_always_the_same_and_checks(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    first = await home.call(device.id, "Matter.GetSetupCode")
    assert await home.call(device.id, "Matter.GetSetupCode") == first
    assert first["qr_code"].startswith("MT:")
    assert len(first["qr_code"]) == 22
    assert len(first["manual_code"]) == 11
    assert check_digit(first["manual_code"][:-1]) == first["manual_code"][-1]


def test_the_check_digit_is_verhoeffs() -> None:
    assert check_digit("3497011233") == "2", "the manual code of the Matter SDK's example device: 34970112332"


async def test_matter_is_open_for_one_controller_from_the_next_start(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Matter.SetConfig", config={"enable": True})
    assert device.status("matter")["commissionable"] is False
    await restart(sim, device)
    assert device.status("matter")["commissionable"] is True
    device.press("matter", "commissioned")
    assert device.status("matter") == {"num_fabrics": 1, "commissionable": False}
    await home.call(device.id, "Matter.FactoryReset")
    assert device.status("matter") == {"num_fabrics": 0, "commissionable": True}


async def test_zigbee_joins_after_steering(home: Home, types: Mapping[str, ComponentType]) -> None:
    timing = Timing(boot_s=0.05, clockless_s=0.0, awake_s=100)
    async with Simulator(home.url, types=types, timing=timing) as sim:
        device = await sim.add("FloodSensorG4")
        assert await error_code(home, device, "Zigbee.StartNetworkSteering") == -109
        await home.call(device.id, "Zigbee.SetConfig", config={"enable": True})
        assert device.status("zigbee")["network_state"] == "disabled"
        await restart(sim, device)
        assert device.status("zigbee")["network_state"] == "initializing"
        await home.call(device.id, "Zigbee.StartNetworkSteering")
        assert device.status("zigbee")["network_state"] == "steering"
        sim.advance(12)
        assert device.status("zigbee")["network_state"] == "joined"
        device.press("zigbee", "failed")
        assert device.status("zigbee")["network_state"] == "failed"


# ---- the Wall Display's front ---------------------------------------------------------------------------


async def test_the_loudspeaker_plays_and_stops(home: Home, sim: Simulator) -> None:
    device = await sim.add("WallDisplay")
    await home.call(device.id, "Media.SetVolume", volume=7)
    assert device.status("media")["playback"]["volume"] == 7
    item = (await home.call(device.id, "Media.List"))["media"][0]
    playing = await home.call(device.id, "Media.MediaPlayer.Play", id=item["id"])
    assert (playing["enable"], playing["media_meta"]["title"]) == (True, item["title"])
    await home.call(device.id, "Media.MediaPlayer.PlayOrPause")
    assert device.status("media")["playback"]["enable"] is False
    station = (await home.call(device.id, "Media.Radio.ListFavourites"))["favourites"][2]
    await home.call(device.id, "Media.Radio.PlayFavourite", id=station["id"])
    assert device.status("media")["playback"]["media_meta"]["title"] == station["name"]
    assert await error_code(home, device, "Media.MediaPlayer.Play", id=77) == -105
    assert await error_code(home, device, "Media.SetVolume", volume=11) == -103


async def test_a_file_is_put_on_a_wall_display_and_removed(home: Home, sim: Simulator) -> None:
    device = await sim.add("WallDisplay")
    before = len((await home.call(device.id, "Media.List"))["media"])
    first = await home.call(device.id, "Media.PutMedia", filename="a.mp3", type="AUDIO", data="abcd")
    last = await home.call(device.id, "Media.PutMedia", filename="a.mp3", data="ef", append=True, last=True)
    assert (first["offset"], last["offset"]) == (4, 6)
    added = (await home.call(device.id, "Media.List"))["media"][before:]
    assert [(item["title"], item["size"]) for item in added] == [("a.mp3", 6)]
    assert await home.call(device.id, "Media.Delete", id=added[0]["id"]) == {"restart_required": False, "deleted": 1}


async def test_a_wall_display_takes_settings_of_several_components(home: Home, sim: Simulator) -> None:
    device = await sim.add("WallDisplay")
    config = {"ui": {"use_F": True}, "switch:0": {"name": "Heating"}}
    assert await home.call(device.id, "Shelly.SetConfig", config=config) == {"restart_required": False}
    assert (device.config("ui")["use_F"], device.config("switch:0")["name"]) == (True, "Heating")
    assert await error_code(home, device, "Shelly.SetConfig", config={"cover:0": {}}) == -105
    assert await error_code(home, device, "Ui.Screen.Set") == -103
    assert await home.call(device.id, "Ui.Screen.Set", on=True) is None


# ---- groups over multicast ------------------------------------------------------------------------------


async def test_a_multicast_group_is_a_dynamic_component(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    config = {"addr": "239.1.2.3:8000", "tx": {"enable": True, "components": ["switch:0"]}}
    assert await home.call(device.id, "LNM.Create", config=config) == {"id": 200}
    shown = await home.call(device.id, "LNM.GetConfig", id=200)
    assert shown == {"id": 200, **config, "rx": {"enable": False}}
    assert (await home.call(device.id, "LNM.GetStatus", id=200))["stats"]["tx_msgs"] == 0
    for addr in ("10.0.0.1:80", "239.1.2.3", "239.1.2.3:0", "x:1"):
        assert await error_code(home, device, "LNM.Create", config={"addr": addr}) == -103
    assert await home.call(device.id, "LNM.Delete", id=200) == {}
    assert await error_code(home, device, "LNM.Delete", id=200) == -105


@pytest.mark.parametrize("gesture", ["sta_disconnected soon", "sta_lost"])
async def test_a_network_fails_only_in_known_ways(gesture: str, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    with pytest.raises(ValueError, match="cannot be pressed"):
        device.press("wifi", gesture)
