"""``Device.*``, ``Entity.*`` and ``WaitingRoom.*``: what callers see, and only of devices they may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.door import TryLaterError, Waiter, WaitingRoom
from fleet_platform.devices.queued import QueuedCalls
from fleet_platform.devices.twin import Twin
from fleet_platform.devices.voice import Voice
from fleet_platform.methods.actions import ActionMethods
from fleet_platform.methods.device import DeviceMethods
from fleet_platform.methods.entity import EntityMethods
from fleet_platform.methods.listing import with_listings
from fleet_platform.methods.sending import SendingMethods
from fleet_platform.methods.waiting_room import WaitingRoomMethods
from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.rpc.destinations import Destinations
from fleet_platform.storage.calls import QueuedCallStore
from fleet_platform.storage.database import Database
from fleet_platform.storage.twins import TwinStore
from fleet_platform.text import decode, encode
from plugin_sdk import Action, ComponentType, DeviceId, EntitySpec, JSONObject, Parameter, Principal
from plugin_sdk.errors import DeviceOffline, FleetError, InvalidParams, NotFound, PermissionDenied, UnknownDevice

if TYPE_CHECKING:
    from tests.rpc.conftest import Shelly, World

A, B, C = (DeviceId(f"shelly{letter}-00000000000{letter}") for letter in "abc")

SWITCH = ComponentType(
    type="switch",
    namespace="Switch",
    title="Switch",
    entity=EntitySpec(suffix="out", type="switch", label="Output"),
    actions=(
        Action(name="toggle", method="Switch.Toggle", label="Toggle"),
        Action(
            name="set",
            method="Switch.Set",
            label="Set",
            parameters={"on": Parameter(schema={"type": "boolean"}, label="On", required=True)},
        ),
    ),
)


class Scene:
    """Three devices (the last one offline), and the core's methods about them."""

    def __init__(self, world: World, database: Database) -> None:
        self.world = world
        self.queued = QueuedCalls(store=QueuedCallStore(database), bus=world.bus, timeout_of=world.relay.timeout_of)
        self.room = WaitingRoom(
            fleet=world.fleet,
            store=TwinStore(database),
            voice=Voice(world.bus),
            expel=lambda _device: None,
            tally=world.tally,
        )
        types = {"switch": SWITCH}
        composer = Composer(lambda: types)
        self.shellies: dict[str, Shelly] = {}
        for number, device in enumerate((B, C, A), start=1):
            shelly = self.shellies[device] = world.shelly(device)
            shelly.twin.internal_id = number
            shelly.twin.status = {"sys": {}, "switch:0": {"output": device == A}}
            shelly.twin.set_info({"id": device, "name": f"Room {device[6]}"})
            shelly.twin.set_settings({"switch:0": {"name": None}})
            composer.refresh(shelly.twin)
        self.shellies[C].twin.link = None
        parts: dict[str, Any] = {"fleet": world.fleet, "allows": world.allows}

        async def forget(twin: Twin) -> None:
            world.fleet.remove(twin)

        entities = EntityMethods(composer=composer, types=lambda: types, **parts)
        destinations = Destinations(
            world.fleet, sets=lambda: {"group": lambda name, _principal: world.groups.get(name)}
        )
        for methods in (
            DeviceMethods(relay=world.relay, queued=self.queued, delete=forget, room=self.room, **parts).methods(),
            entities.methods(),
            ActionMethods(
                find=entities.find,
                composer=composer,
                relay=world.relay,
                allows=world.allows,
                types=lambda: types,
            ).methods(),
            SendingMethods(relay=world.relay, destinations=destinations).methods(),
            WaitingRoomMethods(self.room, **parts).methods(),
        ):
            for method in methods:
                world.method(
                    method.handler,
                    method.name,
                    permission=method.permission,
                    read_only=method.read_only,
                    aliases=method.aliases,
                )

    async def ask(self, method: str, who: Principal | None = None, /, **params: Any) -> Any:
        call = self.world.call() if who is None else self.world.call(who)
        return decode(encode(await self.world.dispatcher.invoke(method, params, call=call)))

    async def fails(
        self, kind: type[FleetError], method: str, who: Principal | None = None, /, **params: Any
    ) -> FleetError:
        with pytest.raises(kind) as caught:
            await self.ask(method, who, **params)
        return caught.value


@pytest.fixture
async def scene(world: World) -> Scene:
    """Without a database, which most methods do not need."""
    return Scene(world, Database("postgresql://nobody@127.0.0.1/nothing"))


