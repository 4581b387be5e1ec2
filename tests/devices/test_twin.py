"""A twin: what is stored comes back, what clients see, and when a sleeper is expected."""

from __future__ import annotations

import json

import pytest

from fleet_platform.devices.link import Link, LinkLimits
from fleet_platform.devices.twin import Revisions, Twin
from fleet_platform.text import encode
from plugin_sdk import JSON, DeviceId, JSONObject

ID = DeviceId("ShellyX-A8032ABB995C")


def twin(**system: JSON) -> Twin:
    return Twin(ID, {"sys": system} if system else {})


def restored(one: Twin) -> Twin:
    """What a restart makes of a twin."""
    other = Twin(one.id, json.loads(one.status_json()))
    other.load(info=one.info_json(), settings=one.settings_json(), meta=json.loads(one.meta_json()))
    return other


def connected(one: Twin) -> Twin:
    one.link = Link(write=lambda _frame: None, close=lambda _code, _reason: None, limits=LinkLimits())
    return one


def test_what_is_stored_comes_back() -> None:
    one = twin(cfg_rev=3, wakeup_period=600)
    one.set_info({"id": ID, "name": "Hall", "fw_id": "x"})
    one.set_settings({"sys": {"device": {"name": "Attic"}}})
    one.last_report_ms, one.read, one.config_rev, one.updating = 1_800_000_000_123, True, 3, True
    other = restored(one)
    for name in ("status", "last_report_ms", "read", "config_rev", "updating", "revisions"):
        assert getattr(other, name) == getattr(one, name), name
    assert (other.info(), other.settings()) == (one.info(), one.settings())
    assert (other.presence, other.asleep) == ("offline", False)


def test_a_new_twin_is_stored_and_comes_back_as_new() -> None:
    other = restored(twin())
    assert (other.read, other.updating, other.config_rev, other.last_report_ms) == (False, False, None, 0)


def test_decoded_values_are_free_to_change() -> None:
    one = twin()
    one.set_settings({"switch:0": {"name": "a"}})
    one.settings()["switch:0"]["name"] = "b"
    one.info()["x"] = 1
    assert one.settings() == {"switch:0": {"name": "a"}}
    assert one.info() == {}


@pytest.mark.parametrize(
    ("info", "settings", "name"),
    [
        ({"name": "Hall"}, {"sys": {"device": {"name": "Attic"}}}, "Hall"),
        ({"name": None}, {"sys": {"device": {"name": "Attic"}}}, "Attic"),
        ({}, {"sys": {"device": {"name": ""}}}, ID),
        ({}, {"sys": {"device": None}}, ID),
        ({}, {"sys": None}, ID),
        ({}, {}, ID),
    ],
)
def test_the_name_is_the_devices_else_its_id(info: JSONObject, settings: JSONObject, name: str) -> None:
    one = twin()
    one.set_info(info)
    one.set_settings(settings)
    assert one.name() == name


def test_revisions_are_those_of_the_settings_that_were_read_and_of_the_rest_as_last_told() -> None:
    one = twin(cfg_rev=9, kvs_rev=2, schedule_rev=3)
    one.config_rev = 8
    assert one.revisions == Revisions(config=8, kvs=2, schedule=3, webhook=None)
    assert Revisions.of({}) == Revisions.of({"sys": None}) == Revisions()


@pytest.mark.parametrize("period", [None, 0, -5, "600", [], {}])
def test_who_tells_no_wakeup_period_does_not_sleep(period: JSON) -> None:
    one = twin(wakeup_period=period)
    assert (one.wakeup_period_s, one.wake_expected_ts) == (0.0, None)
    assert "asleep" not in json.loads(encode(one.to_json()))["meta"]


def test_a_sleeper_is_expected_one_period_after_its_last_report_and_counts_as_online_till_then() -> None:
    one = twin(wakeup_period=600)
    one.last_report_ms, one.asleep = 1_000_000, True
    assert (one.presence, one.wake_expected_ts) == ("online", 1_600.0)
    seen = json.loads(encode(one.to_json()))
    assert (seen["presence"], seen["source"]) == ("online", "offline")
    assert seen["meta"] == {"lastReportTs": 1_000_000, "asleep": True, "wakeExpectedTs": 1_600.0}


async def test_clients_see_the_known_shape() -> None:
    one = connected(twin(cfg_rev=1))
    one.internal_id, one.last_report_ms = 5, 7
    one.set_info({"id": ID})
    one.set_settings({"sys": {}})
    one.entities = (("switch:0", f"{ID}_0:out"),)
    assert json.loads(encode(one.to_json())) == {
        "shellyID": ID,
        "id": 5,
        "source": "ws",
        "info": {"id": ID},
        "status": {"sys": {"cfg_rev": 1}},
        "presence": "online",
        "settings": {"sys": {}},
        "entities": [f"{ID}_0:out"],
        "meta": {"lastReportTs": 7},
    }
