"""Faults on demand: what each does to the server, and that it can be undone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import BadFault, Device, Simulator, Timing
from fleet_platform.simulator.faults.answers import AnswersError
from fleet_platform.simulator.faults.connection import Slows
from fleet_platform.simulator.faults.order import Order, read_order
from fleet_platform.simulator.faults.pipe import LIMIT
from fleet_platform.simulator.faults.table import FAULTS, meaning_of, parameters_of, read_fault
from plugin_sdk import ComponentType

if TYPE_CHECKING:
    from tests.simulator.conftest import Eventually, Home, Visit


@pytest.fixture
async def device(home: Home, sim: Simulator) -> Device:
    """A device that has said hello."""
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    return device


def full(home: Home, device: Device) -> list[dict[str, Any]]:
    return home.frames(device.id, "NotifyFullStatus")


async def until_full(home: Home, device: Device, times: int) -> None:
    """Wait until the device has said all so many times."""
    await home.until(lambda: len(full(home, device)) == times)


def is_open(visit: Visit) -> bool:
    return visit.closed is None


async def reply_to(visit: Visit, home: Home) -> Any:
    """Ask by one certain connection."""
    await visit.ws.send_json({"id": 7, "src": "x", "method": "Shelly.GetDeviceInfo"})
    text = await home.until(lambda: next((text for text in visit.texts if '"id":7' in text), None))
    return json.loads(text)


# ---- the mechanism --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAULTS)
async def test_every_fault_can_be_undone(name: str, home: Home, sim: Simulator, device: Device) -> None:
    device.faults.start(name)
    sim.advance(25)
    device.faults.stop()
    assert device.faults.active == []
    await device.drop()
    device.reconnect()
    visits = len(home.visits)
    await home.until(lambda: len(home.visits) > visits and home.visits[-1].frames)
    assert (await home.call(device.id, "Shelly.GetDeviceInfo"))["id"] == device.id
    device.report("switch:0", {"apower": 77.0})
    await home.until(lambda: {"apower": 77.0} in home.status(device.id, "switch:0"))


@pytest.mark.parametrize("name", FAULTS)
async def test_a_simulator_ends_in_order_whatever_is_wrong(
    name: str, home: Home, types: Mapping[str, ComponentType]
) -> None:
    async with Simulator(home.url, types=types, seed=1) as sim:
        device = await sim.add("Plus1PM")
        await home.until(lambda: home.frames(device.id))
        device.faults.start(name)
        sim.advance(6)
    await home.until(lambda: all(visit.closed for visit in home.visits))


async def test_faults_at_work_are_listed_until_they_are_over(sim: Simulator, device: Device) -> None:
    device.faults.start("slow", delay_s=0.5, for_s=30)
    device.faults.start("clock", seconds=-5)
    device.faults.start("garbage", kind="text")
    assert device.faults.active == [read_fault("slow", {"delay_s": 0.5}), read_fault("clock", {"seconds": -5})]
    sim.advance(29)
    assert [fault.name for fault in device.faults.active] == ["slow", "clock"]
    sim.advance(1)
    assert [fault.name for fault in device.faults.active] == ["clock"]
    device.faults.stop("clock")
    device.faults.stop("clock")
    assert device.faults.active == []


async def test_a_fault_that_is_started_again_takes_the_place_of_the_first(sim: Simulator, device: Device) -> None:
    device.faults.start("clock", seconds=10, for_s=5)
    device.faults.start("clock", seconds=20)
    sim.advance(6)
    assert device.faults.active == [read_fault("clock", {"seconds": 20})]
    device.faults.start("error", method="Switch.Set", code=1)
    device.faults.start("error", method="Switch.Toggle", code=2)
    device.faults.start("error", method="SWITCH.SET", code=3)
    errors = [fault for fault in device.faults.active if isinstance(fault, AnswersError)]
    assert [(fault.method, fault.code) for fault in errors] == [("Switch.Toggle", 2), ("SWITCH.SET", 3)]


async def test_a_fault_that_was_started_before_the_device_connects_waits_for_it(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM", wait=False)
    device.faults.start("garbage", kind="text", size=20)
    await device.connected()
    visit = await home.until(lambda: home.visits and home.visits[0])
    await home.until(lambda: len(visit.texts) == 2)
    assert json.loads(visit.texts[0])["method"] == "NotifyFullStatus"
    assert len(visit.texts[1]) == 20
    assert device.faults.active == []


async def test_a_line_stays_slow_over_reconnects_and_restarts(home: Home, sim: Simulator, device: Device) -> None:
    device.faults.start("slow", delay_s=500)
    device.power.switch_off()
    device.power.switch_on()
    sim.advance(1)
    await device.connected()
    sim.advance(498)
    assert len(full(home, device)) == 1
    sim.advance(2)
    await until_full(home, device, 2)


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("slo", {}, "unknown fault 'slo'; did you mean slow?"),
        ("zzzzzz", {}, "unknown fault 'zzzzzz'"),
        ("slow", {"dely_s": 1}, "unknown parameter of slow 'dely_s'; did you mean delay_s?"),
        ("slow", {"delay_s": "long"}, "delay_s of slow: 'long': expected a number"),
        ("slow", {"delay_s": -1}, "delay_s of slow: '-1': expected 0 or more"),
        ("slow", {"delay_s": float("nan")}, "delay_s of slow: 'nan': expected a finite number"),
        ("garbage", {"kind": "smell"}, "kind of garbage: 'smell': expected raw, text, binary, json or utf8"),
    ],
)
async def test_what_is_no_fault_is_told_with_the_nearest(
    name: str, parameters: dict[str, Any], words: str, device: Device
) -> None:
    with pytest.raises(BadFault) as caught:
        device.faults.start(name, **parameters)
    assert str(caught.value).startswith(words)
    assert device.faults.active == []


def test_every_fault_and_every_parameter_says_what_it_is() -> None:
    for name, kind in FAULTS.items():
        assert kind.name == name
        assert meaning_of(kind).endswith("."), name
        assert all(each.meaning for each in parameters_of(kind)), name
        assert kind() == read_fault(name.upper(), {})


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("slow", Order(fault=Slows(), on="all", for_s=None)),
        ("slow:delay_s=2", Order(fault=Slows(delay_s=2), on="all", for_s=None)),
        ("slow:delay_s=2, for=1m30s@*plug*", Order(fault=Slows(delay_s=2), on="*plug*", for_s=90)),
        ("slow:for=5@Room 101", Order(fault=Slows(), on="Room 101", for_s=5)),
        ("error:message=a: b@x", Order(fault=AnswersError(message="a: b"), on="x", for_s=None)),
    ],
)
def test_an_order_names_a_fault_its_parameters_and_its_devices(text: str, order: Order) -> None:
    assert read_order(text) == order


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' names no fault; expected NAME[:PARAMETER=VALUE,…][@DEVICES]"),
        (":delay_s=2", "':delay_s=2' names no fault; expected NAME[:PARAMETER=VALUE,…][@DEVICES]"),
        ("@Hall", "'@Hall' names no fault; expected NAME[:PARAMETER=VALUE,…][@DEVICES]"),
        ("slow@", "'slow@' names no devices behind @; leave it out for all"),
        ("slow:", "'slow:' lacks a parameter behind : or a comma; expected PARAMETER=VALUE"),
        ("slow:delay_s=1,", "'slow:delay_s=1,' lacks a parameter behind : or a comma; expected PARAMETER=VALUE"),
        ("slow:=1", "'slow:=1' lacks a parameter behind : or a comma; expected PARAMETER=VALUE"),
        ("slow:delay_s=1,delay_s=2", "'slow:delay_s=1,delay_s=2' gives 'delay_s' a second time"),
        ("slow:for=1,for=2", "'slow:for=1,for=2' gives 'for' a second time"),
        ("slow:2", "'slow:2' gives '2' no value; expected 2=VALUE"),
        ("slow:for=soon", "for: 'soon': expected a span of time such as 10s, 1m30s or 2h"),
        ("slow:delay=2", "unknown parameter of slow 'delay'; did you mean delay_s?"),
    ],
)
def test_a_bad_order_says_why(text: str, words: str) -> None:
    with pytest.raises(BadFault) as caught:
        read_order(text)
    assert str(caught.value) == words


# ---- the connection -------------------------------------------------------------------------------------


async def test_drop_stays_away_for_as_long_as_it_lasts(home: Home, sim: Simulator, device: Device) -> None:
    visit = home.visit(device.id)
    device.faults.start("drop", for_s=100)
    await home.until(lambda: visit.closed)
    assert visit.closed is not None
    assert visit.closed[0] == 1006
    device.power.switch_off()
    device.power.switch_on()
    sim.advance(90)
    assert not device.session.link.wanted
    sim.advance(10)
    await until_full(home, device, 2)


async def test_drop_may_come_back_at_once(home: Home, device: Device) -> None:
    device.faults.start("drop", stay_away=False)
    assert device.faults.active == []
    await until_full(home, device, 2)


async def test_flapping_goes_and_comes(home: Home, sim: Simulator, device: Device) -> None:
    device.faults.start("flapping", up_s=100, down_s=50)
    for times in (1, 2, 3):
        sim.advance(100)
        await device.disconnected()
        sim.advance(50)
        await device.connected()
        await until_full(home, device, times + 1)


async def test_half_open_keeps_the_socket_and_says_and_hears_nothing(
    home: Home, sim: Simulator, device: Device
) -> None:
    visit = home.visit(device.id)
    device.faults.start("half_open", for_s=300)
    device.report("switch:0", {"apower": 1.0})
    asked = asyncio.create_task(home.ask(device.id, "Shelly.GetDeviceInfo"))
    assert (await asyncio.wait([asked], timeout=0.2))[0] == set()
    assert len(visit.frames) == 1
    sim.advance(300)
    assert (await asked)["result"]["id"] == device.id
    await home.until(lambda: home.status(device.id, "switch:0"))
    assert visit.closed is None


async def test_half_open_may_open_a_new_connection_beside_the_old(home: Home, sim: Simulator, device: Device) -> None:
    old = home.visit(device.id)
    device.faults.start("half_open", new_after_s=60)
    sim.advance(59)
    assert len(home.visits) == 1
    sim.advance(1)
    await until_full(home, device, 2)
    new = home.visit(device.id)
    assert new is not old
    assert is_open(old)
    assert sim.stats.connected == 1
    device.report("switch:0", {"apower": 1.0})
    await home.until(lambda: len(new.frames) == 2)
    device.faults.stop("half_open")
    await home.until(lambda: not is_open(old))
    assert is_open(new)
    assert len(old.frames) == 1


async def test_a_device_that_started_anew_gives_up_no_second_connection(
    home: Home, sim: Simulator, device: Device
) -> None:
    device.faults.start("half_open", new_after_s=60)
    device.power.switch_off()
    device.power.switch_on()
    sim.advance(1)
    await until_full(home, device, 2)
    sim.advance(60)
    assert device.session.link.connections == 2
    assert (await home.call(device.id, "Shelly.GetDeviceInfo"))["id"] == device.id


async def test_a_frozen_device_tells_all_in_one_frame_when_it_thaws(
    home: Home, device: Device, eventually: Eventually
) -> None:
    device.freeze()
    for watts in (1.0, 2.0, 3.0):
        device.report("switch:0", {"apower": watts})
        await asyncio.sleep(0)
    device.report("switch:0", {"voltage": 229.0})
    await home.visit(device.id).ws.ping(b"?")
    device.thaw()
    await home.until(lambda: home.status(device.id, "switch:0"))
    assert home.status(device.id, "switch:0") == [{"apower": 3.0, "voltage": 229.0}]


async def test_a_slow_line_keeps_the_order(home: Home, sim: Simulator, device: Device, eventually: Eventually) -> None:
    device.faults.start("slow", delay_s=60)
    asked = asyncio.create_task(home.ask(device.id, "Shelly.GetDeviceInfo"))
    await eventually(lambda: device.requests)
    device.report("switch:0", {"apower": 1.0})
    await asyncio.sleep(0)
    sim.advance(59)
    assert not home.status(device.id, "switch:0")
    sim.advance(1)
    assert (await asked)["result"]["id"] == device.id
    await home.until(lambda: home.status(device.id, "switch:0"))
    assert "result" in json.loads(home.visit(device.id).texts[1])


async def test_what_waits_in_a_thin_line_is_bounded(
    home: Home, sim: Simulator, device: Device, eventually: Eventually
) -> None:
    device.faults.start("slow", delay_s=0, bytes_per_s=1)
    channel = device.session.link.channel
    assert channel is not None
    device.send_text("x" * (LIMIT + 1))
    assert not channel.writable
    told = sim.stats.notifications
    for watts in range(50):
        device.report("switch:0", {"apower": watts})
        await asyncio.sleep(0)
    assert sim.stats.notifications == told
    device.faults.stop("slow")
    await home.until(lambda: home.status(device.id, "switch:0"))
    assert home.status(device.id, "switch:0") == [{"apower": 49}]


@pytest.fixture
async def wire(types: Mapping[str, ComponentType]) -> AsyncIterator[Wire]:
    """A server that accepts a device and keeps its bytes as they come."""
    wire = Wire()
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/shelly"
    yield wire
    server.close()
    await server.wait_closed()


class Wire:
    """The server's side of connections, byte by byte."""

    def __init__(self) -> None:
        self.url = ""
        self.streams: list[bytearray] = []
        self.ended: list[bool] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from tests.simulator.test_channel import accept

        writer.write(accept(await reader.readuntil(b"\r\n\r\n")))
        number, stream = len(self.streams), bytearray()
        self.streams.append(stream)
        self.ended.append(False)
        while data := await reader.read(65_536):
            stream.extend(data)
        self.ended[number] = True
        writer.close()


