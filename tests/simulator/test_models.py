"""The catalogue: every known model, found by its names, reproducible from a seed, in any firmware.

That its devices look like real ones is in :mod:`tests.simulator.test_against_dumps`.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet_platform.simulator import Simulator, UnknownModel
from fleet_platform.simulator.device.blueprint import Blueprint
from fleet_platform.simulator.models import MODELS, UNKNOWN, Model, ModelOrigin, find_model
from fleet_platform.simulator.outbound.dialect import dialect_of

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "models.csv"

EVERY = [(model, profile) for model in MODELS.values() for profile in model.profiles]
NAMES = [f"{code}-{profile}" for code, model in MODELS.items() for profile in model.profiles]

OLDEST = {"Wall": "2.2.1", "": "0.14.1"}
"""First version of a dump, by what the app starts with."""

DEVELOPMENT = ".99-"

OWNERS = {"script", "group", "text", "button", "bthomedevice", "bthomesensor", "blutrv"}
"""Component types that owners of the dumped devices made or paired."""


def blueprint(model: Model, profile: str | None = None, seed: int = 1, version: str | None = None) -> Blueprint:
    return ModelOrigin(model, seed, profile=profile, version=version).blueprint()


def rows() -> list[dict[str, str]]:
    """All rows of the reference's table of models; none where it is not at hand."""
    if not REFERENCE.is_file():
        return []
    with REFERENCE.open(newline="") as file:
        return list(csv.DictReader(file))


def counted(text: str) -> Iterator[tuple[str, Counter[str]]]:
    """``[switch] input=2 switch=2 || [cover] cover=1 input=2`` → profile and how many of each component type."""
    for part in filter(None, text.split(" || ")):
        found = re.fullmatch(r"(?:\[(\w+)\] )?(.*)", part)
        assert found is not None
        pairs = (pair.split("=") for pair in found[2].split())
        yield found[1] or "", Counter({kind: int(count) for kind, count in pairs if kind not in OWNERS})


def held(built: Blueprint) -> Counter[str]:
    """How many of each component type with numbers a device has, without dynamic ones."""
    keys = [key.partition(":") for key in built.status if key not in built.unlisted]
    return Counter(kind for kind, _, number in keys if number.isdecimal() and int(number) < 100)


ELSEWHERE = {
    "SNSN-0024X": {"humidity", "temperature"},
    "S3DM-0010WW": {"boolean", "number"},
    "S3SW-001X16EU": {"enum", "number", "temperature"},
    "S4SW-001X8EU": {"zigbee"},
}
"""Component types of a model's dumps that are its owner's, an add-on's, or those of its Zigbee firmware."""

needs_reference = pytest.mark.skipif(not REFERENCE.is_file(), reason=f"no table of models in {REFERENCE}")


@needs_reference
def test_every_known_model_is_in_the_catalogue_or_said_why_not() -> None:
    codes = {row["model"] for row in rows()}
    assert codes == {model.code for model in MODELS.values()} | set(UNKNOWN)
    assert not set(UNKNOWN) & set(MODELS)
    assert {row["model"] for row in rows() if row["component_types"]} <= set(MODELS)


@needs_reference
@pytest.mark.parametrize("row", [row for row in rows() if row["model"] in MODELS], ids=lambda row: row["model"])
def test_a_model_is_named_and_numbered_as_the_reference_has_it(row: dict[str, str]) -> None:
    model = MODELS[row["model"]]
    assert model.gen == int(row["gen"])
    assert model.name == (row["name"] or model.name)
    assert model.app in (row["app"] or model.app).split("/")
    assert model.prefix in (row["id_prefix"] or model.prefix).split("/")
    assert set(filter(None, row["profiles"].split("/"))) <= {*model.profiles, "irrigation", "st1820"}


@needs_reference
@pytest.mark.parametrize("row", [row for row in rows() if row["component_types"]], ids=lambda row: row["model"])
def test_a_model_has_as_many_components_as_its_dumps(row: dict[str, str]) -> None:
    model = MODELS[row["model"]]
    for profile, counts in counted(row["component_counts_from_dump"]):
        # One display was dumped by an app that showed no ``devicepower``.
        assert counts - held(blueprint(model, profile)) == Counter(), profile
    types = {name.rstrip(":") for name in row["component_types"].split()} - OWNERS
    built = [blueprint(model, profile) for profile in model.profiles]
    shown = {key.partition(":")[0] for each in built for key in {*each.status, *each.config}}
    assert types - shown == ELSEWHERE.get(model.code, set())


