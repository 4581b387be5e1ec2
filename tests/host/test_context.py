"""The platform as a plugin sees it: everything in the plugin's name, and copies of everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from fleet_platform.devices.twin import Twin
from fleet_platform.host import HostServices
from fleet_platform.host.context import PluginFleet
from fleet_platform.rpc.dispatch import Dispatcher
from fleet_platform.rpc.methods import bind
from fleet_platform.rpc.relay import Relay
from plugin_sdk import Call, ComponentType, DeviceId, EntitySpec, Fleet, Method, Principal, Service, hookimpl
from plugin_sdk.errors import (
    Conflict,
    DeviceOffline,
    MethodNotFound,
    PermissionDenied,
    PluginError,
    Unavailable,
    UnknownDevice,
)

LAMP = ComponentType(
    type="lamp", namespace="Lamp", title="Lamp", entity=EntitySpec(suffix="out", type="lamp", label="Lamp")
)


class Plugin:
    @hookimpl
    def fleet_register_components(self) -> Any:
        return [LAMP]


@pytest.fixture
async def fleet(open_host: Any) -> Any:
    async with open_host(plugin=Plugin) as host:
        yield host._lives["plugin"].plugin.fleet


def add_device(services: HostServices, name: str = "device-a8032abb995c") -> Twin:
    twin = Twin(DeviceId(name), {"lamp:0": {"on": True}})
    twin.set_settings({"lamp:0": {"name": "Hall"}})
    twin.set_info({"id": name})
    services.devices.add(twin)
    return twin


async def test_it_is_what_the_sdk_promises(fleet: Any) -> None:
    assert isinstance(fleet, Fleet)
    assert fleet.plugin == "plugin"
    assert fleet.log.name == "fleet.plugin.plugin"
    assert fleet.settings is None


async def test_devices_are_copies_free_to_change(fleet: Any, services: HostServices) -> None:
    twin = add_device(services)
    device = fleet.devices.get("A8032ABB995C")
    device.status["lamp:0"]["on"] = "changed"
    device.settings["lamp:0"] = "changed"
    device.info["id"] = "changed"
    assert twin.status == {"lamp:0": {"on": True}}
    assert device.status == {"lamp:0": {"on": True}}
    assert device.settings == {"lamp:0": {"name": "Hall"}}
    assert (device.id, device.presence, device.info) == (twin.id, "offline", {"id": twin.id})
    assert fleet.devices.get("nobody") is None


async def test_devices_have_entities_by_the_types_in_force(fleet: Any, services: HostServices) -> None:
    add_device(services)
    (device,) = fleet.devices
    assert len(fleet.devices) == 1
    assert [(entity.id, entity.name) for entity in device.entities] == [("device-a8032abb995c_0:out", "Hall")]


async def test_calls_to_devices_go_through_the_relay(fleet: Any, services: HostServices) -> None:
    add_device(services)
    with pytest.raises(UnknownDevice):
        await fleet.call("nobody", "Lamp.Toggle")
    with pytest.raises(DeviceOffline):
        await fleet.call("device-a8032abb995c", "Lamp.Toggle", {"id": 0}, timeout_s=1)
    assert services.relay.calls == {"-32600": 1, "-32900": 1}


async def test_methods_are_called_in_the_plugins_name_and_answer_plain_json(
    open_host: Any, services: HostServices
) -> None:
    seen: list[Any] = []

    def who(call: Call, text: str = "") -> Any:
        seen.append(call)
        return {"text": text, "groups": frozenset({"a"})}

    dispatcher = Dispatcher(
        lambda principal, permission, _device: (principal.provider, permission) == ("plugin", "a.b")
    )
    dispatcher.methods = {"a.b": bind(Method(name="A.B", handler=who), plugin="core")}
    async with open_host(replace(services, invoke=dispatcher.invoke), plugin=Plugin) as host:
        fleet = host._lives["plugin"].plugin.fleet
        assert await fleet.invoke("A.B", {"text": "hello"}) == {"text": "hello", "groups": ["a"]}
        assert (seen[0].principal.name, seen[0].principal.provider) == ("plugin", "plugin")
        with pytest.raises(MethodNotFound):
            await fleet.invoke("A.C")


async def test_calls_and_errors_of_its_methods_are_counted(open_host: Any) -> None:
    class Methods:
        @hookimpl
        def fleet_register_methods(self) -> Any:
            return [
                Method(name="M.Sync", handler=lambda: 1 / 0),
                Method(name="M.Async", handler=self.fail),
                Method(name="M.Good", handler=self.good),
            ]

        async def fail(self) -> None:
            raise ValueError

        async def good(self) -> int:
            return 7

    async with open_host(methods=Methods) as host:
        dispatcher = Dispatcher(lambda *_: True)
        dispatcher.methods = host.tables.methods
        call = Call(principal=Principal(name="n", provider="p"), request_id="1")
        for name in ("M.Sync", "M.Async"):
            with pytest.raises(Exception, match="Internal"):
                await dispatcher.invoke(name, None, call=call)
        assert await dispatcher.invoke("M.Good", None, call=call) == 7
        assert host.records["methods"].counters["calls"] == 3
        assert host.records["methods"].counters["errors"] == 2


async def test_secrets_go_to_whoever_runs_the_platform(open_host: Any, services: HostServices) -> None:
    shown: list[Any] = []
    async with open_host(replace(services, reveal=lambda *what: shown.append(what)), plugin=Plugin) as host:
        host._lives["plugin"].plugin.fleet.reveal("password", "hunter2")
    assert shown == [("password", "hunter2")]


async def test_subscription_gets_what_comes_while_it_is_open(fleet: Any, services: HostServices) -> None:
    services.bus.publish("Some.Early", {})
    async with fleet.subscribe("Some.*", "Other.One") as events:
        for name in ("Some.A", "Other.One", "Other.Two", "Some.B"):
            services.bus.publish(name, {})
        assert [(await anext(events)).method for _ in range(3)] == ["Some.A", "Other.One", "Some.B"]
    services.bus.publish("Some.Late", {})
    assert [event async for event in events] == []


async def test_slow_subscription_loses_its_oldest_events_and_counts_them(fleet: Any, services: HostServices) -> None:
    async with fleet.subscribe("Some.*", queue_size=2) as events:
        for number in range(5):
            services.bus.publish(f"Some.{number}", {})
        assert [(await anext(events)).method for _ in range(2)] == ["Some.3", "Some.4"]
    assert fleet.record.tally["events_missed"] == 3


async def test_subscription_wakes_its_reader(fleet: Any, services: HostServices) -> None:
    async with fleet.subscribe("Some.*") as events:
        asyncio.get_running_loop().call_later(0.01, services.bus.publish, "Some.Event", {})
        assert (await anext(events)).method == "Some.Event"


async def test_task_name_can_be_used_once_at_a_time(fleet: Any) -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    fleet.start(work, name="work")
    with pytest.raises(Conflict):
        fleet.start(work, name="work")


async def test_stopped_plugin_can_start_and_publish_nothing(open_host: Any) -> None:
    async with open_host(plugin=Plugin) as host:
        fleet: PluginFleet = host._lives["plugin"].plugin.fleet
    with pytest.raises(Unavailable):
        fleet.start(lambda: asyncio.sleep(0), name="late")
    with pytest.raises(Unavailable):
        fleet.publish("Plugin.Late", {})


@pytest.fixture
async def site() -> AsyncIterator[Any]:
    """A web server that answers in several ways; yields its address."""

    async def echo(request: web.Request) -> web.Response:
        return web.json_response(
            {"got": await request.text(), "type": request.content_type, "x": request.headers.get("X-Own")}
        )

    async def big(_request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 100_000)

    async def slow(_request: web.Request) -> web.Response:
        await end.wait()
        return web.Response()

    end = asyncio.Event()
    app = web.Application()
    app.add_routes([web.post("/echo", echo), web.get("/big", big), web.get("/slow", slow)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    end.set()
    await runner.cleanup()


async def test_http_sends_json_and_decodes_the_answer(fleet: Any, site: Any) -> None:
    answer = await fleet.http.request("POST", f"{site}/echo", json={"a": 1}, headers={"X-Own": "y"})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {"got": '{"a":1}', "type": "application/json", "x": "y"}
    missing = await fleet.http.request("GET", f"{site}/missing")
    assert missing.status == 404


@pytest.mark.parametrize(
    ("path", "limits"), [("/big", {"max_bytes": 1000}), ("/slow", {"timeout_s": 0.05}), (":1/refused", {})]
)
async def test_http_that_fails_or_exceeds_its_limits_is_unavailable(
    fleet: Any, site: Any, path: str, limits: Any
) -> None:
    url = "http://127.0.0.1:1/" if path == ":1/refused" else f"{site}{path}"
    with pytest.raises(Unavailable) as error:
        await fleet.http.request("GET", url, **limits)
    assert "127.0.0.1" not in str(error.value)


# ---- on behalf of others, and what plugins offer to one another ---------------------------------------------------


async def test_one_value_is_read_without_copying_the_rest(fleet: Any, services: HostServices) -> None:
    twin = add_device(services)
    twin.status["lamp:0"]["colour"] = [1, 2]
    device = fleet.devices.get(twin.id)
    assert (device.read("lamp:0.on"), device.read("lamp:0.dim"), device.read("lamp:1.on.x")) == (True, None, None)
    device.read("lamp:0.colour").append(3)
    device.read("lamp:0")["on"] = "changed"
    assert twin.status == {"lamp:0": {"on": True, "colour": [1, 2]}}


async def test_who_a_call_is_made_for_must_be_allowed_to(open_host: Any, services: HostServices) -> None:
    add_device(services)
    ann, bob = (Principal(name=name, provider="people") for name in ("ann", "bob"))
    relay = Relay(
        fleet=services.devices, allows=lambda who, what, _: (who.name, what) != ("bob", "lamp.toggle"), types=dict
    )
    asked: list[Any] = []
    dispatcher = Dispatcher(lambda principal, *_: principal.name != "bob")

    def ask(call: Call) -> None:
        asked.append(call)

    dispatcher.methods = {"a.b": bind(Method(name="A.B", handler=ask), plugin="core")}
    async with open_host(replace(services, relay=relay, invoke=dispatcher.invoke), plugin=Plugin) as host:
        fleet = host._lives["plugin"].plugin.fleet
        with pytest.raises(DeviceOffline):
            await fleet.call("device-a8032abb995c", "Lamp.Toggle", on_behalf_of=ann)
        with pytest.raises(PermissionDenied):
            await fleet.call("device-a8032abb995c", "Lamp.Toggle", on_behalf_of=bob)
        with pytest.raises(PermissionDenied):
            await fleet.invoke("A.B", on_behalf_of=bob)
    assert not asked
    assert not fleet.allows(bob, "switch.set")
    assert fleet.allows(ann, "switch.set", "device-a8032abb995c")
    assert await fleet.find_principal("ann", "people") == ann
    assert await fleet.find_principal("bob", "people") is None
    assert await fleet.find_principal("plugin", "plugin") == Principal(name="plugin", provider="plugin")


async def test_services_of_an_interface_are_found_by_name(open_host: Any, services: HostServices) -> None:
    contributed = [
        ("a", Service(interface="job_type", name="backup", implementation=1)),
        ("b", Service(interface="job_type", name="call", implementation=2)),
        ("b", Service(interface="other", name="call", implementation=3)),
    ]
    async with open_host(replace(services, contributed=lambda: contributed), plugin=Plugin) as host:
        fleet = host._lives["plugin"].plugin.fleet
        assert fleet.services("job_type") == {"backup": 1, "call": 2}
        assert fleet.services("none") == {}


async def test_only_components_of_its_own_reported_types_may_be_reported(
    open_host: Any, services: HostServices
) -> None:
    class Reporter:
        @hookimpl
        def fleet_register_components(self) -> Any:
            return [LAMP, replace(LAMP, type="beacon", namespace="Beacon", reported=True)]

    twin = add_device(services)
    async with open_host(plugin=Reporter) as host:
        fleet = host._lives["plugin"].plugin.fleet
        mine: dict[str, Any] = {"beacon:3": {"rssi": -60, "seen": {"ts": 1}}}
        fleet.report(twin.id.upper(), mine)
        mine["beacon:3"]["seen"]["ts"] = 2
        assert twin.status["beacon:3"] == {"rssi": -60, "seen": {"ts": 1}}
        fleet.report(twin.id, {"beacon:3": {"rssi": -61}})
        assert twin.status["beacon:3"] == {"rssi": -61, "seen": {"ts": 1}}
        for key in ("lamp:0", "switch:0", "nothing"):
            with pytest.raises(PluginError):
                fleet.report(twin.id, {key: {"on": False}})
        with pytest.raises(UnknownDevice):
            fleet.report("nobody", {})
        fleet.report(twin.id, {"beacon:3": None, "beacon:4": None})
    assert twin.status == {"lamp:0": {"on": True}}
    with pytest.raises(Unavailable):
        fleet.report(twin.id, {"beacon:3": {}})


async def test_events_of_reported_components_are_told_like_those_of_devices(
    open_host: Any, services: HostServices
) -> None:
    class Reporter:
        @hookimpl
        def fleet_register_components(self) -> Any:
            return [replace(LAMP, type="beacon", namespace="Beacon", reported=True)]

    twin = add_device(services)
    emitted: list[tuple[str, Any]] = []
    services = replace(services, emit=lambda _twin, component, event: emitted.append((component, event)))
    async with open_host(services, plugin=Reporter) as host:
        fleet = host._lives["plugin"].plugin.fleet
        fleet.emit(twin.id, "beacon:3", "single_push", {"idx": 1})
        with pytest.raises(PluginError):
            fleet.emit(twin.id, "lamp:0", "single_push")
        with pytest.raises(UnknownDevice):
            fleet.emit("nobody", "beacon:3", "single_push")
    assert emitted == [("beacon:3", {"idx": 1, "event": "single_push"})]


async def test_subscription_may_be_for_components_alone(fleet: Any, services: HostServices) -> None:
    twin = add_device(services)
    async with fleet.subscribe("Shelly.*", components=["lamp"]) as events:
        services.bus.publish_status(twin, {"sys": {"uptime": 1}})
        services.bus.publish_status(twin, {"lamp:0": {"on": False}})
        event = await anext(events)
    assert event.params["status"].keys() == {"lamp:0"}


async def test_subscription_gives_all_that_waits_and_tells_what_was_missed(fleet: Any, services: HostServices) -> None:
    async with fleet.subscribe("Some.*", queue_size=2) as events:
        services.bus.publish("Some.Thing", {"n": 0})
        assert [event.params["n"] for event in await events.batch()] == [0]
        assert events.missed == 0
        for number in range(5):
            services.bus.publish("Some.Thing", {"n": number})
        assert [event.params["n"] for event in await events.batch()] == [3, 4]
        assert events.missed == 3
    assert await events.batch() == []


async def test_status_event_names_the_components_that_changed(fleet: Any, services: HostServices) -> None:
    twin = add_device(services)
    async with fleet.subscribe("Shelly.*") as events:
        services.bus.publish_status(twin, {"sys": {"uptime": 1}, "lamp:0": None})
        event = await anext(events)
    assert event.changes == {"sys": ("uptime",), "lamp:0": None}


async def test_status_event_tells_what_came_or_was_read_as_a_whole(fleet: Any, services: HostServices) -> None:
    twin = add_device(services)
    came = {"on": False}
    twin.status["lamp:0"] = came
    async with fleet.subscribe("Shelly.*") as events:
        services.bus.publish_status(twin, {"lamp:0": came})
        services.bus.publish_status(twin)
        assert (await anext(events)).changes == {"lamp:0": None}
        assert (await anext(events)).changes == dict.fromkeys(twin.status)


def test_device_names_its_components(fleet: Any, services: HostServices) -> None:
    twin = add_device(services)
    twin.status = {"sys": {}, "lamp:0": None, "switch:0": {"output": True}}
    assert fleet.devices.get(twin.id).components == ("sys", "switch:0")