async def test_packets_leave_piece_by_piece(
    wire: Wire, types: Mapping[str, ComponentType], eventually: Eventually
) -> None:
    async with Simulator(wire.url, types=types, timing=Timing(minutes=False)) as sim:
        device = await sim.add("Plus1PM")
        await eventually(lambda: wire.streams and len(wire.streams[0]) > 200)
        stream, before = wire.streams[0], len(wire.streams[0])
        device.faults.start("packets", size=10, gap_s=60)
        device.send_text("x" * 20)
        await eventually(lambda: len(stream) == before + 10)
        sim.advance(60)
        await eventually(lambda: len(stream) == before + 20)
        sim.advance(60)
        await eventually(lambda: len(stream) == before + 26)
        assert stream[before : before + 2] == b"\x81\x94"
        device.send_text("y" * 20)
        device.faults.stop()
        await eventually(lambda: len(stream) == before + 52)


async def test_a_truncated_frame_is_the_last_thing_of_a_connection(
    wire: Wire, types: Mapping[str, ComponentType], eventually: Eventually
) -> None:
    async with Simulator(wire.url, types=types, timing=Timing(minutes=False)) as sim:
        device = await sim.add("Plus1PM")
        await eventually(lambda: wire.streams and len(wire.streams[0]) > 200)
        before = len(wire.streams[0])
        device.faults.start("truncated", part=0.25)
        await eventually(lambda: wire.ended[0])
        last = wire.streams[0][before:]
        assert last[:2] == b"\x81\xfe"
        whole = 8 + int.from_bytes(last[2:4], "big")
        assert len(last) == whole // 4
        assert device.closed == (1006, "")
        await eventually(lambda: len(wire.streams) == 2)


