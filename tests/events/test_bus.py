"""The bus: numbers, shapes, who gets what, and that each client gets it once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.events.bus import Bus
from fleet_platform.events.channel import Audience
from fleet_platform.events.filters import Filter, Rules
from fleet_platform.events.reasons import reason_of
from plugin_sdk import JSON, DeviceId, Event

if TYPE_CHECKING:
    from tests.events.conftest import Reader, Twin

NewReader = Callable[..., "Reader"]
NewTwin = Callable[..., "Twin"]

HALL = DeviceId("shellyx-aabbccddeeff")


def listen(bus: Bus, reader: Reader, audience: Audience, *names: str, changed_only: bool = False) -> list[int]:
    return bus.subscribe(reader.outbox, [Filter(name=name, changed_only=changed_only) for name in names], audience)


# ---- numbers and shapes -------------------------------------------------------------------------------------


async def test_every_event_is_numbered_and_counted_even_if_nobody_listens(bus: Bus, new_twin: NewTwin) -> None:
    assert not bus.wants("Shelly.Connect")
    bus.publish("Shelly.Connect", {"shellyID": HALL}, device=HALL)
    new_twin("a").change(bus, {"switch:0": {"output": True}})
    assert bus.seq == 2
    assert bus.published == {"Shelly.Connect": 1, "Shelly.Status": 1}


async def test_device_events_carry_metadata_and_others_do_not(everybody: Audience, reader: Reader) -> None:
    bus = Bus(metadata=lambda device: json.dumps({"groups": [], "of": device}).encode())
    listen(bus, reader, everybody, "*")
    bus.publish("Shelly.Connect", {"shellyID": HALL}, device=HALL)
    bus.publish("Shelly.Empty", {}, device=HALL)
    bus.publish("Entity.Event", {"entityId": "x"}, device=HALL)
    metadata = {"groups": [], "of": HALL}
    assert reader.drain() == [
        {"method": "Shelly.Connect", "params": {"shellyID": HALL, "metadata": metadata}, "seq": 1},
        {"method": "Shelly.Empty", "params": {"metadata": metadata}, "seq": 2},
        {"method": "Entity.Event", "params": {"entityId": "x"}, "seq": 3},
    ]


async def test_notifications_of_the_platform_say_who_speaks_to_whom(
    bus: Bus, everybody: Audience, reader: Reader
) -> None:
    listen(bus, reader, everybody, "NotifyEvent", "NotifyStatus")
    bus.publish("NotifyEvent", {"ts": 1, "events": []}, reason="device")
    bus.publish("NotifyStatus", {"ts": 1})
    assert [(frame["src"], frame["dst"]) for frame in reader.drain()] == [("FLEET_MANAGER", "FM_CLIENT")] * 2


async def test_any_name_makes_a_frame_that_is_json(bus: Bus, everybody: Audience, reader: Reader) -> None:
    listen(bus, reader, everybody, "*")
    for name in ('greetings."hello"', "greetings.\\", "greetings.grüezi", "greetings.\n"):
        bus.publish(name, {})
        assert reader.drain()[0]["method"] == name


async def test_status_comes_whole_by_default_and_with_what_changed_on_demand(
    bus: Bus, everybody: Audience, new_reader: NewReader, new_twin: NewTwin
) -> None:
    whole, changed = new_reader(), new_reader()
    listen(bus, whole, everybody, "Shelly.Status")
    listen(bus, changed, everybody, "Shelly.Status", changed_only=True)
    twin = new_twin(HALL, {"switch:0": {"output": False}, "sys": {"cfg_rev": 1}, "wifi": {}})
    bus.publish_status(twin)
    twin.change(bus, {"switch:0": {"output": True}, "sys": {"cfg_rev": 2}})
    twin.change(bus, {"switch:0": None})
    expected: list[JSON] = [
        {"switch:0": {"output": False}, "sys": {"cfg_rev": 1}, "wifi": {}},
        {"switch:0": {"output": True}, "sys": {"cfg_rev": 2}, "wifi": {}},
        {"sys": {"cfg_rev": 2}, "wifi": {}},
    ]
    frames = whole.drain()
    assert [frame["params"]["status"] for frame in frames] == expected
    assert all(frame["params"]["metadata"] == {"groups": []} for frame in frames)
    assert [frame["params"]["status"] for frame in changed.drain()] == [
        expected[0],
        {"switch:0": {"output": True}, "sys": {"cfg_rev": 2}},
        {"switch:0": None},
    ]


async def test_rules_take_components_out_of_changed_status_and_leave_full_status_whole(
    bus: Bus, everybody: Audience, new_reader: NewReader, new_twin: NewTwin
) -> None:
    rules = Rules(deny=("sys:*",))
    whole, changed = new_reader(), new_reader()
    bus.subscribe(whole.outbox, [Filter(name="Shelly.Status", rules=rules)], everybody)
    bus.subscribe(changed.outbox, [Filter(name="Shelly.Status", rules=rules, changed_only=True)], everybody)
    twin = new_twin(HALL)
    twin.change(bus, {"switch:0": {"output": True}, "sys": {"cfg_rev": 2}})
    twin.change(bus, {"sys": {"cfg_rev": 3}})
    assert [frame["params"]["status"] for frame in changed.drain()] == [{"switch:0": {"output": True}}]
    assert [frame["params"]["status"] for frame in whole.drain()] == [
        {"switch:0": {"output": True}, "sys": {"cfg_rev": 2}}
    ]


async def test_a_device_without_components_has_an_empty_status(
    bus: Bus, everybody: Audience, new_reader: NewReader, new_twin: NewTwin
) -> None:
    for changed_only in (True, False):
        reader = new_reader()
        listen(bus, reader, everybody, "Shelly.Status", changed_only=changed_only)
        bus.publish_status(new_twin(HALL))
        assert [frame["params"]["status"] for frame in reader.drain()] == [{}]


async def test_parameters_without_a_json_form_are_a_type_error(bus: Bus, everybody: Audience, reader: Reader) -> None:
    listen(bus, reader, everybody, "*")
    with pytest.raises(TypeError):
        bus.publish("greetings.Hello", {"who": object()})


# ---- subscribing --------------------------------------------------------------------------------------------


async def test_ids_are_unique_over_all_clients(bus: Bus, everybody: Audience, new_reader: NewReader) -> None:
    one, other = new_reader(), new_reader()
    ids = listen(bus, one, everybody, "a", "b") + listen(bus, other, everybody, "a") + listen(bus, one, everybody, "c")
    assert ids == [1, 2, 3, 4]
    assert bus.clients == 2


async def test_events_before_the_subscription_are_not_delivered(bus: Bus, everybody: Audience, reader: Reader) -> None:
    listen(bus, reader, everybody, "other")
    bus.publish("a", {})
    listen(bus, reader, everybody, "a")
    bus.publish("a", {})
    assert [frame["seq"] for frame in reader.drain()] == [2]


async def test_an_event_that_several_subscriptions_match_comes_once(
    bus: Bus, everybody: Audience, reader: Reader, new_twin: NewTwin
) -> None:
    listen(bus, reader, everybody, "*", "Shelly.*", "Shelly.Connect", "Shelly.Connect", "Shelly.Status")
    bus.publish("Shelly.Connect", {}, device=HALL)
    new_twin(HALL).change(bus, {"switch:0": {"output": True}})
    assert [frame["seq"] for frame in reader.drain()] == [1, 2]


async def test_full_status_wins_over_changed_wherever_both_are_wanted(
    bus: Bus, everybody: Audience, reader: Reader, new_twin: NewTwin
) -> None:
    bus.subscribe(
        reader.outbox,
        [
            Filter(name="Shelly.Status", changed_only=True),
            Filter(name="Shelly.Status", devices=frozenset({"a"}), rules=Rules(deny=("sys:*",))),
        ],
        everybody,
    )
    for device in ("a", "b"):
        twin = new_twin(device, {"switch:0": {}, "sys": {}, "wifi": {}})
        twin.change(bus, {"switch:0": {"output": True}})
        twin.change(bus, {"sys": {"cfg_rev": 1}})
    assert [(frame["params"]["shellyID"], list(frame["params"]["status"])) for frame in reader.drain()] == [
        ("a", ["switch:0", "sys", "wifi"]),
        ("a", ["sys"]),
        ("b", ["switch:0"]),
        ("b", ["sys"]),
    ]


async def test_unsubscribing_ends_that_subscription_and_no_other(
    bus: Bus, everybody: Audience, new_reader: NewReader
) -> None:
    one, other = new_reader(), new_reader()
    first, second = listen(bus, one, everybody, "a", "b")
    (third,) = listen(bus, other, everybody, "a")
    assert bus.unsubscribe(one.outbox, [third, 99, first]) == [first]
    for name in ("a", "b"):
        bus.publish(name, {})
    assert [frame["method"] for frame in one.drain()] == ["b"]
    assert [frame["method"] for frame in other.drain()] == ["a"]
    assert bus.unsubscribe(one.outbox, [first, second]) == [second]
    assert bus.clients == 1


async def test_an_id_named_twice_is_removed_once(bus: Bus, everybody: Audience, reader: Reader) -> None:
    ids = listen(bus, reader, everybody, "a")
    assert bus.unsubscribe(reader.outbox, [*ids, *ids]) == ids
    bus.publish("a", {})
    assert reader.drain() == []


async def test_a_client_that_leaves_is_forgotten(bus: Bus, everybody: Audience, new_reader: NewReader) -> None:
    one, other = new_reader(), new_reader()
    listen(bus, one, everybody, "a")
    listen(bus, other, everybody, "a")
    bus.leave(one.outbox)
    bus.leave(one.outbox)
    bus.publish("a", {})
    assert (one.drain(), len(other.drain()), bus.clients) == ([], 1, 1)
    bus.leave(other.outbox)
    assert bus.clients == 0


# ---- rights -------------------------------------------------------------------------------------------------


async def test_a_client_hears_only_of_devices_it_may_see(bus: Bus, reader: Reader, new_twin: NewTwin) -> None:
    listen(bus, reader, Audience(key=1, sees=lambda device: device == "a"), "*")
    for device in ("a", "b"):
        bus.publish("Shelly.Connect", {}, device=DeviceId(device))
        bus.publish("Entity.Added", {"entityId": f"{device}_0:out"}, device=DeviceId(device))
        new_twin(device).change(bus, {"switch:0": {}})
    bus.publish("NotifyEvent", {})
    assert [frame["seq"] for frame in reader.drain()] == [1, 2, 3, 7]


async def test_rights_are_asked_once_for_clients_with_equal_rights_and_again_when_they_change(
    bus: Bus, new_reader: NewReader
) -> None:
    asked: list[str] = []
    allowed = {"a"}

    def sees(device: DeviceId) -> bool:
        asked.append(device)
        return device in allowed

    readers = [new_reader() for _ in range(5)]
    for reader in readers:
        listen(bus, reader, Audience(key="same", sees=sees), "*")
    for _ in range(3):
        bus.publish("Shelly.Connect", {}, device=DeviceId("a"))
    assert asked == ["a"]
    allowed.clear()
    bus.rights_changed()
    bus.publish("Shelly.Connect", {}, device=DeviceId("a"))
    assert [len(reader.drain()) for reader in readers] == [3] * 5


async def test_an_event_that_needs_a_permission_reaches_who_has_it_now(bus: Bus, new_reader: NewReader) -> None:
    permissions = {"ann": {"user.list"}, "ben": set[str]()}
    readers = {name: new_reader() for name in permissions}
    for name, reader in readers.items():
        may = permissions[name].__contains__
        listen(bus, reader, Audience(key=name, sees=lambda _device: True, may=may), "User.*", "a")

    def heard() -> list[list[int]]:
        bus.publish("User.Changed", {})
        bus.publish("a", {})
        return [[frame["seq"] for frame in reader.drain()] for reader in readers.values()]

    bus.restrict({"User.Changed": "user.list"})
    assert heard() == [[1, 2], [2]]
    permissions["ben"].add("user.list")
    bus.rights_changed()
    assert heard() == [[3, 4], [3, 4]]
    bus.restrict({})
    permissions["ben"].clear()
    assert heard() == [[5, 6], [5, 6]]


# ---- taps ---------------------------------------------------------------------------------------------------


async def test_taps_get_the_changed_components_and_values_of_their_own(bus: Bus, new_twin: NewTwin) -> None:
    events: list[Event] = []
    remove = bus.tap(("Shelly.*", "Entity.Added"), events.append)
    twin = new_twin(HALL, {"switch:0": {}, "sys": {}})
    twin.change(bus, {"switch:0": {"output": True}})
    bus.publish("Entity.Added", {"entityId": "x"}, device=HALL)
    bus.publish("Entity.Removed", {"entityId": "x"}, device=HALL)
    assert [(event.seq, event.method, event.device) for event in events] == [
        (1, "Shelly.Status", HALL),
        (2, "Entity.Added", HALL),
    ]
    assert events[0].params["status"] == {"switch:0": {"output": True}}
    assert events[1].params == {"entityId": "x"}
    remove()
    remove()
    twin.change(bus, {"switch:0": {"output": False}})
    assert len(events) == 2
    assert not bus.wants("Shelly.Status")


async def test_a_tap_for_components_gets_only_status_events_that_change_one(bus: Bus, new_twin: NewTwin) -> None:
    events: list[Event] = []
    bus.tap(("*",), events.append, components=frozenset({"wifi", "switch"}))
    twin = new_twin(HALL, {"switch:0": {}, "sys": {}, "wifi": {}})
    twin.change(bus, {"sys": {"uptime": 1}})
    twin.change(bus, {"sys": {"uptime": 2}, "switch:0": {"output": True}})
    bus.publish("Shelly.Connect", {}, device=HALL)
    twin.change(bus, {"wifi": {"rssi": -60}})
    assert [sorted(event.params["status"]) for event in events] == [["switch:0", "sys"], ["wifi"]]


async def test_messages_are_wanted_by_taps_for_components_only_where_they_are_about_one(bus: Bus) -> None:
    events: list[Event] = []
    remove = bus.tap(("Shelly.Message",), events.append, components=frozenset({"script"}))
    assert bus.wants("Shelly.Message")
    assert bus.wants("Shelly.Message", ["script:1"])
    assert not bus.wants("Shelly.Message", ["switch:0"])
    bus.publish("Shelly.Message", {"n": 1}, device=HALL, about=["switch:0"])
    bus.publish("Shelly.Message", {"n": 2}, device=HALL, about=["switch:0", "script:1"])
    assert [event.params["n"] for event in events] == [2]
    bus.tap(("Shelly.*",), events.append)
    remove()
    assert bus.wants("Shelly.Message", ["switch:0"])


async def test_a_tap_that_publishes_leaves_the_order_as_it_was_numbered(
    bus: Bus, everybody: Audience, new_reader: NewReader
) -> None:
    early = new_reader()
    listen(bus, early, everybody, "*")

    def on_event(event: Event) -> None:
        if event.method == "question":
            bus.publish("answer", {})

    bus.tap(("*",), on_event)
    bus.publish("question", {})
    assert [frame["method"] for frame in early.drain()] == ["question", "answer"]
    for since, missed in ((0, ["question", "answer"]), (1, ["answer"])):
        late = new_reader()
        listen(bus, late, everybody, "*")
        assert bus.replay(late.outbox, since, lambda _device: None, [Filter(name="*")])
        assert [frame["method"] for frame in late.drain()] == missed


# ---- against a model ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Happening:
    """Something published: a status change where ``keys`` is given, else an event of that name."""

    name: str
    device: str | None
    keys: tuple[str, ...] = ()


RULES = st.none() | st.builds(
    Rules,
    allow=st.none() | st.sampled_from([(), ("switch:*",), ("*:generic",)]),
    deny=st.sampled_from([(), ("sys:*",), ("switch:output",), ("*:*",)]),
)
WISHES = st.builds(
    Filter,
    name=st.sampled_from(["*", "Shelly.*", "Shelly.Status", "Shelly.Connect", "Entity.Added", "NotifyEvent"]),
    devices=st.none() | st.frozensets(st.sampled_from(["a", "b"]), max_size=2),
    rules=RULES,
    changed_only=st.booleans(),
)
HAPPENINGS = st.one_of(
    st.builds(Happening, st.just("Shelly.Connect"), st.sampled_from(["A", "b"])),
    st.builds(Happening, st.just("Entity.Added"), st.sampled_from(["A", "b"])),
    st.just(Happening("NotifyEvent", None)),
    st.builds(
        Happening,
        st.just("Shelly.Status"),
        st.sampled_from(["A", "b"]),
        st.lists(st.sampled_from(["switch:0", "sys", "em:0"]), min_size=1, unique=True).map(tuple),
    ),
)


def expected(wishes: list[Filter], happening: Happening, seen: str) -> Any:
    """What a client with these wishes gets: None, ``"event"``, ``"full"`` or the changed keys."""
    if happening.device is not None and happening.device not in seen:
        return None
    kept: set[str] = set()
    for wish in wishes:
        name_fits = (
            happening.name.startswith(wish.name[:-1]) if wish.name.endswith("*") else wish.name == happening.name
        )
        device_fits = wish.devices is None or happening.device is None or happening.device.lower() in wish.devices
        if not (name_fits and device_fits):
            continue
        if not happening.keys:
            return "event"
        passing = {
            key for key in happening.keys if wish.rules is None or wish.rules.passes(reason_of(key, {"output": 1}))
        }
        if passing and not wish.changed_only:
            return "full"
        kept |= passing
    return [key for key in happening.keys if key in kept] or None


@hypothesis.settings(max_examples=80, deadline=None)
@given(
    clients=st.lists(st.tuples(st.lists(WISHES, min_size=1, max_size=3), st.sampled_from(["Ab", "A", ""])), max_size=4),
    happenings=st.lists(HAPPENINGS, max_size=8),
)
async def test_each_client_gets_each_event_it_wants_and_may_hear_of_once(
    new_reader: NewReader,
    new_twin: NewTwin,
    clients: list[tuple[list[Filter], str]],
    happenings: list[Happening],
) -> None:
    bus = Bus()
    readers = []
    for wishes, seen in clients:
        readers.append(new_reader())
        bus.subscribe(readers[-1].outbox, wishes, Audience(key=seen, sees=lambda device, seen=seen: device in seen))  # type: ignore[misc]
    twins = {name: new_twin(name, {"switch:0": {}, "sys": {}, "em:0": {}, "wifi": {}}) for name in ("A", "b")}
    for happening in happenings:
        if happening.keys:
            assert happening.device is not None
            twins[happening.device].change(bus, {key: {"output": bus.seq} for key in happening.keys})
        else:
            device = None if happening.device is None else DeviceId(happening.device)
            bus.publish(happening.name, {}, device=device)
        for (wishes, seen), reader in zip(clients, readers, strict=True):
            found: Any = [
                (list(frame["params"]["status"]) if "status" in frame["params"] else "event")
                for frame in reader.drain()
            ]
            wanted = expected(wishes, happening, seen)
            if wanted == "full":
                assert happening.device is not None
                wanted = list(twins[happening.device].status)
            assert found == ([] if wanted is None else [wanted])
