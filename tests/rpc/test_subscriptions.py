"""``FleetManager.Subscribe`` and ``Unsubscribe`` as clients see them: no gap, no duplicate, a snapshot that fits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.devices.voice import Voice
from fleet_platform.methods.fleet_manager import FleetManagerMethods
from plugin_sdk import Call, DeviceId, JSONObject, Principal
from plugin_sdk.errors import InvalidParams, InvalidRequest

if TYPE_CHECKING:
    from tests.rpc.conftest import Client, Frame, Shelly, Until, World

STATUS = "Shelly.Status"


@pytest.fixture(autouse=True)
async def methods(world: World) -> None:
    manager = FleetManagerMethods(bus=world.bus, fleet=world.fleet, allows=world.allows)
    for method in manager.methods():
        world.method(method.handler, method.name, permission=method.permission, read_only=method.read_only)


async def subscribe(client: Client, *events: str, **more: Any) -> Any:
    """Subscribe and return the result; events that come before the reply stay in ``client.received``."""
    client.say({"id": "sub", "method": "FleetManager.Subscribe", "params": {"events": list(events), **more}})
    while True:
        for frame in client.received:
            if frame.get("id") == "sub":
                client.received.remove(frame)
                return frame["result"]
        await asyncio.sleep(0.001)


def events(client: Client) -> list[Frame]:
    return [frame for frame in client.received if "seq" in frame]


def change(world: World, shelly: Shelly, value: int) -> None:
    shelly.twin.status["switch:0"] = {"n": value}
    world.bus.publish_status(shelly.twin, {"switch:0": {"n": value}})


async def test_the_answer_says_where_the_stream_begins(world: World, client: Client, until: Until) -> None:
    world.bus.publish("a", {})
    assert await subscribe(client, "a", "b") == {"ids": [1, 2], "epoch": world.bus.epoch, "seq": 1}
    world.bus.publish("a", {})
    await until(lambda: len(events(client)) == 1)
    assert events(client)[0]["seq"] == 2


async def test_a_client_ends_its_own_subscriptions_and_no_others(
    world: World, client: Client, guest: Principal, until: Until
) -> None:
    other = world.client(guest)
    mine, others = await subscribe(client, "a", "b"), await subscribe(other, "a")
    ids = [*mine["ids"][:1], *mine["ids"][:1], *others["ids"], 99]
    (reply,) = await client.ask({"id": 1, "method": "FleetManager.Unsubscribe", "params": {"ids": ids}})
    assert reply["result"] is None
    for name in ("a", "b"):
        world.bus.publish(name, {})
    await until(lambda: bool(events(client)) and bool(events(other)))
    assert [frame["method"] for frame in events(client)] == ["b"]
    assert [frame["method"] for frame in events(other)] == ["a"]


async def test_a_client_goes_on_where_it_was(world: World, client: Client, until: Until) -> None:
    began = await subscribe(client, "a")
    client.hang_up()
    for _ in range(3):
        world.bus.publish("a", {})
    again = world.client()
    answer = await subscribe(
        again, "a", since={"epoch": began["epoch"], "seq": began["seq"] + 1}, options={"snapshot": True}
    )
    world.bus.publish("a", {})
    await until(lambda: len(events(again)) == 3)
    assert [frame["seq"] for frame in events(again)] == [2, 3, 4]
    assert answer == {"ids": [2], "epoch": began["epoch"], "seq": 3}, "who resumes needs no snapshot"


@pytest.mark.parametrize(
    "since", [{"epoch": "another", "seq": 0}, {"epoch": None, "seq": 99}, {"epoch": None, "seq": 0}]
)
async def test_who_cannot_go_on_is_told_to_start_afresh(world: World, client: Client, since: JSONObject) -> None:
    if since["epoch"] == "another":
        await subscribe(world.client(), STATUS)  # so that all is there to be replayed
    shelly = world.shelly()
    for value in range(3):
        change(world, shelly, value)
    since = {**since, "epoch": since["epoch"] or world.bus.epoch}
    answer = await subscribe(client, STATUS, since=since, options={"snapshot": True})
    assert answer["resync"] is True
    assert answer["seq"] == 3
    assert [device["status"]["switch:0"] for device in answer["snapshot"]["devices"]] == [{"n": 2}]
    assert "snapshot" not in await subscribe(client, STATUS, since=since)
    assert events(client) == []


async def test_a_snapshot_holds_what_the_caller_wants_and_may_see(world: World, guest: Principal) -> None:
    for number in range(4):
        world.shelly(f"shellyx-{number:012x}")
    world.denied.add(("guest", "device.get", DeviceId("shellyx-000000000001")))
    client = world.client(guest)
    answer = await subscribe(client, STATUS, options={"snapshot": True})
    assert [device["shellyID"][-1] for device in answer["snapshot"]["devices"]] == ["0", "2", "3"]
    wanted = ["SHELLYX-000000000001", "SHELLYX-000000000002"]
    answer = await subscribe(client, STATUS, options={"snapshot": True, "shellyIDs": wanted})
    assert [device["shellyID"][-1] for device in answer["snapshot"]["devices"]] == ["2"]


@pytest.mark.parametrize("status", ["full", "changed"])
async def test_snapshot_and_stream_have_neither_gap_nor_overlap_that_matters(
    world: World, client: Client, until: Until, status: str
) -> None:
    shellies = [world.shelly(f"shellyx-{number:012x}") for number in range(500)]
    for shelly in shellies:
        change(world, shelly, 0)
    asked = asyncio.ensure_future(subscribe(client, STATUS, options={"snapshot": True, "status": status}))
    for value in range(1, 40):
        for shelly in shellies[value::7]:
            change(world, shelly, value)
        await asyncio.sleep(0)
    answer = await asked
    await until(lambda: bool(events(client)) and events(client)[-1]["seq"] == world.bus.seq)
    known = {device["shellyID"]: device["status"] for device in answer["snapshot"]["devices"]}
    for frame in events(client):
        assert frame["seq"] > answer["seq"]
        known[frame["params"]["shellyID"]].update(frame["params"]["status"])
    assert known == {shelly.twin.id: shelly.twin.status for shelly in shellies}


async def test_a_client_that_takes_frames_as_they_come_knows_the_fleet(
    world: World, client: Client, until: Until
) -> None:
    shellies = [world.shelly(f"shellyx-{number:012x}") for number in range(500)]
    client.say(
        {"id": 1, "method": "FleetManager.Subscribe", "params": {"events": ["Shelly.*"], "options": {"snapshot": True}}}
    )
    for value in range(1, 12):
        for shelly in shellies[value::7]:
            change(world, shelly, value)
        gone, come = shellies[value].twin, world.shelly(f"shellyy-{value:012x}").twin
        world.fleet.remove(gone)
        world.bus.publish("Shelly.Disconnect", {"shellyID": gone.id}, device=gone.id)
        world.bus.publish("Shelly.Connect", {"shellyID": come.id}, device=come.id)
        shellies[value] = world.shelly(f"shellyz-{value:012x}")
        change(world, shellies[value], value)
        await asyncio.sleep(0)
    await until(lambda: client.received != [] and world.bus.seq in {frame.get("seq") for frame in client.received})
    await until(lambda: any("id" in frame for frame in client.received))
    known: dict[str, Any] = {}
    for frame in client.received:
        if "id" in frame:
            known = {device["shellyID"]: device["status"] for device in frame["result"]["snapshot"]["devices"]}
        elif frame["method"] == "Shelly.Disconnect":
            known.pop(frame["params"]["shellyID"], None)
        elif frame["method"] == "Shelly.Connect":
            known[frame["params"]["shellyID"]] = {"sys": {}}
        else:
            known.setdefault(frame["params"]["shellyID"], {}).update(frame["params"]["status"])
    assert known == {twin.id: twin.status for twin in world.fleet}


async def test_what_a_client_may_not_see_it_never_hears_of(world: World, guest: Principal, until: Until) -> None:
    world.denied.add(("guest", "device.get", "hidden"))
    client = world.client(guest)
    await subscribe(client, "*")
    for device in ("hidden", "shown"):
        world.bus.publish("Shelly.Connect", {"shellyID": device}, device=DeviceId(device))
    await until(lambda: bool(events(client)))
    assert [frame["params"]["shellyID"] for frame in events(client)] == ["shown"]


async def test_a_notice_that_names_a_device_is_for_who_may_see_it(world: World, guest: Principal, until: Until) -> None:
    seen, hidden = DeviceId("shellyx-000000000001"), DeviceId("shellyx-000000000002")
    world.denied.add(("guest", "device.get", hidden))
    client, voice = world.client(guest), Voice(world.bus)
    await subscribe(client, "NotifyEvent")
    for device in (hidden, seen, None):
        voice.notify("device", "waiting_room_updated", device=device)
    await until(lambda: len(events(client)) == 2)
    assert [frame["params"]["events"][0].get("shellyID") for frame in events(client)] == [seen, None]


async def test_two_sessions_of_one_user_hear_according_to_their_own_groups(world: World, until: Until) -> None:
    def allows(principal: Principal, _permission: str, device: DeviceId | None) -> bool:
        return device is None or device in principal.groups

    world.allows = allows  # type: ignore[method-assign, assignment]  # the clients' rights are the test's
    members = [Principal(name="u", provider="p", groups=frozenset({group})) for group in ("a", "b")]
    clients = [world.client(member) for member in members]
    manager = FleetManagerMethods(bus=world.bus, fleet=world.fleet, allows=allows)
    world.method(manager.subscribe, "FleetManager.Subscribe")
    for client in clients:
        await subscribe(client, "*")
    for device in ("a", "b"):
        world.bus.publish("Shelly.Connect", {"shellyID": device}, device=DeviceId(device))
    await until(lambda: all(map(events, clients)))
    assert [[frame["params"]["shellyID"] for frame in events(client)] for client in clients] == [["a"], ["b"]]


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        {"events": []},
        {"events": "a"},
        {"events": ["a"], "more": 1},
        {"events": [""]},
        {"events": ["a"], "since": {"seq": 1}},
        {"events": ["a"], "since": {"epoch": "x", "seq": -1}},
        {"events": ["a"], "options": {"status": "some"}},
    ],
)
async def test_parameters_that_do_not_fit_are_told_and_subscribe_to_nothing(
    world: World, client: Client, params: Any
) -> None:
    (reply,) = await client.ask({"id": 1, "method": "FleetManager.Subscribe", "params": params})
    assert reply["error"]["code"] == -32602
    assert reply["error"]["data"]["errors"]
    assert world.bus.clients == 0


async def test_events_need_a_websocket(world: World) -> None:
    call: Call = world.call()
    with pytest.raises(InvalidRequest):
        await world.dispatcher.invoke("FleetManager.Subscribe", {"events": ["a"]}, call=call)


async def test_the_subscriptions_of_a_connection_are_bounded(world: World, client: Client) -> None:
    names = [f"e{number}" for number in range(200)]
    for _ in range(10):
        last = await subscribe(client, *names)
    (reply,) = await client.ask({"id": 1, "method": "FleetManager.Subscribe", "params": {"events": ["a"]}})
    assert reply["error"]["code"] == InvalidParams.code
    await client.ask({"id": 2, "method": "FleetManager.Unsubscribe", "params": {"ids": last["ids"]}})
    assert len((await subscribe(client, "a"))["ids"]) == 1


async def test_a_device_deleted_while_a_snapshot_is_made_is_not_in_it(world: World, client: Client) -> None:
    shellies = [world.shelly(f"shellyx-{number:012x}") for number in range(200)]
    asked = asyncio.ensure_future(subscribe(client, STATUS, options={"snapshot": True}))
    while not client.taken:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone = shellies[0].twin
    world.fleet.remove(gone)
    world.bus.publish("Shelly.Delete", {"shellyID": gone.id}, device=gone.id)
    answer = await asked
    assert len(answer["snapshot"]["devices"]) == 199
