"""The command queue of one device: bounded, fair, and every command ends exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.devices.link import Link, LinkLimits
from plugin_sdk import JSON
from plugin_sdk.errors import CallTimeout, DeviceBusy, DeviceError, DeviceOffline, FleetError

if TYPE_CHECKING:
    from tests.devices.conftest import Wire

NewWire = Callable[[], "Wire"]


@dataclass
class Scene:
    """A link, what its device has got, and how each command ended."""

    wire: Wire
    limits: LinkLimits = field(default_factory=LinkLimits)
    ends: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.link = Link(write=self.wire.write, close=lambda _code, _reason: None, limits=self.limits)

    def submit(self, name: str, *, slow: bool = False, timeout_s: float = 60) -> None:
        self.ends[name] = []

        def done(result: JSON, error: FleetError | None) -> None:
            self.ends[name].append(result if error is None else error)

        self.link.submit(name, None, timeout_s=timeout_s, slow=slow, done=done)

    def answer(self, number: int, **answer: JSON) -> object:
        return self.link.on_reply({"id": number, "src": "device", **(answer or {"result": {}})})

    @property
    def got(self) -> list[str]:
        return [frame["method"] for frame in self.wire.sent]


@pytest.fixture
async def scene(new_wire: NewWire) -> Scene:
    return Scene(new_wire())


async def test_requests_are_as_devices_expect_them(scene: Scene) -> None:
    scene.link.submit("Shelly.Reboot", None, timeout_s=1, done=lambda *_: None)
    scene.link.submit("Switch.Set", {"id": 0, "on": False}, timeout_s=1, done=lambda *_: None)
    assert scene.wire.sent == [
        {"jsonrpc": "2.0", "id": 1, "src": "FLEET_MANAGER", "method": "Shelly.Reboot"},
        {"jsonrpc": "2.0", "id": 2, "src": "FLEET_MANAGER", "method": "Switch.Set", "params": {"id": 0, "on": False}},
    ]
    scene.link.fail(DeviceOffline())


async def test_three_are_in_flight_32_wait_and_one_more_is_busy(scene: Scene) -> None:
    for number in range(35):
        scene.submit(f"m{number}")
    assert scene.got == ["m0", "m1", "m2"]
    assert scene.link.busy == (3, 32)
    with pytest.raises(DeviceBusy) as caught:
        scene.submit("refused")
    assert caught.value.data == {"waiting": 32}
    scene.answer(2)
    assert scene.got[3:] == ["m3"]
    scene.submit("welcome")
    assert scene.link.busy == (3, 32)
    for number in range(1, 37):
        scene.answer(number)
    assert scene.got == [f"m{number}" for number in range(35)] + ["welcome"]
    assert scene.link.busy == (0, 0)
    assert scene.ends.pop("refused") == []
    assert all(ends == [{}] for ends in scene.ends.values())


async def test_slow_commands_leave_a_place_for_quick_ones(scene: Scene) -> None:
    for number in range(4):
        scene.submit(f"slow{number}", slow=True)
    assert scene.got == ["slow0", "slow1"]
    scene.submit("quick0")
    scene.submit("quick1")
    assert scene.got == ["slow0", "slow1", "quick0"]
    scene.answer(3)
    assert scene.got[3:] == ["quick1"]
    scene.answer(4)
    assert scene.got[4:] == []
    scene.answer(1)
    assert scene.got[4:] == ["slow2"]
    scene.link.fail(DeviceOffline())


@pytest.mark.parametrize("in_flight", [1, 2])
async def test_slow_commands_go_however_few_places_there_are(new_wire: NewWire, in_flight: int) -> None:
    scene = Scene(new_wire(), LinkLimits(in_flight=in_flight))
    scene.submit("slow", slow=True)
    assert scene.got == ["slow"]
    scene.link.fail(DeviceOffline())


@pytest.mark.parametrize("result", [None, False, 0, "", [], {}])
async def test_falsy_results_are_results(scene: Scene, result: JSON) -> None:
    scene.submit("m")
    scene.answer(1, result=result)
    assert scene.ends == {"m": [result]}
    assert type(scene.ends["m"][0]) is type(result)


async def test_an_answer_without_result_is_null(scene: Scene) -> None:
    scene.submit("m")
    scene.link.on_reply({"id": 1})
    assert scene.ends == {"m": [None]}


async def test_the_devices_own_error_is_passed_on_unchanged(scene: Scene) -> None:
    scene.submit("m")
    scene.answer(1, error={"code": -105, "message": "Bad id=7", "more": [1]})
    (error,) = scene.ends["m"]
    assert isinstance(error, DeviceError)
    assert error.to_json() == {"code": -105, "message": "Bad id=7", "more": [1]}


@pytest.mark.parametrize("number", [99, 0, -1, None, "1", 1.5, [], {}])
async def test_replies_that_nobody_waits_for_are_dropped(scene: Scene, number: JSON) -> None:
    scene.submit("m")
    assert scene.answer(number) is None
    assert (scene.link.late, scene.ends) == (1, {"m": []})
    scene.link.fail(DeviceOffline())


async def test_a_command_that_is_not_answered_in_time_ends_and_makes_room(scene: Scene, until: Any) -> None:
    for name in ("a", "b", "c"):
        scene.submit(name, timeout_s=0.01)
    scene.submit("waits", timeout_s=0.01)
    scene.submit("goes")
    await until(lambda: all(scene.ends[name] for name in ("a", "b", "c", "waits")))
    assert all(isinstance(scene.ends[name][0], CallTimeout) for name in ("a", "b", "c", "waits"))
    assert scene.ends["a"][0].data == {"timeout_s": 0.01}
    assert "goes" in scene.got
    assert scene.answer(1) is None, "a late answer is no answer"
    assert scene.link.late == 1
    scene.link.fail(DeviceOffline())
    assert all(len(ends) == 1 for ends in scene.ends.values())


async def test_all_commands_fail_with_the_connection(scene: Scene) -> None:
    for number in range(10):
        scene.submit(f"m{number}", timeout_s=0.01)
    scene.link.fail(DeviceOffline("asleep", 5.0))
    await asyncio.sleep(0.02)
    assert all(
        [end.to_json()["data"] for end in ends] == [{"reason": "asleep", "wake_expected_ts": 5.0}]
        for ends in scene.ends.values()
    )
    assert scene.link.busy == (0, 0)


# ---- waiting for one ----------------------------------------------------------------------------------------


async def test_a_call_returns_what_is_made_of_the_result_before_a_later_frame_is_seen(scene: Scene) -> None:
    seen = []

    def apply(result: JSON) -> str:
        seen.append(result)
        return "made"

    call = asyncio.ensure_future(scene.link.call("m", timeout_s=1, apply=apply))
    await asyncio.sleep(0)
    scene.answer(1, result=5)
    assert seen == [5]
    assert await call == "made"


async def test_a_result_of_a_shape_nobody_foresaw_is_the_devices_error(scene: Scene) -> None:
    readers: list[Callable[[JSON], JSON]] = [lambda r: r["x"], lambda r: r.x, int, lambda r: r + 1]
    for number, apply in enumerate(readers, start=1):
        call = asyncio.ensure_future(scene.link.call("m", timeout_s=1, apply=apply))
        await asyncio.sleep(0)
        scene.answer(number, result="text")
        with pytest.raises(DeviceError):
            await call


async def test_a_caller_that_gives_up_harms_nobody(scene: Scene) -> None:
    call = asyncio.ensure_future(scene.link.call("m", timeout_s=60))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait([call])
    assert scene.link.busy == (1, 0), "the device has it still"
    scene.answer(1)
    assert scene.link.busy == (0, 0)


async def test_a_call_raises_what_happened(scene: Scene) -> None:
    with pytest.raises(CallTimeout):
        await scene.link.call("m", timeout_s=0)
    call = asyncio.ensure_future(scene.link.call("m", timeout_s=60))
    await asyncio.sleep(0)
    scene.link.fail(DeviceOffline())
    with pytest.raises(DeviceOffline):
        await call


# ---- whatever happens, in whatever order --------------------------------------------------------------------

OPS = st.lists(
    st.sampled_from(["quick", "quick", "slow", "hasty", "answer", "answer", "error", "stray", "turn"]), max_size=120
)


@hypothesis.settings(max_examples=100, deadline=None)
@given(ops=OPS, places=st.integers(1, 4), waiting=st.integers(0, 6), choice=st.randoms(use_true_random=False))
async def test_every_command_ends_exactly_once(
    new_wire: NewWire, ops: list[str], places: int, waiting: int, choice: Any
) -> None:
    scene = Scene(new_wire(), LinkLimits(in_flight=places, waiting=waiting))
    accepted: list[str] = []
    answered: set[int] = set()
    for number, op in enumerate(ops):
        if op in ("quick", "slow", "hasty"):
            try:
                scene.submit(f"{op}{number}", slow=op == "slow", timeout_s=0 if op == "hasty" else 60)
                accepted.append(f"{op}{number}")
            except DeviceBusy:
                assert scene.link.busy[1] == waiting
                assert scene.ends.pop(f"{op}{number}") == []
        elif op in ("answer", "error"):
            pending = [frame["id"] for frame in scene.wire.sent if frame["id"] not in answered]
            if pending:
                chosen = choice.choice(pending)
                answered.add(chosen)
                scene.answer(chosen, **({"error": {"code": 1}} if op == "error" else {"result": chosen}))
        elif op == "stray":
            scene.answer(choice.randrange(2_000, 3_000))
        else:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        flying = [
            frame["method"]
            for frame in scene.wire.sent
            if frame["id"] not in answered and not scene.ends[frame["method"]]
        ]
        idle = [name for name in accepted if name not in scene.got and not scene.ends[name]]
        assert scene.link.busy == (len(flying), len(idle))
        assert len(flying) <= places
        assert len(idle) <= waiting
        assert sum(name.startswith("slow") for name in flying) <= max(1, places - 1)
        assert len(flying) == places or all(name.startswith("slow") for name in idle), "no place stays empty"
        for kind in ("slow", "quick"):
            order = [name for name in accepted if name.startswith(kind) and name in scene.got]
            assert [name for name in scene.got if name.startswith(kind)] == order, "first come, first served"
    scene.link.fail(DeviceOffline())
    await asyncio.sleep(0)
    assert {name: len(ends) for name, ends in scene.ends.items()} == dict.fromkeys(accepted, 1)
