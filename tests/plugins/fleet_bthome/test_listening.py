"""Beacons that scripts forward, from a simulated gateway's event to entities of the platform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import pytest

from fleet_bthome.beacons import Beacons
from fleet_bthome.found import Found
from fleet_bthome.listener import RESULTS_AT_ONCE, Listener
from fleet_bthome.losses import MESSAGES
from fleet_bthome.settings import BTHomeSettings
from fleet_platform.client import Event, Subscription
from fleet_platform.testing.client import open_client
from plugin_sdk import DeviceId, Fleet, JSONObject
from plugin_sdk import Event as PlatformEvent

from .packets import KEY, THERMOMETER, b64, button, climate, encrypted, on_air

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

pytest.importorskip("bthome_ble", reason="needs the extra bthome")

KEY_TEXT = KEY.hex()
PASSWORD = "correct horse"


@pytest.fixture
async def gateway(fleet: TestedFleet) -> Device:
    return await fleet.add_device("Plus1PM", seed=3)


def forward(gateway: Device, data: bytes, rssi: int = -60, name: str = "SBHT-003C") -> None:
    gateway.emit("script:1", "ble.scan_result", data=[2, [[THERMOMETER, rssi, b64(on_air(data, name)), ""]]])


async def next_event(events: Subscription, method: str) -> JSONObject:
    async for event in events:
        if isinstance(event, Event) and event.method == method:
            return dict(event.params)
    raise AssertionError(method)


async def observed(fleet: TestedFleet, rpc: Rpc, wanted: Any) -> dict[str, Any]:
    async def one() -> Any:
        beacons = await rpc("BTHome.ListObserved")
        return next((beacon for beacon in beacons if wanted(beacon)), None)

    found: dict[str, Any] = await fleet.until(one)
    return found


async def test_a_beacon_is_an_entity_of_its_gateway(fleet: TestedFleet, rpc: Rpc, gateway: Device) -> None:
    async with rpc.events("Entity.Added", "Shelly.Status", status="changed") as events:
        forward(gateway, climate(7, 21.5, 48))
        added = await next_event(events, "Entity.Added")
    assert added["entityId"] == f"{gateway.id}_200:bluadv"
    entity = await rpc("Entity.GetInfo", {"id": added["entityId"]})
    assert entity["name"].startswith("BLU H&T [8F80A5]")
    assert entity["properties"] == {"id": 200, "addr": THERMOMETER, "model": "BLU H&T"}
    status = await rpc("Entity.GetStatus", {"id": entity["id"]})
    assert (status["temperature"], status["humidity"], status["battery"], status["rssi"]) == (21.5, 48, 100, -60)
    [beacon] = await rpc("BTHome.ListObserved", {"shellyID": gateway.id})
    assert beacon["values"] == {"temperature": 21.5, "humidity": 48, "battery": 100}
    assert (beacon["entity"], beacon["shellyID"]) == (entity["id"], gateway.id)
    assert beacon["heard_by"].keys() == {gateway.id}


async def test_pushes_are_events_of_the_entity(fleet: TestedFleet, rpc: Rpc, gateway: Device) -> None:
    async with rpc.events("Entity.Event") as events:
        for packet_id, push in ((1, 1), (2, 4)):
            for _ in range(4):
                forward(gateway, button(packet_id, 0, push), name="SBBT-004CEU")
        first, second = await next_event(events, "Entity.Event"), await next_event(events, "Entity.Event")
    entity = f"{gateway.id}_200:bluadv"
    assert first == {"entityId": entity, "event": "single_push", "idx": 1}
    assert second == {"entityId": entity, "event": "long_push", "idx": 1}


async def test_other_events_and_other_components_are_left_alone(fleet: TestedFleet, rpc: Rpc, gateway: Device) -> None:
    data = {"addr": THERMOMETER, "rssi": -50, "service_data": climate(1).hex()}
    gateway.emit("script:1", "something", data=data)
    gateway.emit("input:0", "ble.scan_result", data=data)
    gateway.emit("script:1", "shelly-blu", data={"addr": "nobody"})
    gateway.emit("script:1", "bluadv", data={**data, "service_data": "00"})

    async def counted() -> Any:
        status = await rpc("BTHome.GetStatus")
        return status if status["events"] == 2 else None

    status = await fleet.until(counted)
    assert (status["beacons"], status["counters"]["garbage"], status["decoder"]) == (0, 2, "bthome-ble")


async def test_an_encrypted_beacon_is_opened_by_its_key_which_nobody_is_told(
    fleet: TestedFleet, rpc: Rpc, gateway: Device
) -> None:
    forward(gateway, encrypted(climate(1, 19.0), 1))
    closed = await observed(fleet, rpc, lambda beacon: beacon["errors"])
    assert (closed["encrypted"], closed["has_key"], closed["values"]) == (True, False, {})
    assert await rpc("BTHome.SetKey", {"addr": THERMOMETER.upper(), "key": KEY_TEXT.upper()}) == {
        "addr": THERMOMETER,
        "has_key": True,
    }
    forward(gateway, encrypted(climate(2, 19.0), 2))
    opened = await observed(fleet, rpc, lambda beacon: beacon["values"])
    assert (opened["values"]["temperature"], opened["has_key"], opened["errors"]) == (19.0, True, [])
    assert KEY_TEXT not in str(opened)
    with pytest.raises(rpc.Error) as error:
        await rpc("BTHome.SetKey", {"addr": THERMOMETER, "key": "0123secret"})
    assert "0123secret" not in str(error.value.data)

    # It is there after a restart of the plugin, as is the beacon.
    await rpc("plugin:bthome.SetConfig", {"config": {"enable": False}})
    await rpc("plugin:bthome.SetConfig", {"config": {"enable": True}})
    await fleet.until(lambda: fleet.plugin("bthome").state == "running")
    forward(gateway, encrypted(climate(3, 20.0), 3))
    again = await observed(fleet, rpc, lambda beacon: beacon["values"].get("temperature") == 20.0)
    assert again["component"] == "bluadv:200"
    assert await rpc("BTHome.ListKeys") == [THERMOMETER]
    assert await rpc("BTHome.SetKey", {"addr": THERMOMETER}) == {"addr": THERMOMETER, "has_key": False}
    assert await rpc("BTHome.ListKeys") == []


async def test_a_forgotten_beacon_is_gone_until_it_is_heard_again(
    fleet: TestedFleet, rpc: Rpc, gateway: Device
) -> None:
    forward(gateway, climate(1))
    await observed(fleet, rpc, lambda beacon: beacon["values"])
    assert await rpc("BTHome.Forget", {"addr": THERMOMETER}) == {"forgotten": THERMOMETER}
    assert "bluadv:200" not in await rpc("Device.GetStatus", {"id": gateway.id})
    with pytest.raises(rpc.Error):
        await rpc("BTHome.Forget", {"addr": THERMOMETER})
    forward(gateway, climate(2))
    await observed(fleet, rpc, lambda beacon: beacon["values"])


async def test_it_is_on_one_gateway_and_goes_with_it(fleet: TestedFleet, rpc: Rpc, gateway: Device) -> None:
    other = await fleet.add_device("Plus2PM", seed=4)
    forward(gateway, climate(1), -50)
    await observed(fleet, rpc, lambda beacon: beacon["values"])
    forward(other, climate(1), -70)
    beacon = await observed(fleet, rpc, lambda beacon: len(beacon["heard_by"]) == 2)
    assert beacon["shellyID"] == gateway.id
    await rpc("Device.Delete", {"shellyID": gateway.id})
    forward(other, climate(2), -70)
    moved = await observed(fleet, rpc, lambda beacon: beacon["shellyID"] == other.id)
    assert moved["component"] == "bluadv:200"


async def test_a_device_that_claims_beacons_keeps_the_plugin_from_nothing(
    fleet: TestedFleet, rpc: Rpc, gateway: Device
) -> None:
    claims = {"bluadv:251": {"addr": [1]}, "bluadv:252": {"addr": THERMOMETER, "rssi": "x", "last_updated_ts": "x"}}
    gateway.send_text(json.dumps({"src": gateway.id, "method": "NotifyStatus", "params": claims}))
    await fleet.until(lambda: shows(rpc, gateway, *claims))
    await rpc("plugin:bthome.SetConfig", {"config": {"enable": False}})
    await rpc("plugin:bthome.SetConfig", {"config": {"enable": True}})
    await fleet.until(lambda: fleet.plugin("bthome").state == "running")
    assert not await shows(rpc, gateway, "bluadv:251")
    forward(gateway, climate(1, 21.5))
    await observed(fleet, rpc, lambda beacon: beacon["values"].get("temperature") == 21.5)


async def shows(rpc: Rpc, gateway: Device, *keys: str) -> bool:
    status: JSONObject = await rpc("Device.GetStatus", {"id": gateway.id})
    return {*keys} <= status.keys()


async def test_a_gateway_that_tells_of_too_many_finds_is_heard_in_part(
    fleet: TestedFleet, rpc: Rpc, gateway: Device
) -> None:
    finds = [
        {"component": "bthome", "event": "device_discovered", "device": {"addr": f"{number:012x}"}}
        for number in range(int(RESULTS_AT_ONCE) + 200)
    ]
    gateway.send_text(json.dumps({"src": gateway.id, "method": "NotifyEvent", "params": {"events": finds}}))
    gateway.emit("script:1", "bluadv", data={"addr": THERMOMETER, "service_data": climate(1).hex()})
    await observed(fleet, rpc, lambda beacon: beacon["values"])
    assert (await rpc("BTHome.GetStatus"))["counters"]["too_many"] > 0
    assert fleet.plugin("bthome").state == "running"


async def test_what_is_not_read_is_told_to_whoever_sees_the_gateway(
    fleet: TestedFleet, rpc: Rpc, gateway: Device
) -> None:
    other = await fleet.add_device("Plus2PM", seed=4)
    gateway.emit("script:2", "bluadv", data=[{"addr": "nobody"}, {"addr": THERMOMETER, "service_data": "00"}])

    async def lost() -> Any:
        return (await rpc("BTHome.GetStatus"))["losses"]

    assert await fleet.until(lost) == {gateway.id: {"script:2": {"garbage": 2}}}
    may = ["bthome.getstatus", f"device.get.{other.id}"]
    await rpc("User.Create", {"username": "ann", "password": PASSWORD, "group": "staff", "permissions": may})
    async with aiohttp.ClientSession(fleet.url) as http:
        credentials = {"username": "ann", "password": PASSWORD}
        async with http.post("/rpc/User.Authenticate", json=credentials) as response:
            token = (await response.json())["access_token"]
    async with open_client(fleet.url, token) as ann:
        assert (await ann("BTHome.GetStatus"))["losses"] == {}


def told(device: str, *events: JSONObject) -> PlatformEvent:
    message = {"message": {"method": "NotifyEvent", "params": {"events": list(events)}}}
    return PlatformEvent(1, "Shelly.Message", DeviceId(device), 0, json.dumps(message).encode())


def test_a_gateway_that_floods_is_looked_at_in_part_and_others_in_full() -> None:
    """Whatever it sends, and told once to whoever runs the platform."""
    log = Recorded()
    clock = [1_800_000_000.0, 0.0]
    listener, beacons = a_listener(clock, cast(Fleet, log))
    useless = told("a", {"component": "script:1", "event": "bluadv", "data": {"addr": "x" * 100_000}})
    said = {"addr": THERMOMETER, "BTHome_version": 2, "temperature": 20}
    good = {"component": "script:1", "event": "shelly-blu", "data": said}
    for _ in range(100):
        listener.take(useless)
    listener.take(told("b", good))
    assert beacons.tally == {"garbage": 3, "too_much": 97, "read": 1}
    assert dict(listener.losses) == {"a": {"script:1": {"garbage": 3}, MESSAGES: {"too_much": 97}}}
    assert len(log.lines) == 1
    clock[:] = [clock[0] + 10, 10.0]
    listener.take(told("a", good))
    assert beacons.tally["read"] == 2


def test_ends_of_searches_are_told_in_part_too() -> None:
    log = Recorded()
    listener, beacons = a_listener([1_800_000_000.0, 0.0], cast(Fleet, log))
    done = {"component": "bthome", "event": "discovery_done", "device_count": 0}
    listener.take(told("a", *[done] * 1_000))
    assert (log.published, beacons.tally["too_many"]) == (RESULTS_AT_ONCE, 1_000 - RESULTS_AT_ONCE)


class Recorded:
    """What of the platform is asked for here."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.published = 0
        self.log = self

    def warning(self, text: str, *args: object) -> None:
        self.lines.append(text % args)

    def publish(self, *_args: object, **_named: object) -> None:
        self.published += 1


def a_listener(clock: list[float], fleet: Fleet) -> tuple[Listener, Beacons]:
    beacons = Beacons(None, per_gateway=5, in_all=5)
    listener = Listener(
        fleet=fleet,
        beacons=beacons,
        found=Found(),
        settings=BTHomeSettings(),
        clock=lambda: clock[0],
        steady=lambda: clock[1],
    )
    return listener, beacons


def test_a_clock_that_is_set_moves_what_is_remembered() -> None:
    """A machine without a clock of its own starts in 1970."""
    clock = [100.0, 0.0]
    listener, beacons = a_listener(clock, cast(Fleet, Recorded()))
    said = {"addr": THERMOMETER, "BTHome_version": 2, "temperature": 20}
    event = told("a", {"component": "script:1", "event": "shelly-blu", "data": said})
    listener.take(event)
    clock[:] = [1_800_000_000.0, 10.0]
    listener.take(event)
    beacon = beacons.get(THERMOMETER)
    assert beacon is not None
    assert (beacon.heard, beacon.home.since) == (1_800_000_000.0, 1_799_999_990.0)