@pytest.mark.parametrize(("model", "profile"), EVERY, ids=NAMES)
def test_every_model_keeps_the_laws_of_a_device(model: Model, profile: str) -> None:
    built = blueprint(model, profile)
    prefix, _, mac = built.info["id"].rpartition("-")
    assert prefix == model.prefix
    assert mac.upper() == built.info["mac"]
    assert len(mac) == 12
    assert built.info["gen"] == model.gen
    assert (built.info["ver"] in built.info["fw_id"]) is (DEVELOPMENT not in model.version or "-xt-" in model.version)
    assert built.config["sys"]["device"]["mac"] == built.status["sys"]["mac"] == built.info["mac"]
    assert built.config["sys"]["device"]["fw_id"] == built.info["fw_id"]
    assert built.config["sys"]["cfg_rev"] == built.status["sys"]["cfg_rev"]
    assert built.info.get("profile", "") == profile
    for key in {*built.status, *built.config}:
        number = key.partition(":")[2]
        for shown in (built.status.get(key), built.config.get(key)):
            if number and shown:
                assert shown.get("id", int(number)) == int(number), key
    assert json.loads(json.dumps([built.info, dict(built.config), dict(built.status)]))


@pytest.mark.parametrize(("model", "profile"), EVERY, ids=NAMES)
def test_a_seed_decides_a_device(model: Model, profile: str) -> None:
    first, same, other = (blueprint(model, profile, seed) for seed in (5, 5, 6))
    assert first == same
    assert first.info["mac"] != other.info["mac"]


def test_a_thousand_seeds_are_a_thousand_devices() -> None:
    model = find_model("Plus1PM")
    assert len({blueprint(model, seed=seed).info["id"] for seed in range(1000)}) == 1000


@pytest.mark.parametrize("code", ["SNSW-001P16EU", "SPSW-201PE16EU", "S3SW-001P16EU", "S4SW-001P16EU"])
def test_network_and_signal_are_plausible(code: str) -> None:
    for seed in range(50):
        built = blueprint(MODELS[code], seed=seed)
        wifi, sys = built.status["wifi"], built.status["sys"]
        assert wifi["sta_ip"].startswith("192.168.")
        assert -80 < wifi["rssi"] < -40
        assert sys["ram_min_free"] < sys["ram_free"] < sys["ram_size"]
        assert 0 < sys["fs_free"] < sys["fs_size"]
        assert sys["fs_free"] % 4096 == 0
        first, last = wifi.get("sta_ip6", ["fe80::-"])[0][:6], built.info["mac"][-2:].lower()
        assert first == "fe80::"
        assert "sta_ip6" not in wifi or wifi["sta_ip6"][0].endswith(last.lstrip("0") or "0")


@pytest.mark.parametrize("name", ["Plus1PM", "plus1pm", "SNSW-001P16EU", "shellyplus1pm", "Shelly Plus 1PM"])
def test_a_model_goes_by_several_names(name: str) -> None:
    assert find_model(name).code == "SNSW-001P16EU"


@pytest.mark.parametrize(("code", "model"), MODELS.items(), ids=MODELS)
def test_every_model_is_found_by_its_order_number(code: str, model: Model) -> None:
    assert find_model(code.lower()) is model