@pytest.fixture
async def stored(world: World, database_dsn: str) -> AsyncIterator[Scene]:
    async with Database(database_dsn) as database:
        await migrate(database, [core_migrations()])
        yield Scene(world, database)


def ids(devices: list[JSONObject]) -> list[str]:
    return [device["shellyID"] for device in devices]


# ---- devices ------------------------------------------------------------------------------------------------


async def test_devices_are_listed_as_array_map_or_pages(scene: Scene) -> None:
    devices = await scene.ask("Device.List")
    assert ids(devices) == [B, C, A]
    by_id = await scene.ask("Device.List", shape="map")
    assert by_id == {device["shellyID"]: device for device in devices}
    first = await scene.ask("Device.List", limit=2)
    assert (ids(first["items"]), first["total"], first["cursor"]) == ([A, B], 3, B)
    last = await scene.ask("Device.List", limit=2, cursor=first["cursor"])
    assert (ids(last["items"]), last["total"], last["cursor"]) == ([C], 3, None)
    assert (await scene.ask("Device.List", limit=3))["cursor"] is None
    assert (await scene.ask("Device.List", cursor="zzz"))["items"] == []


async def test_a_page_goes_on_where_the_last_one_ended_whatever_came_or_went(scene: Scene) -> None:
    first = await scene.ask("Device.List", limit=1)
    scene.world.fleet.remove(scene.shellies[A].twin)
    scene.world.shelly("shellyab-0000000000ab")
    rest = await scene.ask("Device.List", limit=9, cursor=first["cursor"])
    assert ids(rest["items"]) == ["shellyab-0000000000ab", B, C]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"presence": "offline"}, [C]),
        ({"source": "ws"}, [B, A]),
        ({"shellyID": A}, [A]),
        ({"id": 1}, [B]),
        ({"presence": "online", "id": 2}, []),
        ({"shellyID": A.upper(), "source": None}, [A]),
        ({}, [B, C, A]),
    ],
)
async def test_filters_narrow_the_list(scene: Scene, filters: JSONObject, found: list[str]) -> None:
    assert ids(await scene.ask("Device.List", filters=filters)) == found


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 1_001},
        {"shape": "tree"},
        {"filters": {"presence": "here"}},
        {"filters": {"id": "1"}},
        {"filters": {"id": True}},
        {"filters": {"shellyID": 1}},
    ],
)
async def test_parameters_that_do_not_fit_are_told(scene: Scene, params: JSONObject) -> None:
    await scene.fails(InvalidParams, "Device.List", **params)


async def test_a_filter_by_anything_else_is_refused_with_what_there_is(scene: Scene) -> None:
    error = await scene.fails(InvalidParams, "Device.List", filters={"info": {}, "meta": 1})
    (fault,) = error.data["errors"]
    assert fault["path"] == "filters"
    assert "presence, source, shellyID and id, not by info, meta" in fault["message"]


async def test_who_may_not_see_a_device_sees_no_trace_of_it(scene: Scene, guest: Principal) -> None:
    scene.world.denied.add(("guest", "device.get", B))
    assert ids(await scene.ask("Device.List", guest)) == [C, A]
    assert (await scene.ask("Device.List", guest, limit=9))["total"] == 2
    assert await scene.ask("Device.GetStatus", guest) == {"devices_size": 2, "devices": [C, A]}
    for method in ("Device.Get", "Device.GetInfo", "Device.GetStatus", "Device.GetConfig"):
        await scene.fails(UnknownDevice, method, guest, id=B)
    assert f"{B}_0:out" not in await scene.ask("Entity.List", guest)
    await scene.fails(NotFound, "Entity.GetInfo", guest, id=f"{B}_0:out")
    assert (await scene.ask("Entity.GetStatus", guest))["entities_count"] == 2


@pytest.mark.parametrize("name", [A, A.upper(), "00000000000A"])
@pytest.mark.parametrize("parameter", ["id", "shellyID"])
async def test_a_device_is_told_of_by_any_of_its_names(scene: Scene, name: str, parameter: str) -> None:
    twin = scene.shellies[A].twin
    assert (await scene.ask("Device.Get", **{parameter: name}))["shellyID"] == A
    assert await scene.ask("Device.GetInfo", **{parameter: name}) == twin.info()
    assert await scene.ask("Device.GetStatus", **{parameter: name}) == twin.status
    assert await scene.ask("Device.GetConfig", **{parameter: name}) == twin.settings()


