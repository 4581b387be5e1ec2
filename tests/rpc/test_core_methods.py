"""``Device.*``, ``Entity.*`` and ``WaitingRoom.*``: what callers see, and only of devices they may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.door import Waiter, WaitingRoom
from fleet_platform.devices.queued import QueuedCalls
from fleet_platform.devices.voice import Voice
from fleet_platform.methods.device import DeviceMethods
from fleet_platform.methods.entity import EntityMethods
from fleet_platform.methods.listing import with_listings
from fleet_platform.methods.waiting_room import WaitingRoomMethods
from fleet_platform.storage.calls import QueuedCallStore
from fleet_platform.storage.database import Database
from fleet_platform.storage.migrations import core_migrations, migrate
from fleet_platform.storage.twins import TwinStore
from fleet_platform.text import decode, encode
from plugin_sdk import ComponentType, DeviceId, EntitySpec, JSONObject, Principal
from plugin_sdk.errors import DeviceOffline, FleetError, InvalidParams, NotFound, PermissionDenied, UnknownDevice

if TYPE_CHECKING:
    from tests.rpc.conftest import Shelly, World

A, B, C = (DeviceId(f"shelly{letter}-00000000000{letter}") for letter in "abc")

SWITCH = ComponentType(
    type="switch", namespace="Switch", title="Switch", entity=EntitySpec(suffix="out", type="switch", label="Output")
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
        for methods in (
            DeviceMethods(relay=world.relay, queued=self.queued, **parts).methods(),
            EntityMethods(composer=composer, types=lambda: types, **parts).methods(),
            WaitingRoomMethods(self.room).methods(),
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
        ({}, [B, C, A]),
    ],
)
async def test_filters_narrow_the_list(scene: Scene, filters: JSONObject, found: list[str]) -> None:
    assert ids(await scene.ask("Device.List", filters=filters)) == found


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 1_001}, {"filters": {"colour": 1}}, {"shape": "tree"}])
async def test_parameters_that_do_not_fit_are_told(scene: Scene, params: JSONObject) -> None:
    await scene.fails(InvalidParams, "Device.List", **params)


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
    number = (await stored.ask("Device.Call", shellyID=C, method="X.Y", queue=True))["queued"]
    (entry,) = await stored.ask("Device.ListQueued")
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
    assert await scene.ask("Entity.ListMethods") == ["getconfig", "getinfo", "getstatus", "list", "listmethods"]
    listed = await scene.ask("device.listmethods")
    assert {"list", "call", "acceptpending", "listmethods"} <= set(listed)
    assert with_listings(scene.world.dispatcher.methods).keys() == scene.world.dispatcher.methods.keys()
