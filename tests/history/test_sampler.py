"""What is taken from reports, and what is not."""

from __future__ import annotations

from collections import Counter

import pytest

from fleet_platform.devices.twin import Twin
from fleet_platform.history.sampler import MAX_SERIES, Sampler
from fleet_platform.history.series import fields_of, increase
from plugin_sdk import JSON, ComponentType, DeviceId, MeasuredField
from tests.history.conftest import TYPES

ID = DeviceId("shellyx-a8032abb995c")


class Scene:
    def __init__(self) -> None:
        self.tally: Counter[str] = Counter()
        self.types = dict(TYPES)
        self.sampler = Sampler(lambda: self.types, self.tally)

    def take(self, changes: dict[str, JSON], device: DeviceId = ID) -> list[tuple[str, float | str]]:
        twin = Twin(device, {})
        twin.last_report_ms = 1_800_000_000_123
        self.sampler.take(twin, changes)
        samples = self.sampler.drain()
        assert all(ts_ms == twin.last_report_ms for _, ts_ms, _ in samples)
        return [(f"{series.component}.{series.path}", value) for series, _, value in samples]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_declared_fields_are_taken_wherever_they_stand(scene: Scene) -> None:
    taken = scene.take(
        {
            "switch:0": {
                "id": 0,
                "apower": 12.5,
                "output": True,
                "aenergy": {"total": 7, "minute": {"now": 1.5}, "by_minute": [1, 2, 3]},
            },
            "switch:1": {"apower": 3},
            "cover:0": {"state": "open", "pos": 50},
            "lamp:0": {"apower": 1},
            "sys": None,
        }
    )
    assert taken == [
        ("switch:0.apower", 12.5),
        ("switch:0.output", 1.0),
        ("switch:0.aenergy.total", 7),
        ("switch:0.aenergy.minute.now", 1.5),
        ("switch:1.apower", 3),
        ("cover:0.state", "open"),
    ]
    assert scene.sampler.taken == 6


@pytest.mark.parametrize("value", ["12", [1], {"a": 1}, "x" * 65], ids=["text", "list", "object", "long text"])
def test_what_is_no_number_is_counted_and_left_out(scene: Scene, value: JSON) -> None:
    assert scene.take({"switch:0": {"apower": value}}) == []
    assert scene.tally == {"history_not_a_number": 1}


def test_null_says_that_there_is_none_now(scene: Scene) -> None:
    assert scene.take({"switch:0": {"apower": None, "aenergy": None}, "cover:0": {"state": None}}) == []
    assert not scene.tally


def test_the_same_number_is_the_same_series(scene: Scene) -> None:
    twin = Twin(ID, {})
    for _ in range(2):
        scene.sampler.take(twin, {"switch:0": {"apower": 1.0}})
    (first, _, _), (second, _, _) = scene.sampler.drain()
    assert first is second
    scene.sampler.forget(ID)
    scene.sampler.take(twin, {"switch:0": {"apower": 1.0}})
    assert scene.sampler.drain()[0][0] is not first


def test_a_device_with_ten_thousand_fields_costs_no_more_than_its_bound(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    many = {f"switch:{number}": {"apower": 1.0, "output": True} for number in range(10_000)}
    assert len(scene.take(many)) == MAX_SERIES
    assert len(scene.take({"switch:0": {"apower": 2.0}})) == 1
    assert scene.take({"switch:9999": {"apower": 2.0}}) == []
    assert scene.tally["history_too_many_series"] > 9_000
    assert len(caplog.records) == 1
    assert len(scene.take(many, DeviceId("another"))) == MAX_SERIES


def test_components_of_no_known_type_are_not_remembered(scene: Scene) -> None:
    for number in range(10_000):
        scene.take({f"x{number}:0": {"apower": 1.0}})
    assert len(scene.sampler._lanes[ID]) == 0
    assert len(scene.sampler._fields) == 0


def test_other_component_types_count_from_the_next_report(scene: Scene) -> None:
    assert scene.take({"lamp:0": {"lux": 5}}) == []
    scene.types["lamp"] = ComponentType(
        type="lamp",
        namespace="Lamp",
        title="Lamp",
        fields=(MeasuredField(path="lux", unit="lx", kind="gauge", label="Light"),),
    )
    scene.sampler.types_changed()
    assert scene.take({"lamp:0": {"lux": 5}}) == [("lamp:0.lux", 5)]


def test_what_has_no_room_is_dropped_oldest_first_and_counted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet_platform.history.sampler.MAX_SAMPLES", 3)
    twin = Twin(ID, {})
    for number in range(3):
        scene.sampler.take(twin, {"switch:0": {"apower": number}})
    kept = scene.sampler.drain()
    scene.sampler.take(twin, {"switch:0": {"apower": 3}})
    scene.sampler.put_back(kept)
    assert [value for _, _, value in scene.sampler.waiting] == [1, 2, 3]
    scene.sampler.take(twin, {"switch:0": {"apower": 4}})
    assert scene.tally == {"history_no_room": 2}


def test_fields_that_share_a_name_are_found_together() -> None:
    fields = fields_of(TYPES["switch"])
    assert set(fields) == {"apower", "output", "aenergy"}
    assert fields_of(None) == {}


@pytest.mark.parametrize(
    ("before", "now", "grown"),
    [
        (None, 500.0, 0.0),
        (10.0, 12.5, 2.5),
        (10.0, 10.0, 0.0),
        (1000.0, 3.0, 3.0),  # was reset
        (1000.0, 998.0, 0.0),  # lost power, and went on from what it had last stored
        (0.0, 4.0, 4.0),
    ],
)
def test_by_how_much_a_counter_grew(before: float | None, now: float, grown: float) -> None:
    assert increase(before, now) == grown