@pytest.mark.parametrize("number", [3, "3"])
async def test_a_device_is_told_of_by_its_number(scene: Scene, number: int | str) -> None:
    for method in ("Device.Get", "Device.GetInfo", "Device.GetStatus", "Device.GetConfig"):
        assert await scene.ask(method, id=number) == await scene.ask(method, shellyID=A)
    for unknown in (99, "99", True, -1, 1.5):
        await scene.fails(FleetError, "Device.Get", id=unknown)


async def test_the_list_of_devices_has_no_settings(scene: Scene) -> None:
    answer = await scene.ask("Device.SetConfig", config={})
    assert answer == {"component": "device", "event": "config_changed"}
    error = await scene.fails(InvalidParams, "Device.SetConfig", config={"name": "Room"})
    assert error.data["errors"][0]["path"] == "config.name"


async def test_a_device_that_is_not_named_or_not_there_is_told(scene: Scene) -> None:
    for method in ("Device.Get", "Device.GetInfo", "Device.GetConfig"):
        await scene.fails(InvalidParams, method)
        await scene.fails(UnknownDevice, method, id="nobody")


# ---- calls --------------------------------------------------------------------------------------------------


async def test_a_call_answers_with_the_devices_result(scene: Scene) -> None:
    answer = await scene.ask("Device.Call", shellyID=A, method="Switch.Set", params={"id": 0})
    assert answer == {"method": "Switch.Set", "params": {"id": 0}}
    assert await scene.ask("Device.Call", shellyID=A, method="X.Y", queue=True), "who is there is called at once"
    await scene.fails(DeviceOffline, "Device.Call", shellyID=C, method="X.Y")


async def test_a_call_needs_the_permission_of_the_devices_method(scene: Scene, guest: Principal) -> None:
    scene.world.denied.add(("guest", "x.y", C))
    for queue in (False, True):
        await scene.fails(PermissionDenied, "Device.Call", guest, shellyID=C, method="X.Y", queue=queue)


async def test_a_queued_call_is_listed_cancelled_by_who_may_make_it_and_gone(stored: Scene, guest: Principal) -> None:
    secret = {"config": {"sta": {"ssid": "home", "pass": "correct horse"}}}
    number = (await stored.ask("Device.Call", shellyID=C, method="X.Y", params=secret, queue=True))["queued"]
    (entry,) = await stored.ask("Device.ListQueued")
    assert entry["params"]["config"]["sta"]["ssid"] == "home"
    assert "correct horse" not in str(entry)
    assert (entry["id"], entry["shellyID"], entry["method"], entry["principal"]) == (number, C, "X.Y", "admin")
    assert await stored.ask("Device.ListQueued", shellyID=A) == []
    stored.world.denied.add(("guest", "x.y", C))
    await stored.fails(PermissionDenied, "Device.CancelQueued", guest, id=number)
    stored.world.denied.add(("guest", "device.get", C))
    assert await stored.ask("Device.ListQueued", guest) == []
    assert await stored.ask("Device.CancelQueued", id=number) == {"cancelled": True}
    await stored.fails(NotFound, "Device.CancelQueued", id=number)


async def test_a_device_that_is_back_with_another_twin_while_the_call_is_stored_gets_it(stored: Scene) -> None:
    asked = asyncio.ensure_future(stored.ask("Device.Call", shellyID=C, method="X.Y", queue=True))
    await asyncio.sleep(0)
    back = stored.world.shelly(C)
    await asked
    assert [frame["method"] for frame in back.got] == ["X.Y"]
    await asyncio.sleep(0.01)
    assert stored.queued.entries() == []


# ---- entities -----------------------------------------------------------------------------------------------


async def test_entities_are_told_with_their_part_of_the_device(scene: Scene) -> None:
    everything = await scene.ask("Entity.List")
    assert list(everything) == [f"{device}_0:out" for device in (B, C, A)]
    name = f"{A}_0:out"
    assert everything[name] == await scene.ask("Entity.GetInfo", id=name.upper())
    assert everything[name] == {"id": name, "name": "Room a", "type": "switch", "source": A, "properties": {"id": 0}}
    assert await scene.ask("Entity.GetStatus", id=name) == {"output": True}
    assert await scene.ask("Entity.GetConfig", id=name) == {"name": None}
    assert (await scene.ask("Entity.GetStatus"))["entities"] == list(everything)


@pytest.mark.parametrize("name", ["x", "_", f"{A}_1:out", f"{A}_0:in", "00000000000A_0:out", f"{A}"])
async def test_what_is_no_entity_is_not_found(scene: Scene, name: str) -> None:
    await scene.fails(NotFound, "Entity.GetInfo", id=name)


# ---- the waiting room ---------------------------------------------------------------------------------------


