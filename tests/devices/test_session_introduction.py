"""From the door to the fleet: what a device costs, what is lost on the way (nothing), and how it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from plugin_sdk import JSON

if TYPE_CHECKING:
    from tests.devices.conftest import Device, Site, Until

NewDevice = Callable[..., "Device"]


async def test_a_new_device_is_told_of_once_it_is_known(site: Site, device: Device) -> None:
    await site.join(device)
    assert site.told() == ["Shelly.Connect", "Shelly.Presence", "Shelly.Status"]
    (connect,) = site.params("Shelly.Connect")
    assert connect["device"]["info"] == device.info
    assert connect["device"]["status"] == device.status
    assert connect["device"]["settings"] == device.config
    assert connect["device"]["entities"] == [f"{device.id}_0:out"]
    assert (connect["device"]["presence"], connect["device"]["source"]) == ("online", "ws")
    assert site.params("Shelly.Presence") == [{"shellyID": device.id, "presence": "online"}]
    assert site.params("Shelly.Status") == [{"shellyID": device.id, "status": device.status}]
    assert (site.store.marked, site.woken) == ([device.id], [device.id])


async def test_a_device_that_comes_back_unchanged_is_asked_nothing(site: Site, device: Device) -> None:
    await site.part(device, await site.join(device))
    device.asked.clear()
    site.events.clear()
    device.status["switch:0"]["output"] = True
    await site.join(device)
    assert device.asked == []
    assert site.told() == ["Shelly.Connect", "Shelly.Presence", "Shelly.Status"]
    assert site.twin(device).status["switch:0"] == {"id": 0, "output": True}
    assert site.woken == [device.id] * 2


async def test_an_unchanged_device_that_comes_back_with_other_components_has_other_entities(
    site: Site, device: Device
) -> None:
    await site.part(device, await site.join(device))
    site.events.clear()
    device.status["switch:1"] = {"id": 1, "output": False}
    await site.join(device)
    assert [entity for _, entity in site.twin(device).entities] == [f"{device.id}_0:out", f"{device.id}_1:out"]
    assert site.params("Entity.Added") == [{"entityId": f"{device.id}_1:out"}]


async def test_a_device_that_comes_back_changed_keeps_its_number_and_is_read(site: Site, device: Device) -> None:
    await site.part(device, await site.join(device))
    site.twin(device).internal_id = 5
    device.status["sys"]["cfg_rev"] = 8
    device.config["switch:0"]["name"] = "Boiler"
    await site.join(device)
    assert site.twin(device).internal_id == 5
    assert site.twin(device).settings()["switch:0"] == {"id": 0, "name": "Boiler"}
    assert site.twin(device).config_rev == 8
    assert len(site.fleet) == 1


async def test_another_profile_takes_stale_components_and_their_entities_away(site: Site, device: Device) -> None:
    await site.part(device, await site.join(device))
    site.events.clear()
    del device.status["switch:0"]
    device.status["input:0"] = {"state": None}
    device.status["sys"]["cfg_rev"] = 8
    await site.join(device)
    assert set(site.twin(device).status) == {"input:0", "sys"}
    assert site.params("Entity.Removed") == [{"entityId": f"{device.id}_0:out"}]
    assert site.params("Entity.Added") == [{"entityId": f"{device.id}_0:input"}]


async def test_the_known_twin_stays_as_it_is_until_all_is_read(site: Site, device: Device, until: Until) -> None:
    await site.part(device, await site.join(device))
    before = site.twin(device)
    device.status["sys"]["cfg_rev"] = 8
    device.answers["Shelly.GetConfig"] = lambda _params: None
    task = site.accept(device.connect())
    device.hello()
    await until(lambda: "Shelly.GetConfig" in device.asked[3:])
    assert site.twin(device) is before
    assert before.status["sys"]["cfg_rev"] == 7
    await site.part(device, task)
    assert site.twin(device) is before
    assert before.presence == "offline"
    assert site.told("Shelly.Disconnect") == ["Shelly.Disconnect"], "that of the first connection"


async def test_a_device_that_is_deleted_while_it_is_asked_is_new_when_it_comes_again(
    site: Site, device: Device
) -> None:
    await site.part(device, await site.join(device))
    known = site.twin(device)
    known.internal_id = 5
    device.status["sys"]["cfg_rev"] = 8

    def answer_late(_params: JSON) -> JSON:
        site.fleet.remove(known)
        return {"result": device.config}

    device.answers["Shelly.GetConfig"] = answer_late
    task = site.accept(device.connect())
    device.hello()
    await task
    assert device.wire.closed == (1013, "deleted by an operator")
    assert site.fleet.get(device.id) is None


# ---- meanwhile ----------------------------------------------------------------------------------------------


async def test_what_follows_the_first_report_at_once_is_not_lost(site: Site, device: Device) -> None:
    site.accept(device.connect())
    device.hello()
    device.change("switch:0", output=True)
    device.change("input:0", state=True)
    await site.join_on(device.wire, device, hello=False)
    assert site.twin(device).status["switch:0"]["output"] is True
    assert site.twin(device).status["input:0"] == {"state": True}
    assert site.tally["bad_frames"] == 0
    assert [params["status"]["switch:0"]["output"] for params in site.params("Shelly.Status")] == [True]


@pytest.mark.parametrize("slow", ["Shelly.GetDeviceInfo", "Shelly.GetConfig", "Shelly.GetComponents"])
async def test_what_is_reported_during_the_introduction_is_known_after_it(
    site: Site, device: Device, slow: str
) -> None:
    def change_first(_params: JSON) -> JSON:
        device.change("switch:0", output=True)
        device.change("script:1", running=True)
        return {"result": device._result(slow, {"offset": 0})}

    device.answers[slow] = change_first
    await site.join(device)
    assert site.twin(device).status["switch:0"]["output"] is True
    assert site.twin(device).status["script:1"] == {"running": True}
    assert f"{device.id}_1:script" in [entity for _, entity in site.twin(device).entities]


async def test_what_is_reported_before_a_failed_attempt_is_known_after_the_next(site: Site, device: Device) -> None:
    tried = []

    def fail_once(_params: JSON) -> JSON:
        tried.append(1)
        if len(tried) > 1:
            return {"result": device.config}
        device.change("switch:0", output=True)
        device.change("script:1", running=True)
        device.hello(params={**device.status, "wifi": {"rssi": -60}})
        return {"error": {"code": -109, "message": "not now"}}

    device.answers["Shelly.GetConfig"] = fail_once
    await site.join(device)
    status = site.twin(device).status
    assert (status["switch:0"]["output"], status["script:1"], status["wifi"]) == (
        True,
        {"running": True},
        {"rssi": -60},
    )


async def test_settings_that_change_during_the_introduction_are_read_after_it(
    site: Site, device: Device, until: Until
) -> None:
    def change_after(_params: JSON) -> JSON:
        old = {key: dict(value) for key, value in device.config.items()}
        device.config["switch:0"] = {"id": 0, "name": "Boiler"}
        device.event("switch:0", "config_changed", cfg_rev=8)
        device.change("sys", cfg_rev=8)
        return {"result": old}

    device.answers["Shelly.GetConfig"] = change_after
    await site.join(device)
    await until(lambda: site.twin(device).settings()["switch:0"]["name"] == "Boiler")
    assert site.twin(device).config_rev == 8


async def test_a_button_pushed_during_the_introduction_is_told_after_it(site: Site, device: Device) -> None:
    device.status["input:0"] = {"state": None}
    site.accept(device.connect())
    device.hello()
    device.event("input:0", "single_push")
    await site.join_on(device.wire, device, hello=False)
    assert site.told("Shelly.Connect", "Entity.Event") == ["Shelly.Connect", "Entity.Event"]


async def test_a_device_that_calls_us_is_answered_even_then(site: Site, device: Device) -> None:
    site.accept(device.connect())
    device.hello()
    device.wire.say({"id": 9, "src": device.id, "method": "Shelly.GetStatus"})
    await site.join_on(device.wire, device, hello=False)
    refusals = [frame for frame in device.wire.sent if "error" in frame]
    assert refusals == [{"id": 9, "src": "FLEET_MANAGER", "error": {"code": 500, "message": "Not Implemented"}}]


# ---- failure ------------------------------------------------------------------------------------------------


async def test_a_device_that_is_another_than_it_says_is_closed_4010_and_changes_nothing(
    site: Site, device: Device, new_device: NewDevice
) -> None:
    await site.part(device, await site.join(device))
    before = site.twin(device)
    liar = new_device(device.id)
    liar.info["id"] = "shellyx-000000000000"
    liar.status["sys"]["cfg_rev"] = 99
    task = site.accept(liar.connect())
    liar.hello()
    await task
    assert liar.wire.closed is not None
    assert liar.wire.closed[0] == 4010
    assert site.twin(device) is before
    assert before.info()["id"] == device.id
    assert site.tally["wrong_id"] == 1


async def test_a_device_that_never_answers_is_told_to_come_again(site: Site, device: Device) -> None:
    site.set_times(call_s=0.01)
    device.answers["Shelly.GetDeviceInfo"] = lambda _params: None
    task = site.accept(device.connect())
    device.hello()
    await task
    assert device.wire.closed is not None
    assert device.wire.closed[0] == 1013
    assert device.asked == ["Shelly.GetDeviceInfo"] * 3
    assert (len(site.fleet), site.events) == (0, [])


async def test_new_firmware_is_read_even_if_the_first_attempt_fails_half_way(site: Site, device: Device) -> None:
    await site.part(device, await site.join(device))
    device.info["fw_id"] = "20270101-000000/1.6.0-g2"
    device.status["sys"]["uptime"] = 0
    site.twin(device).last_report_ms -= 60_000
    device.config["switch:0"]["name"] = "Boiler"
    tried: list[int] = []

    def fail_once(_params: JSON) -> JSON:
        tried.append(1)
        return {"result": device.config} if len(tried) > 1 else {"error": {"code": -109, "message": "not now"}}

    device.answers["Shelly.GetConfig"] = fail_once
    await site.join(device)
    assert site.twin(device).settings()["switch:0"]["name"] == "Boiler"


async def test_a_first_report_that_is_partial_costs_one_more_question(site: Site, device: Device) -> None:
    task = site.accept(device.connect())
    device.hello("NotifyStatus", {"ts": 1, "switch:0": {"output": True}})
    await site.join_on(device.wire, device, hello=False)
    assert "Shelly.GetStatus" in device.asked
    assert site.twin(device).status == device.status
    assert not task.done()


async def test_a_device_that_claims_the_mac_of_another_as_its_id_is_not_taken_for_it(
    site: Site, device: Device, new_device: NewDevice
) -> None:
    await site.part(device, await site.join(device))
    other = new_device(device.info["mac"])
    await site.join(other)
    assert "Shelly.GetDeviceInfo" in other.asked
    assert site.fleet.get(device.id) is not site.fleet.get(other.id)
    assert site.twin(device).link is None


async def test_thousands_that_come_at_once_are_all_introduced(site: Site, new_device: NewDevice, until: Any) -> None:
    devices = [new_device(f"shellyx-{number:012x}") for number in range(300)]
    for device in devices:
        site.accept(device.connect())
        device.hello()
    await until(lambda: all(map(site.is_live, devices)))
    assert site.told("Shelly.Connect") == ["Shelly.Connect"] * 300
    await asyncio.gather(*(site.part(device, task) for device, task in zip(devices, site.sessions, strict=True)))
    assert all(twin.presence == "offline" for twin in site.fleet)