# ---- frames ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sort", "size"),
    [("text", str, 64), ("json", str, 66), ("binary", bytes, 64)],
    ids=str,
)
async def test_garbage_arrives(kind: str, sort: type, size: int, home: Home, device: Device) -> None:
    visit = home.visit(device.id)
    device.faults.start("garbage", kind=kind)
    await home.until(lambda: len(visit.texts) == 2)
    data: str | bytes = visit.texts[1]
    assert type(data) is sort
    assert len(data) == size
    assert (data[:1] == '"') == (kind == "json")
    assert await home.call(device.id, "Shelly.GetDeviceInfo")


@pytest.mark.parametrize(("kind", "code"), [("raw", 1002), ("utf8", 1007)])
async def test_bytes_that_are_no_message_end_the_connection(
    kind: str, code: int, home: Home, sim: Simulator, device: Device
) -> None:
    device.faults.start("garbage", kind=kind)
    await device.disconnected()
    assert device.closed is not None
    assert device.closed[0] == code
    await until_full(home, device, 2)


async def test_garbage_may_come_again_and_again(home: Home, sim: Simulator, device: Device) -> None:
    def garbage() -> int:
        return sum(not text.startswith("{") for text in home.visit(device.id).texts)

    device.faults.start("garbage", kind="text", every_s=100)
    await home.until(lambda: garbage() == 1)
    sim.advance(300)
    await home.until(lambda: garbage() == 4)
    device.faults.stop()
    sim.advance(300)
    assert (await home.call(device.id, "Shelly.GetDeviceInfo"))["id"] == device.id
    assert garbage() == 4


