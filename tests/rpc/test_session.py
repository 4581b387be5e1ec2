"""A client's conversation: every request is answered, nothing grows without bound, and nobody's fault is another's."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.events.channel import Audience
from fleet_platform.events.filters import Filter
from fleet_platform.rpc import session as module
from plugin_sdk import JSON, DeviceId, Principal
from plugin_sdk.errors import DeviceOffline, NotFound

if TYPE_CHECKING:
    from tests.rpc.conftest import Client, Shelly, Until, World


def ask(number: JSON = 1, method: str = "Test.Echo", **more: JSON) -> dict[str, JSON]:
    return {"id": number, "method": method, **more}


@pytest.fixture(autouse=True)
async def echo(world: World) -> None:
    async def handler(value: Any = None) -> Any:
        return value

    world.method(handler, "Test.Echo")


# ---- single requests ----------------------------------------------------------------------------------------


async def test_a_request_is_answered_with_its_id_and_source(client: Client) -> None:
    (reply,) = await client.ask(ask("seven", src="me", dst="fleet_manager", params={"value": [1]}))
    assert reply == {"jsonrpc": "2.0", "id": "seven", "src": "FLEET_MANAGER", "dst": "me", "result": [1]}


@pytest.mark.parametrize("number", ["x", "", 0, 1.5, None])
async def test_any_id_is_echoed(client: Client, number: JSON) -> None:
    (reply,) = await client.ask(ask(number))
    assert (reply["id"], type(reply["id"])) == (number, type(number))


async def test_a_notification_is_done_and_not_answered(world: World, client: Client, until: Until) -> None:
    def note(value: int) -> None:
        world.log.append(value)

    world.method(note, "Test.Note")
    client.say({"method": "Test.Note", "params": {"value": 5}})
    client.say({"method": "Test.Unheard"})
    client.say({"method": "Test.Echo", "dst": "nobody"})
    (reply,) = await client.ask(ask())
    assert reply["id"] == 1
    assert world.log == [5]


@pytest.mark.parametrize("text", ["{", "", b"", b"\xff", "[" * 1_000, "NaN"])
async def test_what_is_no_json_is_a_parse_error(world: World, client: Client, text: str | bytes) -> None:
    (reply,) = await client.ask(text)
    assert (reply["id"], reply["error"]) == (None, {"code": -32700, "message": "Parse error"})
    assert world.tally["client_bad_frames"] == 1
    await client.ask(ask())


@pytest.mark.parametrize("frame", [None, 5, "text", {}, {"id": 1}, ask(dst=5), ask(method="")])
async def test_what_is_no_request_is_an_invalid_request(client: Client, frame: JSON) -> None:
    (reply,) = await client.ask(json.dumps(frame))
    assert reply["error"]["code"] == -32600
    assert reply["id"] == (frame.get("id") if isinstance(frame, dict) else None)


async def test_errors_come_with_the_id_and_the_source(client: Client) -> None:
    (reply,) = await client.ask(ask(5, "Test.Unheard", src="me"))
    assert (reply["id"], reply["dst"], reply["error"]["code"]) == (5, "me", -32601)


async def test_a_result_or_an_error_without_a_json_form_is_answered_and_harms_nobody(
    world: World, client: Client
) -> None:
    def fail() -> None:
        raise NotFound(thing=object())

    world.method(object, "Test.Object")
    world.method(fail, "Test.Fail")
    (reply,) = await client.ask(ask(method="Test.Object"))
    assert reply["error"]["code"] == -32603
    (reply,) = await client.ask(ask(method="Test.Fail"))
    assert reply["error"] == {"code": -32004, "message": "Not found"}
    await client.ask(ask())


async def test_quick_requests_overtake_slow_ones(world: World, client: Client) -> None:
    proceed = asyncio.Event()
    world.method(proceed.wait, "Test.Wait")
    client.say(ask(1, "Test.Wait"))
    assert [reply["id"] for reply in await client.ask(ask(2))] == [2]
    proceed.set()
    assert [reply["id"] for reply in await client.ask(ask(3), replies=2)] in ([1, 3], [3, 1])


# ---- batches ------------------------------------------------------------------------------------------------


async def test_each_member_of_a_batch_has_a_frame_of_its_own(client: Client) -> None:
    batch = [ask(1), 5, {"method": "Test.Echo"}, ask(2, "Test.Unheard"), ask(3)]
    replies = await client.ask(batch, replies=4)
    assert {reply["id"] for reply in replies} == {1, None, 2, 3}


@pytest.mark.parametrize("number", [0, 1_001])
async def test_a_batch_that_is_empty_or_too_long_is_refused_as_a_whole(client: Client, number: int) -> None:
    (reply,) = await client.ask([ask(n) for n in range(number)])
    assert (reply["id"], reply["error"]["code"]) == (None, -32600)


# ---- calls to devices ---------------------------------------------------------------------------------------


async def test_a_devices_answer_names_the_device(client: Client, shelly: Shelly) -> None:
    (reply,) = await client.ask(
        ask(4, "Switch.Set", src="me", dst=shelly.twin.id.upper(), params={"id": 0, "on": False})
    )
    assert reply == {
        "jsonrpc": "2.0",
        "id": 4,
        "src": shelly.twin.id,
        "dst": "me",
        "result": {"method": "Switch.Set", "params": {"id": 0, "on": False}},
    }


async def test_a_devices_error_is_passed_on_and_names_the_device(client: Client, shelly: Shelly) -> None:
    shelly.answers["X.Y"] = {"error": {"code": -105, "message": "Bad id"}}
    (reply,) = await client.ask(ask(method="X.Y", dst=shelly.twin.id))
    assert (reply["src"], reply["error"]) == (shelly.twin.id, {"code": -105, "message": "Bad id"})


async def test_every_device_of_a_list_answers_once_as_it_is_ready(world: World, client: Client) -> None:
    devices = [world.shelly(f"shellyx-{number:012x}") for number in range(3)]
    devices[0].holds = True
    names: list[JSON] = [shelly.twin.id for shelly in devices]
    replies = await client.ask(
        ask(method="X.Y", dst=[*names, "nobody", str(names[1]).upper(), "FLEET_MANAGER"]), replies=4
    )
    assert {reply["src"] for reply in replies} == {names[1], names[2], "nobody", "FLEET_MANAGER"}
    assert {reply.get("error", {}).get("code") for reply in replies} == {None, -32600, -32601}
    before = len(client.received)
    devices[0].release()
    await asyncio.sleep(0.02)
    assert [reply["src"] for reply in client.received[before:]] == [names[0]]
    assert all(reply["id"] == 1 for reply in client.received)


async def test_permission_is_asked_per_device(world: World, client: Client, shelly: Shelly) -> None:
    other = world.shelly("shellyx-000000000001")
    world.denied.add(("admin", "x.y", shelly.twin.id))
    replies = await client.ask(ask(method="X.Y", dst=[shelly.twin.id, other.twin.id]), replies=2)
    assert {reply["src"]: reply.get("error", {}).get("code") for reply in replies} == {
        shelly.twin.id: -32003,
        other.twin.id: None,
    }


async def test_groups_are_their_members_and_an_unknown_group_is_an_error(world: World, client: Client) -> None:
    shelly = world.shelly("shellyx-000000000001")
    world.groups["1"] = [shelly.twin.id]
    (reply,) = await client.ask(ask(method="X.Y", dst="group:1"))
    assert reply["src"] == shelly.twin.id
    (reply,) = await client.ask(ask(method="X.Y", dst=["group:2"]))
    assert (reply["src"], reply["error"]["code"]) == ("FLEET_MANAGER", -32004)


@pytest.mark.parametrize("dst", [[], "group:empty"])
async def test_a_request_to_no_device_at_all_is_answered_too(world: World, client: Client, dst: JSON) -> None:
    world.groups["empty"] = []
    (reply,) = await client.ask(ask(7, "X.Y", dst=dst))
    assert (reply["id"], reply["src"], reply["result"]) == (7, "FLEET_MANAGER", [])


async def test_the_callers_deadline_is_kept(client: Client, shelly: Shelly) -> None:
    shelly.holds = True
    (reply,) = await client.ask(ask(method="X.Y", dst=shelly.twin.id, timeout_s=0.02))
    assert reply["error"] == {"code": -32800, "message": "Time out", "data": {"timeout_s": 0.02}}


async def test_what_waits_for_a_device_that_goes_away_is_answered(client: Client, shelly: Shelly) -> None:
    shelly.holds = True
    for number in range(36):
        client.say(ask(number, "X.Y", dst=shelly.twin.id))
    await asyncio.sleep(0.01)
    shelly.link.fail(DeviceOffline())
    await asyncio.sleep(0.02)
    assert sorted(reply["id"] for reply in client.received) == list(range(36))
    assert sorted(reply["error"]["code"] for reply in client.received) == [-32900] * 35 + [-32011]


# ---- bounds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [False, True])
async def test_only_so_many_calls_run_and_nothing_more_is_read_before_there_is_room(
    world: World, client: Client, until: Until, batch: bool
) -> None:
    proceed = asyncio.Event()
    running = 0
    most = 0

    async def handler() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await proceed.wait()
        running -= 1

    world.method(handler, "Test.Wait")
    requests = [ask(number, "Test.Wait") for number in range(200)]
    for frame in [requests] if batch else requests:
        client.say(frame)
    await asyncio.sleep(0.02)
    assert (most, client.taken) == (module.MAX_RUNNING, 1 if batch else module.MAX_RUNNING)
    proceed.set()
    await until(lambda: len(client.received) == 200)
    assert most <= module.MAX_RUNNING


async def test_calls_to_devices_are_bounded_alike(
    world: World, client: Client, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_RELAYED", 10)
    shelly = world.shelly()
    shelly.connect(in_flight=100)
    shelly.holds = True
    for number in range(30):
        client.say(ask(number, "X.Y", dst=shelly.twin.id))
    await asyncio.sleep(0.02)
    assert len(shelly.got) == 10
    shelly.release()
    await until(lambda: len(client.received) == 30)


async def test_calls_that_fail_make_room_like_others(
    client: Client, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_RELAYED", 10)
    for number in range(30):
        client.say(ask(number, "X.Y", dst="nobody"))
    await until(lambda: len(client.received) == 30)


async def test_a_client_that_leaves_its_replies_unread_is_not_served_on_until_it_reads(
    client: Client, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BACKLOG", 400_000)
    client.reads = False
    for number in range(100):
        client.say(ask(number, params={"value": "x" * 50_000}))
    await asyncio.sleep(0.05)
    assert client.taken <= module.MAX_RUNNING
    client.read()
    await until(lambda: len(client.received) == 100)


async def test_a_list_of_many_destinations_waits_for_a_client_that_does_not_read(
    client: Client, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BACKLOG", 400_000)
    client.reads = False
    client.say(ask(method="X.Y", dst=[f"nobody-{number}" for number in range(5_000)]))
    await asyncio.sleep(0.1)
    assert client.outbox.backlog < 500_000
    client.read()
    await until(lambda: len(client.received) == 5_000)


async def test_a_client_that_never_reads_its_replies_is_cut_off(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BACKLOG", 400_000)
    monkeypatch.setattr(module, "DRAIN_TIMEOUT_S", 0.02)
    client.reads = False
    for number in range(100):
        client.say(ask(number, params={"value": "x" * 50_000}))
    (_, session) = world.sessions[0]
    await asyncio.wait([session])
    assert isinstance(session.exception(), ExceptionGroup)
    assert world.tally["clients_not_reading"] == 1


async def test_a_client_that_reads_a_huge_reply_is_served_on(client: Client, until: Until) -> None:
    client.reads = False
    for number in range(3):
        client.say(ask(number, params={"value": "x" * 9_000_000}))
    await asyncio.sleep(0.1)
    client.read()
    await until(lambda: len(client.received) == 3)


async def test_a_client_that_reads_events_too_slowly_is_cut_off_once(world: World, until: Until) -> None:
    client = world.client(max_events=500)
    client.reads = False
    world.bus.subscribe(client.outbox, [Filter(name="*")], Audience(key=1, sees=lambda _device: True))
    for _ in range(5_000):
        world.bus.publish("Entity.Event", {"text": "x" * 1_000}, device=DeviceId("a"))
    await until(lambda: client.closed is not None)
    assert client.closed is not None
    assert client.closed[0] == 1013
    assert world.tally["clients_cut_off"] == 1


async def test_what_still_runs_when_the_client_leaves_is_ended(world: World, client: Client, until: Until) -> None:
    ended = asyncio.Event()

    async def handler() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    world.method(handler, "Test.Wait")
    client.say(ask(method="Test.Wait"))
    await until(lambda: client.taken == 1)
    client.hang_up()
    await ended.wait()


async def test_one_clients_trouble_is_not_anothers(world: World, client: Client, guest: Principal) -> None:
    other = world.client(guest)
    for text in ("{", "[" * 500):
        client.say(text)
    client.reads = False
    client.hang_up()
    assert (await other.ask(ask(5)))[0]["id"] == 5


# ---- whatever comes -----------------------------------------------------------------------------------------

MEMBERS = st.fixed_dictionaries(
    {"method": st.sampled_from(["Test.Echo", "Test.Unheard", "X.Y", ""])},
    optional={
        "id": st.integers(0, 5) | st.text(max_size=2) | st.none() | st.just(True),
        "dst": st.sampled_from(["FLEET_MANAGER", "shellyx-a8032abb995c", "nobody", ["a", "b", "A"], 5])
        | st.lists(st.sampled_from(["shellyx-a8032abb995c", "A8032ABB995C", "nobody"]), max_size=3),
        "params": st.sampled_from([{}, {"value": 1}, {"more": 1}, [], [1], 5, None]),
    },
)


def replies_to(member: dict[str, Any]) -> int:
    """How many frames a request is answered with: one per device, one for the platform, one for a bad envelope."""
    dst = member.get("dst")
    bad = member["method"] == "" or member.get("id") is True or dst == 5 or member.get("params") == 5
    if bad:
        return 1
    if "id" not in member:
        return 0
    if not isinstance(dst, list):
        return 1
    return len({name.lower().replace("a8032abb995c", "x").removeprefix("shellyx-") for name in dst}) or 1


@hypothesis.settings(
    max_examples=40, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@given(frames=st.lists(MEMBERS | st.lists(MEMBERS, min_size=1, max_size=4), max_size=6))
async def test_every_request_is_answered_as_often_as_it_has_destinations(world: World, frames: list[Any]) -> None:
    if not len(world.fleet):
        world.shelly()
    client = world.client()
    for frame in frames:
        client.say(frame)
    members = [member for frame in frames for member in (frame if isinstance(frame, list) else [frame])]
    async with asyncio.timeout(5):
        while len(client.received) < sum(map(replies_to, members)):
            await asyncio.sleep(0)
    client.hang_up()
    await world.sessions[-1][1]
    assert len(client.received) == sum(map(replies_to, members))
    assert all(("result" in reply) != ("error" in reply) for reply in client.received)