@pytest.mark.parametrize(
    ("typo", "near"),
    [
        ("Plus1PN", "Plus1PM"),
        ("SNSW-001P16EX", "SNSW-001P16EU"),
        ("shelly flod gen4", "Shelly Flood Gen4"),
        ("shellypro3rm", "shellypro3em"),
    ],
)
def test_an_unknown_model_names_the_nearest(typo: str, near: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        find_model(typo)
    assert str(caught.value) == f"no model {typo!r}; did you mean {near}?"


def test_a_model_nothing_is_like_names_none() -> None:
    with pytest.raises(UnknownModel, match=r"^no model '§'$"):
        find_model("§")


@pytest.mark.parametrize("code", UNKNOWN)
def test_a_model_whose_components_are_not_known_is_told_with_the_reason(code: str) -> None:
    name, reason = UNKNOWN[code]
    for each in (code, name.upper()):
        with pytest.raises(UnknownModel) as caught:
            find_model(each)
        assert str(caught.value) == f"{name} ({code}) is known, but not its components: {reason}"


def test_products_with_one_module_are_told_apart_by_their_prefix() -> None:
    assert find_model("S3XT-0S").prefix == "irrigation"
    floor = blueprint(find_model("st1820"))
    assert floor.info["svc0"]["type"] == "linkedgo-st1820-floor-thermostat"
    assert floor.config["number:202"]["owner"] == "service:0"
    assert floor.status["number:202"] == {"value": 25}


def test_settings_that_do_not_depend_on_the_device_are_shared() -> None:
    model = find_model("Plus1PM")
    assert blueprint(model, seed=1).config["switch:0"] is blueprint(model, seed=2).config["switch:0"]
    assert blueprint(model, seed=1).config["wifi"] is blueprint(model, seed=2).config["wifi"]


# ---- firmware -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "profile"), EVERY, ids=NAMES)
def test_older_firmware_has_no_component_that_newer_has_not(model: Model, profile: str) -> None:
    version = OLDEST["Wall" if model.is_wall_display else ""]
    old, new = blueprint(model, profile, version=version), blueprint(model, profile)
    assert old.info["ver"] == version
    assert version in old.info["fw_id"]
    assert set(old.status) <= set(new.status)
    assert set(old.info) <= set(new.info)
    assert old.info["mac"] == new.info["mac"]
    assert json.loads(json.dumps([old.info, dict(old.config), dict(old.status)]))


def test_fields_come_and_go_with_the_firmware() -> None:
    model = find_model("Pro4PM")
    oldest, old, new, newest = (blueprint(model, version=version) for version in ("1.0.3", "1.4.0", "1.7.5", "2.0.0"))
    assert "bthome" not in oldest.config
    assert {"bthome", "knx"} <= set(old.config)
    assert "ret_aenergy" not in oldest.status["switch:0"]
    assert "reset_reason" not in oldest.status["sys"]
    assert oldest.config["ble"] == {"enable": False, "rpc": {"enable": False}, "observer": {"enable": False}}
    assert new.config["ble"] == {"enable": False, "rpc": {"enable": False}}
    assert newest.config["ble"] == {"rpc": {"enable": False}}
    assert "provision" not in old.info
    assert new.info["provision"] == "complete"
    assert "file_log" not in new.config["sys"]["debug"]
    assert newest.config["sys"]["debug"]["file_log"] == {"enable": False}


@pytest.mark.parametrize(
    ("app", "version", "fw_id"),
    [
        ("Plus1PM", "1.7.5", r"20260311-\d{6}/1\.7\.5-g9979d16"),
        ("Plus1PM", "1.4.3", r"20240819-\d{6}/1\.4\.3-g[0-9a-f]{7}"),
        ("Plus1PM", "0.10.0", r"20230308-\d{6}/0\.10\.0-g[0-9a-f]{7}"),
        ("PlugSG3", "1.5.99-dev114743", r"20250318-\d{6}/g[0-9a-f]{7}"),
        ("XT1", "1.4.99-xt-prod1", r"20241121-\d{6}/1\.4\.99-xt-prod1-gc6448fb"),
        ("WallDisplay", "2.6.2", r"20260520-\d{6}/2\.6\.2-06f6da23"),
    ],
)
def test_a_firmware_is_called_as_real_ones_are(app: str, version: str, fw_id: str) -> None:
    assert re.fullmatch(fw_id, find_model(app).at(version).fw_id)


@pytest.mark.parametrize("version", ["", "1.7", "latest", "1.7.5 beta", "v1.7.5"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="is no firmware version such as"):
        ModelOrigin(find_model("Plus1PM"), 1, version=version)


async def test_a_device_of_old_firmware_speaks_its_dialect(sim: Simulator) -> None:
    device = await sim.add("Plus1PM", seed=1, version="1.4.0")
    assert device.state.info["ver"] == "1.4.0"
    assert device.session.dialect == dialect_of("Plus1PM", "1.4.0")
    assert device.session.dialect != dialect_of("Plus1PM", "1.7.5")


# ---- profiles, add-ons, sleepers ----------------------------------------------------------------------------


def test_a_profile_that_a_model_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Plus2PM has no profile 'light'; it has: switch, cover$"):
        ModelOrigin(find_model("Plus2PM"), 1, profile="light")
    with pytest.raises(ValueError, match=r"^Plus1PM has no profile 'switch'; it has: none$"):
        ModelOrigin(find_model("Plus1PM"), 1, profile="switch")


def test_an_addon_brings_components_from_100() -> None:
    built = ModelOrigin(find_model("Plus1"), 1, addon=("temperature", "temperature", "input")).blueprint()
    assert [key for key in built.status if ":1" in key] == ["input:100", "temperature:100", "temperature:101"]
    assert built.status["temperature:101"]["id"] == 101
    assert built.config["sys"]["device"]["addon_type"] == "sensor"
    assert blueprint(find_model("Plus1")).config["sys"]["device"]["addon_type"] is None


def test_an_addon_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^PlugSG3 takes no add-on; Plus1 does$"):
        ModelOrigin(find_model("PlugSG3"), 1, addon=("temperature",))
    with pytest.raises(ValueError, match=r"^an add-on brings no 'switch'; only: humidity, input, temperature$"):
        ModelOrigin(find_model("Plus1"), 1, addon=("switch",))


@pytest.mark.parametrize(
    ("app", "period_s"), [("PlusHT", 7_200), ("HTG3", 7_200), ("PlusSmoke", 86_400), ("FloodSensorG4", 43_200)]
)
def test_a_sleeper_tells_why_and_how_often_it_wakes(app: str, period_s: int) -> None:
    sys = blueprint(find_model(app)).status["sys"]
    assert sys["wakeup_period"] == period_s
    assert sys["wakeup_reason"] == {"boot": "deepsleep_wake", "cause": "periodic"}
    assert "schedule_rev" not in sys


def test_a_wall_display_has_its_own_habits() -> None:
    built = blueprint(find_model("SAWD-0A1XX10EU1"))
    assert built.info["id"] == f"ShellyWallDisplay-{built.info['mac']}"
    assert built.info == built.status["sys"]
    assert "server" not in built.config["ws"]
    assert "server" not in built.config["mqtt"]
    assert "ws" not in built.status
    large = blueprint(find_model("Shelly Wall Display XL"))
    assert large.status["humidity:0"] == {"id": 0, "rh": -2, "errors": ["Sensor driver missing from firmware"]}
    assert large.status["input:4"] == {"id": 4}