async def test_a_huge_frame_is_as_large_as_it_says(home: Home, device: Device) -> None:
    device.faults.start("huge", mib=2)
    await home.until(lambda: home.events(device.id))
    (event,) = home.events(device.id)
    assert (event["component"], event["event"], len(event["data"])) == ("sys", "huge", 2 * 1024 * 1024)


async def test_a_frame_beyond_what_the_server_takes_ends_the_connection(home: Home, device: Device) -> None:
    device.faults.start("huge", mib=5)
    await device.disconnected()
    assert device.closed is not None
    assert device.closed[0] in (1009, 1006), "the server's word may be lost behind what it did not read"


# ---- identity -------------------------------------------------------------------------------------------


async def test_a_duplicate_is_a_second_connection_of_the_same_id(home: Home, sim: Simulator, device: Device) -> None:
    first = home.visit(device.id)
    device.faults.start("duplicate")
    await until_full(home, device, 2)
    second = home.visit(device.id)
    assert second is not first
    assert sim.stats.connected == 1
    for visit in (first, second):
        assert (await reply_to(visit, home))["result"]["id"] == device.id
    device.faults.stop("duplicate")
    await home.until(lambda: second.closed)
    assert first.closed is None


async def test_a_wrong_id_is_in_the_frames_of_the_same_connection(home: Home, sim: Simulator, device: Device) -> None:
    visit = home.visit(device.id)
    device.faults.start("wrong_id", id="shellyplus1pm-000000000000", for_s=60)
    device.report("switch:0", {"apower": 1.0})
    await home.until(lambda: len(visit.frames) == 2)
    assert visit.frames[1]["src"] == "shellyplus1pm-000000000000"
    reply = await reply_to(visit, home)
    assert (reply["src"], reply["result"]["id"]) == ("shellyplus1pm-000000000000", device.id)
    sim.advance(60)
    device.report("switch:0", {"apower": 2.0})
    await home.until(lambda: visit.frames[-1]["src"] == device.id)


