"""Every frame that real devices were heard to send is sent by a simulated one too, for a reason a reader can see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import aiohttp
import pytest

from fleet_platform.simulator import Backoff, Simulator, Timing
from fleet_platform.simulator.local.options import LocalOptions
from plugin_sdk import ComponentType
from tests.simulator.captured import Captured, Frame, captured_frames, differences
from tests.simulator.causes import (
    Cause,
    Stage,
    ask,
    call,
    call_by,
    call_over_http,
    cut_power,
    fall_asleep_and_be_woken,
    listening,
    lock,
    offer_firmware,
    pass_time,
    press,
    reconnect,
    restart,
    run_script,
    then,
)

if TYPE_CHECKING:
    from tests.simulator.conftest import Eventually, Home

PATIENCE_S = 5.0
DAY_S = 86_400

SWITCH_ON = call("Switch.Set", id=0, on=True)
CLOUD_COMES_BACK = press("cloud", "disconnected", "connected")
DETACHED = call("Switch.SetConfig", id=0, config={"in_mode": "detached"})
UPDATE = then(offer_firmware("stable", "1.7.5"), call("Shelly.Update", stage="stable"), pass_time(10))
SCAN_RESULT = """
Shelly.emitEvent("oh-blu.scan_result", {addr: "bc:02:6e:c3:a6:c7", rssi: -62, tx_power: -128});
"""
CRASHING = """
const x = 1;
Timer.set(1000, false, function () {
x = 2
});
"""
BLU_DATA = """
Shelly.emitEvent("oh-blu.data", {
  encryption: false, BTHome_version: 2, pid: 205, Battery: 100, Button: 1, addr: "b4:35:22:fd:b3:81", rssi: -68
});
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A device that says what was captured.

    Attributes:
        model: As for :meth:`Simulator.add`.
        version: Firmware of the device that was heard, or of its time; None for the catalogue's.
        cause: What is done to it.
        profile: Its profile, where it has several.
        inbound: Whether a client in the device's own network listens, as whoever heard the frames did.
    """

    model: str
    version: str | None = None
    cause: Cause
    profile: str | None = None
    inbound: bool = False


CASES: Mapping[tuple[int, ...], Case] = {
    (1,): Case(model="Plus1PM", version="1.1.0", cause=cut_power),
    (2,): Case(
        model="Plus1PM", version="1.1.0", cause=call_by("GATTS", "Switch.Set", id=0, on=True, toggle_after=DAY_S)
    ),
    (3,): Case(model="Plus1PM", version="1.1.0", cause=pass_time(60)),
    (4,): Case(
        model="Plus1PM",
        version="1.1.0",
        cause=then(
            call("Switch.Set", id=0, on=True, toggle_after=DAY_S),
            pass_time(30),
            call_by("loopback", "Switch.Set", id=0, on=False),
        ),
    ),
    (5,): Case(model="Plus1PM", version="1.1.0", cause=then(SWITCH_ON, pass_time(900))),
    (6,): Case(model="Plus1PM", version="1.1.0", cause=then(SWITCH_ON, pass_time(120))),
    (7,): Case(model="Mini1PMG3", cause=run_script(2, "")),
    (8,): Case(model="Mini1PMG3", cause=run_script(3, CRASHING)),
    (9,): Case(model="PlusRGBWPM", version="1.7.3", cause=offer_firmware("stable", "1.7.4")),
    (10,): Case(model="PlusRGBWPM", cause=CLOUD_COMES_BACK),
    (11,): Case(model="PlusHT", version="1.4.4", cause=fall_asleep_and_be_woken("usb")),
    (12,): Case(model="PlusSmoke", version="1.4.4", cause=fall_asleep_and_be_woken("button", boot="poweron")),
    (13,): Case(model="Pro1PM", version="0.11.0", cause=UPDATE),
    (14, 15, 16): Case(model="PlusI4", version="0.14.0", cause=UPDATE, inbound=True),
    (17,): Case(model="BluGwG3", version="1.5.0", cause=then(call("BluTrv.UpdateFirmware", id=200), pass_time(10))),
    (18,): Case(model="Mini1G3", version="1.4.4", cause=then(SWITCH_ON, call_over_http("Switch.Set", id=0, on=False))),
    (19,): Case(model="Plus1", version="1.4.4", cause=CLOUD_COMES_BACK),
    (20, 21): Case(model="Mini1G3", version="1.4.4", cause=call("Input.SetConfig", id=0, config={"name": "Door"})),
    (22,): Case(
        model="Plus1",
        version="1.4.4",
        cause=then(
            call("Wifi.SetConfig", config={"ap": {"enable": True, "range_extender": {"enable": True}}}),
            restart,
            press("cloud", "connected"),
            press("mqtt", "connected"),
            offer_firmware("beta", "1.5.0-beta1"),
            call_by("SHC", "Switch.Set", id=0, on=True),
            reconnect,
        ),
    ),
    (23,): Case(
        model="Plus1", version="1.4.4", cause=then(call("Shelly.Reboot", delay_ms=1000), ask("Shelly.ListMethods"))
    ),
    (24, 25): Case(
        model="I4G3",
        version="1.4.4",
        cause=call("Sys.SetConfig", config={"device": {"name": "Hall"}}),
        inbound=True,
    ),
    (26,): Case(model="PlusI4", version="0.14.0", cause=press("input:2", "single_push")),
    (27,): Case(
        model="Plus1",
        version="0.10.0",
        cause=then(call("Input.SetConfig", id=0, config={"type": "button"}), press("input:0", "double_push")),
    ),
    (28,): Case(
        model="PlusI4",
        version="1.4.4",
        cause=then(call("Input.SetConfig", id=3, config={"type": "switch"}), press("input:3", "on")),
    ),
    (29,): Case(model="PlugPMG3", version="1.7.5", cause=offer_firmware("beta", "2.0.0-beta3")),
    (30,): Case(
        model="PlusWallDimmer", version="1.0.8", cause=call_by("ui", "Light.Set", id=0, on=False, brightness=3)
    ),
    (31,): Case(model="Plus1", version="1.1.0", cause=then(SWITCH_ON, pass_time(900))),
    (32,): Case(model="Plus1", version="1.1.0", cause=then(DETACHED, press("input:0", "on", "off"))),
    (33,): Case(model="EMG3", version="1.4.4", cause=press("em1:0", "load solar 1900")),
    (34,): Case(model="Plus1", version="0.14.0", cause=run_script(2, SCAN_RESULT)),
    (35,): Case(model="Plus1", version="0.14.0", cause=run_script(2, BLU_DATA)),
    (36,): Case(
        model="S1PMG3",
        version="1.4.4",
        cause=then(
            call("BTHome.AddDevice", id=202, config={"addr": "b4:35:22:fd:b3:81"}),
            press("bthomedevice:202", "single_push 1"),
        ),
    ),
    (37,): Case(
        model="Plus2PM", version="1.4.4", profile="cover", cause=then(lock, ask("Cover.Close", id=0)), inbound=True
    ),
    (38,): Case(model="Plus2PM", version="1.4.4", profile="cover", cause=ask("Cover.Close", id=0), inbound=True),
    (39,): Case(model="Pro4PM", cause=ask("Switch.Set", on=True)),
    (40,): Case(model="Pro4PM", cause=ask("Switch.Set", id=7, on=True)),
    (41,): Case(
        model="WallDisplay", version="1.2.8", cause=call("Thermostat.SetConfig", id=0, config={"enable": False})
    ),
    (42,): Case(model="WallDisplay", version="1.2.8", cause=reconnect),
    (43,): Case(model="Plus1", version="1.6.2", cause=SWITCH_ON, inbound=True),
}
"""Lines of the captured frames, in the order in which they follow one another, and what makes a device say them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a simulated frame and the captured one do not share, and why that is right.

    Attributes:
        reason: Why.
        captured: Paths that only the captured frame has.
        simulated: Paths that only the simulated frame has.
    """

    reason: str
    captured: frozenset[str] = frozenset()
    simulated: frozenset[str] = frozenset()


DIFFERENCES: Mapping[int, Difference] = {
    1: Difference(
        reason="the receiver's source shows only what it uses of the frame; all of this is in dumps of that firmware",
        simulated=frozenset(
            {
                "params.ble",
                "params.cloud.connected",
                "params.input:0.id",
                "params.input:0.state",
                "params.mqtt.connected",
                "params.sys.reset_reason",
                "params.sys.restart_required",
                "params.sys.time",
                "params.sys.unixtime",
            }
        ),
    ),
    12: Difference(
        reason="openHAB logs what its own classes keep of a frame: neither nulls nor fields that it does not know",
        simulated=frozenset(
            {
                "params.sys.kvs_rev",
                "params.sys.reset_reason",
                "params.sys.time",
                "params.sys.unixtime",
                "params.ws.connected",
            }
        ),
    ),
    22: Difference(
        reason="it came over MQTT, while the outbound websocket was not connected; here it is what the frame comes by",
        captured=frozenset({"params.ws.connected"}),
        simulated=frozenset({"params.ws.connected"}),
    ),
    33: Difference(
        reason="data of a test, not heard: apparent power and factor are measured with what it shows",
        simulated=frozenset({"params.em1:0.aprt_power", "params.em1:0.pf"}),
    ),
}
"""By line. There are few: what differs between channels is said in ``captured``."""


@pytest.fixture
async def sim(home: Home, types: Mapping[str, ComponentType]) -> AsyncIterator[Simulator]:
    """A simulator of devices that boot without a clock and serve their own network, as real ones do."""
    timing = Timing(backoff=Backoff(first_s=0.05, longest_s=0.2), boot_s=3.0, clockless_s=30.0)
    local = LocalOptions(announce=False)
    async with Simulator(home.url, types=types, timing=timing, seed=1, local=local) as sim:
        yield sim


@asynccontextmanager
async def stage_of(case: Case, frames: tuple[Frame, ...], home: Home, sim: Simulator) -> AsyncIterator[Stage]:
    """The device of a case, connected and listened to."""
    device = await sim.add(case.model, seed=7, profile=case.profile, version=case.version)
    await sim.reachable()
    stage = Stage(device=device, home=home, sim=sim, captured=frames)
    if not case.inbound:
        await home.until(stage.said)
        yield stage
        return
    host, port = sim.address(device)
    async with aiohttp.ClientSession() as http, http.ws_connect(f"http://{host}:{port}/rpc") as ws:
        inside = replace(stage, visitor=ws)
        async with listening(inside):
            yield inside


@pytest.mark.parametrize("lines", CASES, ids=lambda lines: "-".join(map(str, lines)))
async def test_a_captured_frame_is_sent_too(
    lines: tuple[int, ...], home: Home, sim: Simulator, eventually: Eventually
) -> None:
    frames = captured_frames()
    real = [frames[line - 1] for line in lines]
    expected, case = [_expected(line) for line in lines], CASES[lines]
    async with stage_of(case, tuple(each.frame for each in real), home, sim) as stage:
        await eventually(stage.said)
        before = len(stage.said())

        def compared_now() -> list[Compared]:
            return _compared(real, stage.said()[before:], inbound=case.inbound)

        await case.cause(stage)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await eventually(lambda: expected in compared_now())
        compared = compared_now()
        assert min(compared, key=_distance_from(expected), default=None) == expected
        start = before + compared.index(expected)
        sent = stage.said()[start : start + len(real)]
    for (earlier, later), (real_earlier, real_later) in zip(pairwise(sent), pairwise(stage.captured), strict=True):
        assert _waited(earlier, later) == _waited(real_earlier, real_later)


Compared: TypeAlias = list[tuple[set[str], set[str]]]
"""For each frame of a sequence what only the captured, and what only the sent one has."""


def _expected(line: int) -> tuple[set[str], set[str]]:
    known = DIFFERENCES.get(line)
    return (set(known.captured), set(known.simulated)) if known is not None else (set(), set())


def _compared(real: Sequence[Captured], said: Sequence[Frame], *, inbound: bool) -> list[Compared]:
    """All sequences of as many frames as were captured, each compared with those."""
    sequences = [said[start : start + len(real)] for start in range(len(said) - len(real) + 1)]
    return [
        [differences(*pair, inbound=inbound) for pair in zip(real, sequence, strict=True)] for sequence in sequences
    ]


def _distance_from(expected: Compared) -> Callable[[Compared], int]:
    """How far a sequence is from what is expected; the nearest is shown where none fits."""
    return lambda compared: sum(
        len(found ^ known)
        for pair, known_pair in zip(compared, expected, strict=True)
        for found, known in zip(pair, known_pair, strict=True)
    )


def _waited(earlier: Frame, later: Frame) -> bool:
    """Whether time passed between two frames."""
    return bool(earlier["params"]["ts"] < later["params"]["ts"])


def test_no_captured_frame_is_left_out() -> None:
    assert sorted(line for lines in CASES for line in lines) == list(range(1, len(captured_frames()) + 1))


def test_every_difference_is_one_of_a_captured_frame() -> None:
    assert set(DIFFERENCES) <= {line for lines in CASES for line in lines}
