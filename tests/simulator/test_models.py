"""The catalogue: its devices have the shape of real ones, and a seed decides them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fleet_platform.simulator import UnknownModel
from fleet_platform.simulator.device.blueprint import Blueprint
from fleet_platform.simulator.models import MODELS, Model, ModelOrigin, find_model

FOLDER = Path(__file__).parents[3] / "shared" / "devices"

EVERY = [(model, profile) for model in MODELS.values() for profile in model.profiles]
NAMES = [f"{model.app}-{profile}" for model, profile in EVERY]

OPTIONAL = {"sta_ip6", "alt", "errors", "eco_mode", "current_pos", "flags", "label", "cover"}
"""Names that a device has or lacks by its network, its firmware or its fortune."""

OPEN = {"available_updates", "ui_data", "location", "reverse", "debug"}
"""Objects that hold whatever their owner or the maker put there."""


def blueprint(model: Model, profile: str, seed: int = 1) -> Blueprint:
    return ModelOrigin(model, seed, profile=profile or None).blueprint()


def shape(value: Any) -> Any:
    """Names and nesting of an object, without values and without what is optional."""
    if isinstance(value, Mapping):
        return {
            name: None if name in OPEN else shape(inner)
            for name, inner in sorted(value.items())
            if name not in OPTIONAL
        }
    return None


def newest_dumps() -> dict[tuple[str, str], dict[str, Any]]:
    """The dump of each model and profile with the catalogue's firmware."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        dump = json.loads(path.read_text())
        info = dump["info"] or {}
        model = MODELS.get(info.get("model", ""))
        if model is not None and info["ver"] == model.version:
            found.setdefault((model.code, info.get("profile", "")), dump)
    return found


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real dumps in {FOLDER}")
def test_models_have_the_components_and_fields_of_real_devices() -> None:
    compared = 0
    for (code, profile), dump in newest_dumps().items():
        built = blueprint(MODELS[code], profile)
        if code.startswith("SAWD"):
            continue  # its sys, media and settings are those of a tablet; only its components are like others'
        addon = {key for key in dump["status"] if int(key.partition(":")[2] or 0) >= 100}
        assert set(built.info) == set(dump["info"]), code
        assert set(built.status) - built.unlisted == set(dump["status"]) - addon, code
        for key in set(dump["status"]) - addon:
            assert shape(built.status[key]) == shape(dump["status"][key]), (code, key)
        for key in set(dump["config"]) - addon:
            assert shape(built.config[key]) == shape(dump["config"][key]), (code, key)
        compared += 1
    assert compared >= 25


@pytest.mark.parametrize(("model", "profile"), EVERY, ids=NAMES)
def test_every_model_keeps_the_laws_of_a_device(model: Model, profile: str) -> None:
    built = blueprint(model, profile)
    prefix, _, mac = built.info["id"].rpartition("-")
    assert prefix == model.prefix
    assert mac.upper() == built.info["mac"]
    assert len(mac) == 12
    assert built.info["gen"] == model.gen
    assert built.info["ver"] in built.info["fw_id"]
    assert built.config["sys"]["device"]["mac"] == built.status["sys"]["mac"] == built.info["mac"]
    assert built.config["sys"]["cfg_rev"] == built.status["sys"]["cfg_rev"]
    for key in {*built.status, *built.config}:
        number = key.partition(":")[2]
        for held in (built.status.get(key), built.config.get(key)):
            if number and held:
                assert held["id"] == int(number), key
    assert json.loads(json.dumps([built.info, dict(built.config), dict(built.status)]))


@pytest.mark.parametrize(("model", "profile"), EVERY, ids=NAMES)
def test_a_seed_decides_a_device(model: Model, profile: str) -> None:
    first, same, other = (blueprint(model, profile, seed) for seed in (5, 5, 6))
    assert first == same
    assert first.info["mac"] != other.info["mac"]


def test_a_thousand_seeds_are_a_thousand_devices() -> None:
    model = find_model("Plus1PM")
    assert len({blueprint(model, "", seed).info["id"] for seed in range(1000)}) == 1000


@pytest.mark.parametrize("name", ["Plus1PM", "plus1pm", "SNSW-001P16EU", "shellyplus1pm", "Shelly Plus 1PM"])
def test_a_model_goes_by_several_names(name: str) -> None:
    assert find_model(name).app == "Plus1PM"


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(UnknownModel, match=r"no model 'Plus1PN'; did you mean Plus1PM\?"):
        find_model("Plus1PN")


def test_settings_that_do_not_depend_on_the_device_are_shared() -> None:
    model = find_model("Plus1PM")
    assert blueprint(model, "", 1).config["switch:0"] is blueprint(model, "", 2).config["switch:0"]