async def test_a_wrong_id_may_come_with_the_next_connection(home: Home, device: Device) -> None:
    device.faults.start("wrong_id", after="reconnect")
    wrong = await home.until(lambda: next((v.frames[0] for v in home.visits[1:] if v.frames), None))
    assert wrong["method"] == "NotifyFullStatus"
    assert wrong["src"] != device.id
    assert wrong["src"][:-1] == device.id[:-1]
    info = await home.call(wrong["src"], "Shelly.GetDeviceInfo")
    assert (info["id"], info["mac"]) == (wrong["src"], wrong["src"].rpartition("-")[2].upper())


# ---- the device -----------------------------------------------------------------------------------------


async def test_a_clock_jumps_and_jumps_back(home: Home, sim: Simulator, device: Device) -> None:
    before = device.now()
    device.faults.start("clock", seconds=-86_400, for_s=60)
    assert device.now() == pytest.approx(before - 86_400, abs=5)
    device.report("switch:0", {"apower": 1.0})
    await home.until(lambda: home.frames(device.id, "NotifyStatus"))
    assert home.frames(device.id, "NotifyStatus")[0]["params"]["ts"] == pytest.approx(before - 86_400, abs=5)
    sys = await home.call(device.id, "Sys.GetStatus")
    assert sys["unixtime"] == pytest.approx(before - 86_400, abs=5)
    sim.advance(60)
    assert device.now() == pytest.approx(before + 60, abs=5)


