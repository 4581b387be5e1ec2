"""Simulated devices beside dumps of real ones: the same components, fields and kinds of values.

Each complete dump is compared with a device of the same order number, profile, firmware and add-on. What differs is
in :data:`DIFFERENCES`, row by row with its reason; a row that no dump needs any more fails too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fleet_platform.simulator.device.blueprint import Blueprint
from fleet_platform.simulator.models import MODELS, ModelOrigin

FOLDER = Path(__file__).parents[3] / "shared" / "devices"
PARTIAL = "aioshelly-test_shellyplugus", "aioshelly-test_shelly2pmg3"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real dumps in {FOLDER}")

DUMPS = [path for path in sorted(FOLDER.glob("*.json")) if path.stem not in PARTIAL]


class Found(NamedTuple):
    """One difference: where (``config switch:0 reverse``) and what about the field there."""

    where: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference that is as it should be.

    Attributes:
        dumps: What their names contain; the empty text is all.
        fields: Side, component key and field: ``status light:0 flags``; a field stands for those in it too.
        what: ``missing`` from the simulated device, ``extra`` there, or the kinds in dump and simulated device.
        why: The reason.
    """

    dumps: tuple[str, ...]
    fields: tuple[str, ...]
    what: str
    why: str

    def covers(self, dump: str, found: Found) -> bool:
        return (
            found.what == self.what
            and any(part in dump for part in self.dumps)
            and any(found.where == field or found.where.startswith(f"{field}.") for field in self.fields)
        )


EVERY = ("",)
SCRIPTS = ("config script:1", "status script:1")

DIFFERENCES = (
    Difference(
        dumps=EVERY,
        fields=("status sys available_updates", "info device available_updates"),
        what="missing",
        why="the maker had newer firmware on that day",
    ),
    Difference(
        dumps=EVERY, fields=("config sys location",), what="null, not object", why="taken out of the dump, or not set"
    ),
    Difference(
        dumps=("Plus2PM", "S2PMG3__", "Pro2PM", "PlugIT__aioshelly"),
        fields=("config sys ui_data",),
        what="missing",
        why="the device's web page keeps there what it likes",
    ),
    Difference(
        dumps=("BluGw__aioshelly_1.2.0", "Pro4PM__aioshelly_1.0.3", "ProRGBWWPM__617709"),
        fields=SCRIPTS,
        what="missing",
        why="its owner's script",
    ),
    Difference(
        dumps=("aioshelly-test_shellyblugatewaygen3",),
        fields=("config blutrv:200", "status blutrv:200"),
        what="missing",
        why="the client that was recorded put the valve's own answers in",
    ),
    Difference(
        dumps=("aioshelly_1", "aioshelly-test_shellyblugatewaygen3"),
        fields=("config wifi",),
        what="text, not object",
        why="taken out of the dump",
    ),
    Difference(
        dumps=("XT1-irrigation",),
        fields=("config wifi ap", "config wifi roam", "config wifi sta1"),
        what="extra",
        why="left out where the dump was typed off; the other product with this module has them",
    ),
    Difference(
        dumps=("PlugSG3__A574B0",),
        fields=("info device matter",),
        what="missing",
        why="1.2.3-matter22, a trial of Matter long before the release that brought it",
    ),
    Difference(
        dumps=("EMG3__0D86BF",), fields=("status wifi sta_ip6",), what="extra", why="its network had no IPv6 for it"
    ),
    Difference(
        dumps=("BluGw__aioshelly_1.2.0",),
        fields=("status wifi ap_client_count",),
        what="missing",
        why="shown while the access point is on",
    ),
    Difference(
        dumps=("ProDimmerx__077D72__notcalibrated", "ProDimmerx__BCBFE3"),
        fields=("status light:0 flags", "status light:1 flags"),
        what="missing",
        why="a dimmer that nobody has calibrated",
    ),
    Difference(dumps=("ProDimmerx__BCBFE3",), fields=("status light:0 errors",), what="missing", why="it has a fault"),
)


@cache
def content(path: Path) -> Any:
    """What a dump holds."""
    return json.loads(path.read_text())


def addon_of(dump: Any) -> tuple[str, ...]:
    """Component types of a dump's add-on: instances 100-199."""
    numbers = ((key.partition(":")[0], key.partition(":")[2]) for key in dump["status"])
    return tuple(kind for kind, number in numbers if number.isdecimal() and 100 <= int(number) < 200)