@pytest.fixture
async def waiting(stored: Scene) -> Scene:
    for name in ("x", "y", "z"):
        await stored.room.enter(DeviceId(name), {"sys": {}}, "new", b"{}")
    return stored


def numbered(scene: Scene, name: str) -> int:
    (number,) = [waiter.internal_id for waiter in scene.room.pending() if waiter.device == name]
    assert number is not None
    return number


async def test_only_those_that_are_named_may_be_asked_for(waiting: Scene) -> None:
    everybody = await waiting.ask("Device.GetPending")
    named = await waiting.ask("Device.GetPending", shellyIDs=["X", numbered(waiting, "y"), "nobody"])
    assert named == {name: everybody[name] for name in ("x", "y")}
    assert set(await waiting.ask("WaitingRoom.GetPending", shellyIDs=["x"])) == {str(numbered(waiting, "x"))}
    assert await waiting.ask("Device.GetPending", shellyIDs=[]) == {}
    assert await waiting.ask("Device.GetDenied", shellyIDs=["x"]) == {}


async def test_both_releases_of_the_predecessor_find_their_shape(waiting: Scene) -> None:
    by_number = await waiting.ask("WaitingRoom.GetPending")
    by_device = await waiting.ask("Device.GetPending")
    assert by_number == {str(numbered(waiting, name)): waiter for name, waiter in by_device.items()}
    assert list(by_device) == ["x", "y", "z"]
    assert by_device["x"]["presence"] == "pending"


@pytest.mark.parametrize(
    "method",
    [
        "WaitingRoom.AcceptPending",
        "WaitingRoom.AcceptPendingById",
        "Device.AcceptPending",
        "device.acceptpendingbyexternalid",
    ],
)
async def test_ids_of_every_kind_are_accepted_under_every_name(waiting: Scene, method: str) -> None:
    number = numbered(waiting, "y")
    answer = await waiting.ask(method, shellyIDs=["X"], ids=[number, 99_999], externalIds=["z", "nobody"])
    assert answer == {"success": ["x", "y", "z"], "error": ["99999", "nobody"]}
    assert await waiting.ask("Device.GetPending") == {}


async def test_who_is_rejected_is_listed_as_denied(waiting: Scene) -> None:
    assert await waiting.ask("Device.RejectPending", shellyIDs=["x"]) == {"success": ["x"], "error": []}
    assert list(await waiting.ask("Device.GetDenied")) == ["x"]
    ((_, denied),) = (await waiting.ask("WaitingRoom.GetDenied")).items()
    assert (denied["shellyID"], denied["presence"]) == ("x", "denied")


async def test_a_decision_about_nobody_named_is_no_decision(scene: Scene) -> None:
    for method in ("WaitingRoom.AcceptPending", "WaitingRoom.RejectPending"):
        await scene.fails(InvalidParams, method)
        assert await scene.ask(method, shellyIDs=[]) == {"success": [], "error": []}


async def test_all_names_of_a_decision_ask_for_one_permission(scene: Scene, guest: Principal) -> None:
    scene.room.load(Waiter(DeviceId("x")), "pending")
    scene.world.denied |= {("guest", "waitingroom.accept"), ("guest", "waitingroom.getpending")}
    for method in (
        "WaitingRoom.AcceptPendingById",
        "Device.AcceptPending",
        "Device.GetPending",
        "WaitingRoom.GetPending",
    ):
        await scene.fails(PermissionDenied, method, guest)


# ---- listings -----------------------------------------------------------------------------------------------


async def test_every_noun_lists_its_methods(scene: Scene) -> None:
    scene.world.dispatcher.methods = with_listings(scene.world.dispatcher.methods)
    assert await scene.ask("Entity.ListMethods") == [
        "describe",
        "getconfig",
        "getinfo",
        "getstatus",
        "invokeaction",
        "list",
        "listactions",
        "listmethods",
    ]
    listed = await scene.ask("device.listmethods")
    assert {"list", "call", "acceptpending", "listmethods"} <= set(listed)
    assert with_listings(scene.world.dispatcher.methods).keys() == scene.world.dispatcher.methods.keys()


# ---- forgetting a device -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [{"shellyID": A.upper()}, {"id": A}, {"id": 3}])
async def test_a_device_is_deleted_by_any_of_its_names(scene: Scene, named: JSONObject) -> None:
    assert await scene.ask("Device.Delete", **named) == {"deleted": A}
    with pytest.raises(UnknownDevice):
        await scene.ask("Device.Get", shellyID=A)
    with pytest.raises(UnknownDevice):
        await scene.ask("Device.Delete", **named)