async def test_a_reboot_loop_starts_again_and_again(home: Home, sim: Simulator, device: Device) -> None:
    device.faults.start("reboot_loop", up_s=100)
    for times in (2, 3, 4):
        sim.advance(100.06)
        await device.connected()
        await until_full(home, device, times)
        assert full(home, device)[-1]["params"]["sys"]["uptime"] < 5
    assert {visit.closed[0] for visit in home.visits[:3] if visit.closed} == {1006}


@pytest.mark.parametrize(("kind", "method"), [("status", "NotifyStatus"), ("event", "NotifyEvent")])
async def test_a_storm_sends_so_many_a_second(kind: str, method: str, home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusI4")
    await home.until(lambda: home.frames(device.id))
    device.faults.start("storm", per_s=50, kind=kind, for_s=2.01)
    sim.advance(5)
    assert sim.stats.notifications == 101
    await home.until(lambda: len(home.frames(device.id, method)) == 100)


async def test_a_storm_of_a_meter_is_what_it_measures(home: Home, sim: Simulator, device: Device) -> None:
    device.faults.start("storm", per_s=10, for_s=0.45)
    sim.advance(1)
    await home.until(lambda: len(home.status(device.id, "switch:0")) == 4)
    watts = [patch["apower"] for patch in home.status(device.id, "switch:0")]
    assert [after - before for before, after in pairwise(watts)] == [-0.5, 0.5, -0.5]


async def test_an_update_fails_and_the_firmware_stays(home: Home, sim: Simulator, device: Device) -> None:
    version = device.state.info["ver"]
    device.faults.start("update_fails")
    device.power.update("9.9.9")
    sim.advance(60)
    await home.until(lambda: any(event["event"] == "ota_error" for event in home.events(device.id)))
    assert "ota_success" not in [event["event"] for event in home.events(device.id)]
    assert (await home.call(device.id, "Shelly.GetDeviceInfo"))["ver"] == version


# ---- answers --------------------------------------------------------------------------------------------


async def test_all_methods_can_fail_or_one(home: Home, device: Device) -> None:
    device.faults.start("error")
    device.faults.start("error", method="Switch.Toggle", code=-106, message="Overpowering")
    assert (await home.ask(device.id, "Shelly.GetStatus"))["error"] == {"code": -114, "message": "Unavailable"}
    assert (await home.ask(device.id, "switch.toggle", id=0))["error"] == {"code": -106, "message": "Overpowering"}
    device.faults.stop("error")
    assert await home.call(device.id, "Switch.Toggle", id=0) == {"was_on": False}


async def test_a_silent_device_reads_and_tells_and_answers_nothing(
    home: Home, device: Device, eventually: Eventually
) -> None:
    device.faults.start("silent")
    asked = asyncio.create_task(home.ask(device.id, "Switch.Toggle", id=0))
    await eventually(lambda: device.requests)
    device.report("switch:0", {"apower": 1.0})
    await home.until(lambda: home.status(device.id, "switch:0"))
    device.faults.stop("silent")
    assert (await home.call(device.id, "Switch.GetStatus", id=0))["output"] is False
    assert not asked.done()
    asked.cancel()