def simulated(dump: Any) -> Blueprint:
    """A device as the dump's: same order number, product, profile, firmware and add-on."""
    info = dump["info"]
    prefix = info["id"].rpartition("-")[0]
    model = next(model for model in MODELS.values() if (model.code, model.prefix) == (info["model"], prefix))
    return ModelOrigin(model, 1, profile=info.get("profile"), version=info["ver"], addon=addon_of(dump)).blueprint()


def as_set_up(made: Mapping[str, Any], dump: Any) -> dict[str, Any]:
    """A simulated status with what follows from settings that a dump's owner has chosen otherwise.

    A button and a disabled input show no state; radio devices are an error only while Bluetooth is off; a cover knows where it is once it
    is calibrated.
    """
    status = {key: dict(value) for key, value in made.items()}
    for key, value in status.items():
        config = dump["config"].get(key) or {}
        if key.startswith("input:") and "state" in value:
            value["state"] = None if config.get("type") == "button" or config.get("enable") is False else False
        if key == "bthome":
            value.pop("errors", None)
            if not dump["config"]["ble"]["enable"]:
                value["errors"] = ["bluetooth_disabled"]
        if key.startswith("cover:") and dump["status"].get(key, {}).get("pos_control") is False:
            del value["current_pos"]
    return status


def kind(value: Any) -> str:
    """``number`` for an integer and a float."""
    if value is None:
        return "null"
    names = ((bool, "flag"), (int | float, "number"), (str, "text"), (list, "list"), (dict, "object"))
    return next(name for types, name in names if isinstance(value, types))


_LEVELS = 2
"""Side, key and field stand apart; fields of fields follow by dots."""


def compare(real: Any, made: Any, where: str) -> Iterator[Found]:
    """Differences of two values, depth first; null may stand for a number or a text that is not set."""
    if isinstance(real, dict) and isinstance(made, dict):
        for name in {**real, **made}:
            inner = f"{where}{' ' if where.count(' ') < _LEVELS else '.'}{name}"
            if name not in made:
                yield Found(inner, "missing")
            elif name not in real:
                yield Found(inner, "extra")
            else:
                yield from compare(real[name], made[name], inner)
        return
    kinds = {kind(real), kind(made)}
    if len(kinds) > 1 and not ("null" in kinds and kinds <= {"null", "number", "text"}):
        yield Found(where, f"{kind(real)}, not {kind(made)}")


def differences(dump: Any) -> Iterator[Found]:
    """All differences between a dump and a device simulated like it."""
    made = simulated(dump)
    yield from compare(dump["info"], dict(made.info), "info device")
    config = {key: value for key, value in made.config.items() if key not in made.unlisted}
    status = {key: value for key, value in made.status.items() if key not in made.unlisted}
    yield from compare(dump["config"], config, "config")
    yield from compare(dump["status"], as_set_up(status, dump), "status")


def excused(path: Path, found: Found) -> list[Difference]:
    """The rows that a difference has."""
    return [row for row in DIFFERENCES if row.covers(path.stem, found)]


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.stem)
def test_a_simulated_device_has_the_components_fields_and_types_of_a_real_one(path: Path) -> None:
    unexplained = [found for found in differences(content(path)) if not excused(path, found)]
    assert unexplained == []


def test_each_row_of_the_table_is_needed() -> None:
    used = {id(row) for path in DUMPS for found in differences(content(path)) for row in excused(path, found)}
    assert [row.why for row in DIFFERENCES if id(row) not in used] == []


@pytest.mark.parametrize("name", ["BluGwG3__7B0C73", "BluGwG3__aioshelly-test"])
def test_bluetooth_devices_of_a_gateway_have_the_fields_of_real_ones(name: str) -> None:
    dump = content(next(path for path in DUMPS if name in path.stem))
    made = simulated(dump)
    held = dump["components"]
    for item in held["components"] if isinstance(held, dict) else held:
        component = item["key"].partition(":")[0]
        twins = [key for key in made.unlisted if key.startswith(f"{component}:")]
        wanted = kind(item["status"].get("value"))
        twin = next(key for key in twins if kind(made.status[key].get("value")) == wanted)
        found = [
            *compare(item["status"], made.status[twin], f"status {component}"),
            *compare(item["config"], made.config[twin], f"config {component}"),
            *compare(item.get("attrs", {}), made.attrs[twin], f"attrs {component}"),
        ]
        # What a device looks like in the application is its owner's.
        assert [each for each in found if not each.where.endswith(" meta")] == [], item["key"]