@pytest.mark.parametrize("rejected", [False, True])
async def test_a_device_that_waits_or_was_rejected_is_forgotten(waiting: Scene, rejected: bool) -> None:
    for shelly in waiting.shellies.values():
        shelly.twin.internal_id = None  # the numbers of the scene are none of the database
    number = numbered(waiting, "y")
    _, decision = await waiting.room.enter(DeviceId("x"), {"sys": {}}, "new", b"{}")
    if rejected:
        await waiting.ask("Device.RejectPending", shellyIDs=["x", "y"])
    assert await waiting.ask("Device.Delete", shellyID="X") == {"deleted": "x"}
    assert await waiting.ask("Device.Delete", id=number) == {"deleted": "y"}
    assert (list(await waiting.ask("Device.GetPending")), await waiting.ask("Device.GetDenied")) == (["z"], {})
    assert waiting.world.fleet.access == {"z": "pending"}
    assert decision.done()
    assert rejected or isinstance(decision.exception(), TryLaterError)
    await waiting.fails(UnknownDevice, "Device.Delete", shellyID="x")


async def test_who_may_not_know_of_a_waiting_device_cannot_forget_it(waiting: Scene, guest: Principal) -> None:
    waiting.world.denied.add(("guest", "device.get", "x"))
    await waiting.fails(UnknownDevice, "Device.Delete", guest, shellyID="x")
    waiting.world.denied.add(("guest", "device.delete", "y"))
    await waiting.fails(PermissionDenied, "Device.Delete", guest, shellyID="y")
    assert len(waiting.room.pending()) == 3


# ---- one call to many devices --------------------------------------------------------------------------------


async def test_many_devices_answer_each_for_itself(scene: Scene, guest: Principal) -> None:
    scene.world.denied |= {("guest", "x.y", B)}
    scene.world.groups["1"] = [A, B]
    scene.shellies[A].answers["X.Y"] = {"result": None}
    answer = await scene.ask("FleetManager.SendRPC", guest, dst=["group:1", A.upper(), C, "nobody"], method="X.Y")
    assert list(answer) == [A, B, C, "nobody"], "each once, as it spells itself"
    assert answer[A] is None
    assert [answer[name]["code"] for name in (B, C, "nobody")] == [-32003, -32900, -32600]
    one = await scene.ask("FleetManager.SendRPC", dst=A, method="X.Z", params={"id": 1}, silent=True)
    assert one == {A: {"method": "X.Z", "params": {"id": 1}}}
    assert await scene.ask("FleetManager.SendRPC", dst=[], method="X.Y") == {}
    await scene.fails(NotFound, "FleetManager.SendRPC", dst="group:9", method="X.Y")


# ---- actions -------------------------------------------------------------------------------------------------


async def test_an_entity_does_what_its_type_can(scene: Scene, guest: Principal) -> None:
    entity = f"{A}_0:out"
    sent = await scene.ask("Entity.InvokeAction", id=entity.upper(), action="set", params={"on": True})
    assert sent == {"method": "Switch.Set", "params": {"id": 0, "on": True}}
    scene.world.denied.add(("guest", "switch.set", A))
    listed = await scene.ask("Entity.ListActions", guest, id=entity)
    assert [(action["name"], action["method"], action["allowed"]) for action in listed] == [
        ("toggle", "Switch.Toggle", True),
        ("set", "Switch.Set", False),
    ]
    await scene.fails(PermissionDenied, "Entity.InvokeAction", guest, id=entity, action="set", params={"on": True})
    scene.world.denied.add(("guest", "device.get", A))
    await scene.fails(NotFound, "Entity.InvokeAction", guest, id=entity, action="toggle")


async def test_several_entities_have_an_outcome_each(scene: Scene) -> None:
    wanted = [f"{A}_0:out", f"{C}_0:out", "nobody_0:out"]
    answer = await scene.ask("Entity.InvokeAction", ids=wanted, action="toggle")
    assert list(answer) == wanted
    assert answer[wanted[0]]["result"]["method"] == "Switch.Toggle"
    assert [answer[name]["error"]["code"] for name in wanted[1:]] == [-32900, -32004]
    assert await scene.ask("Entity.InvokeAction", ids=[], action="toggle") == {}


@pytest.mark.parametrize("named", [{}, {"id": f"{A}_0:out", "ids": []}])
async def test_an_action_is_of_one_entity_or_of_several(scene: Scene, named: JSONObject) -> None:
    await scene.fails(InvalidParams, "Entity.InvokeAction", action="toggle", **named)
