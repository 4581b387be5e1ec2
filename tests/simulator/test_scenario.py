"""Scenario files: what they may hold, what is told of those that cannot be played, and what playing one does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fleet_platform.simulator import Device, Simulator, Timing
from fleet_platform.simulator.device.state import State
from fleet_platform.simulator.models import ModelOrigin, find_model
from fleet_platform.simulator.scenario import BadScenario, Scenario, Stage, read_scenario, timing_of
from fleet_platform.simulator.scenario.scenario import parse_scenario
from fleet_platform.simulator.scenario.shape import Settings
from plugin_sdk import ComponentType
from plugin_sdk.simulation import Behaviour, Handler

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

BAD_DAY = Path(__file__).parents[2] / "docs" / "scenarios" / "bad_day.yaml"
NOWHERE = Path("/nonexistent")

FLEET = """\
fleet:
  - {model: Plus2PM, name: Hall, seed: 1}
  - {model: PlusI4, name: Panel, seed: 2}
timeline:
"""


class Pump(Behaviour):
    """A plugin's component, with a bug: once primed it cannot run."""

    __slots__ = ("_primed",)

    def methods(self) -> Mapping[str, Handler]:
        return {"Start": lambda _params: None}

    def press(self, gesture: str) -> bool:
        if gesture == "prime":
            self._primed = True
        elif gesture == "run":
            self.report(running=1 / (0 if getattr(self, "_primed", False) else 1) == 1)
        return gesture in ("prime", "run")


PUMP = ComponentType(type="pump", namespace="Pump", title="Pump", events=("drained",), simulate=Pump)


def parse(text: str, *, folder: Path = NOWHERE, seed: int | None = None) -> Scenario:
    return parse_scenario(text, name="day.yaml", folder=folder, seed=seed)


def problems(text: str, *, folder: Path = NOWHERE) -> list[str]:
    """All that is wrong with a text, as ``LINE: what``."""
    with pytest.raises(BadScenario) as caught:
        parse(text, folder=folder)
    assert str(caught.value) == "\n".join(f"day.yaml:{each.line}: {each.text}" for each in caught.value.problems)
    return [f"{each.line}: {each.text}" for each in caught.value.problems]


# ---- devices --------------------------------------------------------------------------------------------


def test_a_fleet_is_the_same_in_every_run_of_a_seed() -> None:
    text = "fleet: [{model: Plus1PM, count: 3}, {model: PlusI4}]"
    ids = [role.id for role in parse(text).roles]
    assert len(set(ids)) == 4
    assert [role.id for role in parse(text).roles] == ids
    assert [role.id for role in parse(text, seed=0).roles] == ids
    assert not {role.id for role in parse(text, seed=1).roles} & set(ids)
    assert not {role.id for role in parse(f"settings: {{seed: 1}}\n{text}").roles} & set(ids)
    assert [role.id for role in parse(f"settings: {{seed: 1}}\n{text}", seed=0).roles] == ids


def test_a_device_keeps_its_identity_when_others_come_before_it() -> None:
    (alone,) = parse("fleet: [{model: Plus1PM, name: A}]").roles
    _, behind = parse("fleet: [{model: Plus1PM}, {model: Plus1PM, name: A}]").roles
    assert behind.id == alone.id


def test_a_seed_of_a_devices_own_is_that_of_the_catalogue() -> None:
    (role,) = parse("fleet: [{model: plus1pm, seed: 5}]").roles
    assert role.id == State(ModelOrigin(find_model("Plus1PM"), 5).blueprint()).id


def test_of_several_devices_each_gets_its_number() -> None:
    assert [role.label for role in parse("fleet: [{model: Plus1, name: Lamp, count: 2}]").roles] == ["Lamp 1", "Lamp 2"]


def test_a_device_can_be_told_what_it_is() -> None:
    (role,) = parse(
        """\
        fleet:
          - model: PlusHT
            name: Cellar
            mac: aa:bb:cc:dd:ee:0f
            version: 1.4.4
            rssi: -90
            wakes_every: 10m
            location: {tz: Europe/Sofia, lat: 42.5}
        """
    ).roles
    blueprint = role.origin.blueprint()
    assert role.id == blueprint.info["id"] == "shellyplusht-aabbccddee0f"
    assert (blueprint.info["mac"], blueprint.info["name"]) == ("AABBCCDDEE0F", "Cellar")
    assert blueprint.info["ver"] == "1.4.4"
    assert blueprint.info["fw_id"] == blueprint.config["sys"]["device"]["fw_id"]
    assert blueprint.info["fw_id"].partition("/")[2].startswith("1.4.4")
    assert blueprint.status["wifi"]["rssi"] == -90
    assert blueprint.config["wifi"]["roam"]["interval"] == 0
    assert blueprint.status["sys"]["wakeup_period"] == 600
    location = blueprint.config["sys"]["location"]
    assert (location["tz"], location["lat"]) == ("Europe/Sofia", 42.5)
    assert "lon" in location
    untouched = ModelOrigin(find_model("PlusHT"), 1).blueprint()
    assert blueprint.config.keys() == untouched.config.keys()
    assert "aabbccddee0f" in json.dumps(blueprint.config)


def test_dumps_are_devices_too_and_many_if_wanted(tmp_path: Path) -> None:
    held = ModelOrigin(find_model("Plus1PM"), 1).blueprint()
    dump = {"info": held.info, "config": dict(held.config)}
    (tmp_path / "one.json").write_text(json.dumps(dump))
    scenario = parse("fleet: [{dump: one.json, name: Copy, count: 3}]", folder=tmp_path)
    first, second, third = scenario.roles
    assert first.id == held.info["id"]
    assert len({first.id, second.id, third.id}) == 3
    assert second.origin.blueprint().info["mac"] == second.mac.upper()
    assert second.id.rpartition("-")[0] == "shellyplus1pm"
    assert [role.label for role in scenario.roles] == ["Copy 1", "Copy 2", "Copy 3"]
    assert scenario.remarks == ("one.json: a dump without status; the device is played without status",)


# ---- what cannot be played ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["1: expected fleet: and timeline:; see docs/simulator.md"]),
        ("- a\n- b", ["1: expected fleet: and timeline:; see docs/simulator.md"]),
        ("fleet: []", ["1: fleet: expected a list such as [{model: Plus1PM}]"]),
        ("timeline: []", ["1: fleet is missing"]),
        ("fleet:\n  - {model: Plus1PMM}", ["2: no model 'Plus1PMM'; did you mean Plus1PM?"]),
        ("fleet:\n  - model: Plus1\n    modle: x", ["3: unknown field 'modle'; did you mean model?"]),
        ("feet: []\nfleet: [{model: Plus1}]", ["1: unknown field 'feet'; did you mean fleet?"]),
        ("fleet:\n  - {name: x}", ["2: expected model or dump, one of them"]),
        ("fleet:\n  - {model: Plus1, dump: x.json}", ["2: expected model or dump, one of them"]),
        ("fleet:\n  - Plus1", ["2: fleet: 'Plus1': expected names with values, such as {model: Plus1PM}"]),
        ("fleet:\n  - model: Plus1\n    count: lots", ["3: count: 'lots': expected a whole number"]),
        ("fleet:\n  - model: Plus2PM\n    profile: covr", ["3: unknown profile 'covr'; did you mean cover?; Plus2PM has: switch, cover"]),
        ("fleet:\n  - model: Plus1\n    profile: x", ["3: unknown profile 'x'; Plus1 has: none"]),
        ("fleet:\n  - model: Plus1\n    mac: A8032A12345", ["3: mac: 'A8032A12345': expected a MAC such as A8:03:2A:12:34:56"]),
        ("fleet:\n  - {model: Plus1, mac: A8032A123456, count: 2}", ["2: several devices cannot have one mac"]),
        (
            "fleet:\n  - {model: Plus1, mac: A8032A123456}\n  - {model: PlusI4, mac: a8-03-2a-12-34-56}",
            ["3: two devices have the MAC A8032A123456; the other is in line 2"],
        ),
        (
            "fleet:\n  - {model: Plus1, seed: 4}\n  - {model: Plus1, seed: 4}",
            [f"3: two devices have the MAC {ModelOrigin(find_model('Plus1'), 4).blueprint().info['mac']}; the other is in line 2"],
        ),
        ("fleet:\n  - model: Plus1\n    model: Plus2PM", ["3: 'model' is here a second time; the first is in line 2"]),
        ("fleet: [", ["1: this is no YAML: while parsing a flow node expected the node content, but found '<stream end>'"]),
        ("fleet:\n\t- x", ["2: this is no YAML: while scanning for the next token found character '\\t' that cannot start any token"]),
        ("fleet: *nobody", ["1: this is no YAML: found undefined alias 'nobody'"]),
        ("? [a]\n: b", ["1: a key must be a word"]),
        ("fleet: &a [*a]", ["1: too much: a value that holds itself, too many values, or nested too deeply"]),
        ("fleet: !python/object x", ["1: tags such as '!python/object' are not known here"]),
        ("settings: {seed: 99999999999999999999}\nfleet: [{model: Plus1}]", ["1: '99999999999999999999' is no number that a device could send"]),
        ("settings:\n  boot: soon\nfleet: [{model: Plus1}]", ["2: boot: 'soon': expected a span of time such as 10s, 1m30s or 2h"]),
        ("settings:\n  duration: 0s\nfleet: [{model: Plus1}]", ["2: duration: '0s': expected more than 0"]),
        ("settings:\n  minutes: perhaps\nfleet: [{model: Plus1}]", ["2: minutes: 'perhaps': expected true or false"]),
        ("settings: 7\nfleet: [{model: Plus1}]", ["1: settings: '7': expected names with values, such as {seed: 7}"]),
        ("fleet: {model: Plus1}", ["1: fleet: expected a list such as [{model: Plus1PM}]"]),
        ("fleet: [{model: Plus1}]\ntimeline: soon", ["2: timeline: 'soon': expected a list such as [{at: 5s, power: off}]"]),
        ("fleet:\n  - {model: [Plus1]}", ["2: model: expected a text"]),
        ("fleet:\n  - {model: Plus1, rssi: 5}", ["2: rssi: '5': expected 0 or less"]),
        ("fleet:\n  - {model: Plus1, rssi: weak}", ["2: rssi: 'weak': expected a whole number"]),
        ("fleet:\n  - {model: Plus1, count: 0}", ["2: count: '0': expected 1 or more"]),
        ("fleet:\n  - {model: Plus1, name: ''}", ["2: name: '': expected a text that is not empty"]),
        ("fleet:\n  - {model: Plus1, offline: perhaps}", ["2: offline: 'perhaps': expected true or false"]),
        ("fleet:\n  - {model: Plus1, components: {Pump-0: {}}}", ["2: components: 'Pump-0': expected a component key such as pump:0"]),
        ("fleet:\n  - {model: Plus1, components: {pump:0: {stats: {}}}}", ["2: unknown field 'stats'; did you mean status?"]),
        ("fleet:\n  - model: Plus1\n    location: {tz: Europe/Sofja}", ["3: tz: 'Europe/Sofja': no such time zone; did you mean Europe/Sofia?"]),
        ("fleet:\n  - model: Plus1\n    location: {lat: 91}", ["3: lat: '91': expected 90 or less"]),
        ("fleet:\n  - model: Plus1\n    addon: [temprature, knob]", ["3: an add-on brings no 'temprature'; did you mean temperature?; an add-on brings no 'knob'; only: humidity, input, temperature"]),
        ("fleet:\n  - model: PlugSG3\n    addon: input", ["3: PlugSG3 takes no add-on; Plus1 does"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_line_word_and_nearest(text: str, told: list[str]) -> None:
    assert problems(text) == told


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("{at: 1s, on: Hal, press: input:0}", "unknown device 'Hal'; did you mean hall?"),
        ("{at: 1s, on: [Hall, nobody*], power: off}", "unknown device 'nobody*'; there are hall, panel, plus2pm, plusi4, snsn-0024x, snsw-102p16eu"),
        ("{at: 1s, on: Hall, press: inputs:0}", "unknown component 'inputs:0'; did you mean input:0? (on Hall)"),
        ("{at: 1s, report: {swich:0: {output: true}}}", "unknown component 'swich:0'; did you mean switch:0? (on these 2 devices)"),
        ("{at: 1s, on: Panel, event: {switch:0: x}}", "unknown component 'switch:0'; did you mean input:0? (on Panel)"),
        ("{at: 1s, fault: slo}", "unknown fault 'slo'; did you mean slow?"),
        ("{at: 1s, heal: freezee}", "unknown fault 'freezee'; did you mean freeze?"),
        ("{at: 1s, fault: slow, with: {dely_s: 1}}", "unknown parameter of slow 'dely_s'; did you mean delay_s?"),
        ("{at: 1s, fault: slow, with: {delay_s: -1}}", "delay_s of slow: '-1': expected 0 or more"),
        ("{at: 1s, on: Hall, wake: button}", "Hall cannot be woken: nothing there sleeps"),
        ("{at: 1s, wake: cold}", "wake: 'cold': expected button, alarm or usb"),
        ("{at: 1s}", "nothing to do; expected one of press, call, report, event, fault, heal, power, wake, reconnect, rate"),
        ("{at: 1s, pres: input:0}", "unknown field 'pres'; did you mean press?"),
        ("{at: 1s, power: on, reconnect: true}", "power and reconnect at once; give each a step of its own"),
        ("{at: 1s, power: on, params: {}}", "'params' belongs to call, not to power"),
        ("{at: 1s, power: maybe}", "power: 'maybe': expected off, on or cycle"),
        ("{at: 1s, rate: 5, on: Hall}", "rate is the whole fleet's"),
        ("{power: on}", "no time; expected at or every"),
        ("{at: 1s, times: 3, power: on}", "until and times belong to every"),
        ("{at: 1s, share: 5%, pick: 1, power: on}", "share and pick at once"),
        ("{at: 1s, share: 500%, power: on}", "share: '500%': expected a part such as 20%, more than 0% and at most 100%"),
        ("{at: noon, power: on}", "at: 'noon': expected a span of time such as 10s, 1m30s or 2h"),
        ("{at: 9999h, power: on}", "at: '9999h': expected a span of time from 0 to a year"),
        ("{every: 0s, power: on}", "every: '0s': expected more than 0"),
        ("{at: 1s, power: of}", "power: 'of': expected off, on or cycle; did you mean off?"),
        ("{at: 1s, power: null}", "nothing to do; expected one of press, call, report, event, fault, heal, power, wake, reconnect, rate"),
        ("{at: 1s, reconnect: false}", "reconnect: 'False': expected true"),
        ("{at: 1s, share: lots, power: on}", "share: 'lots': expected a part such as 20%, more than 0% and at most 100%"),
        ("{at: 1s, report: {}}", "report: expected at least one"),
        ("{at: 1s, fault: garbage, with: {kind: tex}}", "kind of garbage: 'tex': expected raw, text, binary, json or utf8; did you mean text?"),
        ("{at: 1s, on: Hall, call: Swich.Set}", "unknown method 'Swich.Set'; did you mean Switch.Set? (on Hall)"),
        ("{at: 1s, on: Panel, call: Switch.Set}", "unknown method 'Switch.Set'; did you mean KVS.Set? (on Panel)"),
        ("{at: 1s, fault: error, with: {method: Swich.Set}}", "unknown method 'Swich.Set'; did you mean Switch.Set? (on these 2 devices)"),
        ("{at: 1s, on: Panel, press: input:0, gesture: duble_push}", "unknown gesture of input:0 'duble_push'; did you mean double_push? (on Panel)"),
        ("{at: 1s, on: Panel, press: input:0, gesture: kick}", "unknown gesture of input:0 'kick'; there are single_push, double_push, triple_push, long_push, btn_down, btn_up (on Panel)"),
        ("{at: 1s, on: Hall, press: input:0}", "unknown gesture of input:0 'single_push'; there are on, off, toggle (on Hall)"),
        ("{at: 1s, report: {switch:0: {outptu: true}}}", "unknown field of switch:0 'outptu'; did you mean output? (on these 2 devices)"),
        ("{at: 1s, report: {switch:0: {aenergy: {totl: 1}}}}", "unknown field of switch:0.aenergy 'totl'; did you mean total? (on these 2 devices)"),
        ("{at: 1s, event: {input:0: singel_push}}", "unknown event of input:0 'singel_push'; did you mean single_push? (on these 2 devices)"),
        ("{at: 10s, every: 5s, until: 8s, power: on}", "never happens: it ends after 8 s, before its first time at 10 s"),
        ("{every: 10s, until: 8s, power: on}", "never happens: it ends after 8 s, before its first time at 10 s"),
        ("{at: 1s, pick: 3, power: on}", "pick: '3': there are only 2 to pick from"),
        ("{at: 1s, on: Hall, pick: 2, power: on}", "pick: '2': there is only one to pick from"),
        ("5s", "timeline: '5s': expected names with values, such as {at: 5s, power: off}"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_step_is_told(step: str, told: str) -> None:
    assert problems(f"{FLEET}  - {{at: 1s, power: on}}\n  - {step}\n") == [f"6: {told}"]


def test_all_problems_are_told_at_once_in_order(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text("[]")
    text = """\
fleet:
  - model: Plus1PMM
  - dump: odd.json
  - dump: nowhere.json
  - model: Plus1
    version: latest
timeline:
  - {at: 1s, fault: freez, on: Somebody}
"""
    told = problems(text, folder=tmp_path)
    assert [line.partition(":")[0] for line in told] == ["2", "3", "4", "6", "8"]
    assert told[1] == "3: odd.json: not a JSON object"
    assert told[2] == "4: no dump 'nowhere.json'"
    assert "latest" in told[3]
    assert told[4] == "8: unknown fault 'freez'; did you mean freeze?"


def test_what_is_wrong_in_an_entry_does_not_hide_what_is_wrong_elsewhere() -> None:
    text = """\
settings: {sede: 7, boot: soon}
colour: red
fleet:
  - {model: Plus2PMM, name: Hall, count: 2, profile: swich}
  - {model: PlusI4, nam: Desk, nam: Door}
  - {model: Plus1, name: Gate, addon: [temprature], version: new}
  - {model: PlusI4, name: Panel, rssi: 7}
timeline:
  - {at: 1s, on: Hal, power: of}
  - {at: noon, on: Panel, press: inptu:0}
  - {at: 1s, on: Hall*, pres: switch:7}
  - {at: 1s, on: Gate, report: {temperature:101: {tC: 3}}}
  - {at: 1s, on: [Gate, Panel], fault: slow, with: {dely_s: 3, bytes_per_s: none}, power: on, share: 5%, pick: 9}
"""
    told = problems(text)
    assert told == [
        "1: boot: 'soon': expected a span of time such as 10s, 1m30s or 2h",
        "1: unknown field 'sede'; did you mean seed?",
        "2: unknown field 'colour'",
        "4: no model 'Plus2PMM'; did you mean Plus2PM?",
        "4: unknown profile 'swich'; did you mean switch?; Plus2PM has: switch, cover",
        "5: 'nam' is here a second time; the first is in line 5",
        "6: 'new' is no firmware version such as 1.7.5",
        "6: an add-on brings no 'temprature'; did you mean temperature?; only: humidity, input, temperature",
        "7: rssi: '7': expected 0 or less",
        "9: power: 'of': expected off, on or cycle; did you mean off?",
        "9: unknown device 'Hal'; did you mean hall?",
        "10: at: 'noon': expected a span of time such as 10s, 1m30s or 2h",
        "10: unknown component 'inptu:0'; did you mean input:0? (on Panel)",
        "11: unknown component 'switch:7'; did you mean switch:1? (on these 2 devices)",
        "11: unknown field 'pres'; did you mean press?",
        "12: unknown component 'temperature:101'; did you mean temperature:100? (on Gate)",
        "13: bytes_per_s of slow: 'none': expected a whole number",
        "13: fault and power at once; give each a step of its own",
        "13: pick: '9': there are only 2 to pick from",
        "13: share and pick at once",
        "13: unknown parameter of slow 'dely_s'; did you mean delay_s?",
    ]


@pytest.mark.parametrize(
    "entry", ["{model: zzzzzz, name: Ghost}", "{dump: none.json, name: Ghost}", "{name: Ghost}", "Ghost"]
)
def test_what_the_timeline_says_of_a_device_that_cannot_be_made_is_no_second_mistake(entry: str) -> None:
    text = f"fleet:\n  - {entry}\n  - {{model: Plus1, name: Gate}}\ntimeline:\n"
    told = problems(text + "  - {at: 1s, on: Ghost, press: pump:7}\n  - {at: 1s, press: pump:7}\n")
    assert [line.partition(":")[0] for line in told] == ["2"]
    told = problems(text + "  - {at: 1s, on: Ghast, press: pump:7}\n  - {at: 1s, on: Gate, press: pump:7}\n")
    assert [line.partition(":")[0] for line in told] == ["2", "5", "6"]


def test_of_a_dump_that_is_not_there_nobody_knows_the_name(tmp_path: Path) -> None:
    (tmp_path / "lamp.json").write_text("{}")
    text = "fleet:\n  - {dump: lapm.json}\n  - {dump: dumps/lamp.json}\ntimeline:\n  - {at: 1s, on: Lamp, power: on}"
    assert problems(text, folder=tmp_path) == [
        "2: no dump 'lapm.json'; did you mean lamp.json?",
        "3: no dump 'dumps/lamp.json'",
    ]


def test_a_dump_that_cannot_be_opened_says_why_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "lamp.json").mkdir()
    assert problems("fleet: [{dump: lamp.json}]", folder=tmp_path) == ["1: lamp.json: Is a directory"]


@pytest.mark.parametrize(
    "steps",
    [
        "  - {on: Hall, at: 1s, call: Input.SetConfig, params: {id: 0}}\n  - {on: Hall, at: 9s, press: input:0}\n",
        "  - {at: 1s, on: Hall, press: input:0, gesture: kick, unchecked: true}\n",
        "  - {at: 1s, on: Hall, call: Lamp.Toggle, unchecked: true}\n",
        "  - {at: 1s, on: Hall, fault: error, with: {method: Lamp.Toggle}, unchecked: true}\n",
        "  - {at: 1s, on: Hall, fault: error, with: {method: switch.toggle}}\n  - {at: 1s, fault: error}\n",
        "  - {at: 1s, report: {switch:0: {brand_new: 1}}, unchecked: true}\n",
        "  - {at: 1s, event: {input:0: brand_new}, unchecked: true}\n",
        "  - {at: 1s, event: {input:0: config_changed}}\n",
        "  - {at: 1s, report: {switch:0: {errors: [overpower], timer_started_at: 7, temperature: {tC: 80}}}}\n",
        "  - {at: 1s, report: {sys: {available_updates: {stable: {version: 1.9.0}, beta: {version: 2.0.0-beta1}}}}}\n",
        "  - {at: 1s, report: {number:200: {vlaue: 1}}}\n",
        "  - {at: 5s, every: 10s, until: 5s, on: Hall, power: cycle}\n",
    ],
)  # fmt: skip
def test_what_may_be_there_is_no_problem(steps: str) -> None:
    assert parse(FLEET + steps).cues


def test_a_plugins_component_answers_for_itself() -> None:
    text = """\
fleet:
  - {model: Plus1, name: Well, components: {pump:0: {status: {running: false}}}}
timeline:
  - {at: 1s, press: pump:0, gesture: prime}
  - {at: 2s, press: pump:0, gesture: kick}
  - {at: 3s, call: Pump.Start, params: {id: 0}}
  - {at: 4s, call: Pump.Stop, params: {id: 0}}
  - {at: 5s, report: {pump:0: {runnign: true}}}
  - {at: 6s, event: {pump:0: drained}}
  - {at: 7s, event: {pump:0: drianed}}
"""
    with pytest.raises(BadScenario) as caught:
        parse_scenario(text, name="day.yaml", folder=NOWHERE, types={"pump": PUMP})
    assert [f"{each.line}: {each.text}" for each in caught.value.problems] == [
        "5: unknown gesture of pump:0 'kick' (on Well)",
        "7: unknown method 'Pump.Stop'; did you mean Pump.Start? (on Well)",
        "8: unknown field of pump:0 'runnign'; did you mean running? (on Well)",
        "10: unknown event of pump:0 'drianed'; did you mean drained? (on Well)",
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"fleet:\n  - \xff", "day.yaml:2: this is no UTF-8 text"),
        (b"#" * (4 * 1024 * 1024 + 1), "day.yaml:1: larger than 4 MiB"),
        (None, "day.yaml:1: cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_says_so(data: bytes | None, told: str, tmp_path: Path) -> None:
    if data is not None:
        (tmp_path / "day.yaml").write_bytes(data)
    with pytest.raises(BadScenario) as caught:
        read_scenario(tmp_path / "day.yaml")
    assert str(caught.value) == told


WORDS = st.sampled_from(
    """
    settings fleet timeline model name count seed mac version at every on press call report fault with for heal power
    rate share pick Plus1PM Plus2PM Hall all switch:0 10s 1m slow drop 0 -1 5 0.5 20% true null on off ~ .inf 0x1 1e999
    """.split()  # noqa: SIM905 - a list of words reads better as one text
)
VALUES = st.recursive(
    WORDS | st.integers() | st.floats() | st.booleans() | st.none() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)
STEPS = st.fixed_dictionaries({"at": WORDS | VALUES}, optional={"on": VALUES, "press": VALUES, "fault": WORDS, "with": VALUES, "report": VALUES})  # fmt: skip
FILES = st.fixed_dictionaries(
    {"fleet": st.just([{"model": "Plus1PM", "name": "Hall"}]) | VALUES}, optional={"timeline": st.lists(STEPS, max_size=3), "settings": VALUES}
)  # fmt: skip


def outcome(text: str) -> Scenario | list[Any]:
    """What reading a text comes to: a scenario or problems, each at a line that there is."""
    try:
        return parse(text)
    except BadScenario as err:
        last = (
            text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029") + 1
        )
        assert err.problems
        assert all(1 <= problem.line <= last + 1 and problem.text for problem in err.problems)
        # Words of the library that checks values are not for whoever writes a scenario.
        assert not any("nput should" in problem.text or "valid" in problem.text for problem in err.problems)
        return list(err.problems)


@given(st.text(max_size=200) | st.text(alphabet="{}[]:,-?!&*#|>'\"%@`\\ \n\tax0~<=.", max_size=80))
@example("[" * 5_000)
@example("%YAML " + "1" * 5_000 + ".1\n---\na")
@example('"\\UFFFFFFFF"')
@example("!!int x")
@example("a: &a [&b [*a, *b]]")
@example("\ufeff{}")
@example('fleet: [{model: Plus1, dump: "a\\0b"}]')
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_scenario_or_has_problems(text: str) -> None:
    assert outcome(text) is not None


@given(FILES | VALUES)
@settings(max_examples=300, deadline=None)
def test_any_values_are_a_scenario_or_have_problems(value: Any) -> None:
    assert outcome(json.dumps(value)) is not None


def test_a_small_file_cannot_grow_large() -> None:
    names = ["x", *(f"*b{number}" for number in range(9))]
    bomb = "".join(f"b{number}: &b{number} [{', '.join([name] * 9)}]\n" for number, name in enumerate(names))
    assert "too many values" in problems(bomb)[0]


# ---- playing --------------------------------------------------------------------------------------------


async def play(sim: Simulator, text: str) -> tuple[list[Device], list[str], list[float]]:
    """Play a scenario whose devices are connected; returns them, the remarks to come, and the rates to come."""
    remarks: list[str] = []
    rates: list[float] = []
    devices = list(await Stage(sim, parse(text), remark=remarks.append, set_rate=rates.append).open())
    for device in devices:
        if device.power.state != "off":
            await device.connected()
    return devices, remarks, rates


async def test_steps_happen_at_their_times(home: Home, sim: Simulator) -> None:
    (hall, panel), remarks, rates = await play(
        sim,
        FLEET
        + """\
  - {at: 10s, on: Panel, press: input:0, gesture: double_push}
  - {at: 20s, on: Hall, call: Switch.Set, params: {id: 1, on: true}}
  - {at: 30s, report: {switch:0: {apower: 12.5}}}
  - {at: 40s, event: {input:0: any_name}, unchecked: true}
  - {at: 50s, rate: 7}
""",
    )
    sim.advance(9)
    assert hall.status("switch:1")["output"] is False
    sim.advance(10)
    await home.until(lambda: "double_push" in [event["event"] for event in home.events(panel.id)])
    sim.advance(2)
    assert (hall.status("switch:1")["output"], hall.status("switch:1")["source"]) == (True, "HTTP_in")
    sim.advance(10)
    await home.until(lambda: {"apower": 12.5} in home.status(hall.id, "switch:0"))
    assert home.status(panel.id, "switch:0") == []
    sim.advance(10)
    await home.until(lambda: home.events(panel.id)[-1]["event"] == "any_name")
    await home.until(lambda: "any_name" in [event["event"] for event in home.events(hall.id)])
    assert rates == []
    sim.advance(10)
    assert (rates, remarks) == ([7], [])


async def test_what_is_repeated_ends_with_its_times_or_its_end(sim: Simulator) -> None:
    (hall, _), _, _ = await play(
        sim,
        FLEET
        + """\
  - {every: 10s, times: 3, on: Hall, call: Switch.Toggle, params: {id: 0}}
  - {at: 5s, every: 10s, until: 25s, on: Hall, call: Switch.Toggle, params: {id: 1}}
""",
    )
    seen = []
    for _ in range(10):
        sim.advance(5)
        seen.append((hall.status("switch:0")["output"], hall.status("switch:1")["output"]))
    assert [one for one, _ in seen] == [False, True, True, False, False, True, True, True, True, True]
    assert [two for _, two in seen] == [True, True, False, False, True, True, True, True, True, True]


async def test_faults_begin_last_and_are_healed(home: Home, sim: Simulator) -> None:
    (hall, panel), _, _ = await play(
        sim,
        FLEET
        + """\
  - {at: 10s, on: Hall, fault: slow, with: {delay_s: 3}, for: 20s}
  - {at: 10s, on: [Hall, Panel], fault: clock}
  - {at: 40s, on: pan*, heal: clock}
  - {at: 50s, heal: all}
""",
    )
    seen: list[list[list[str]]] = []
    for _ in range(6):
        sim.advance(10.5 if not seen else 10)
        seen.append([[fault.name for fault in device.faults.active] for device in (hall, panel)])
    assert seen == [
        [["slow", "clock"], ["clock"]],
        [["slow", "clock"], ["clock"]],
        [["clock"], ["clock"]],
        [["clock"], []],
        [[], []],
        [[], []],
    ]


async def test_power_wake_and_reconnect(home: Home, sim: Simulator) -> None:
    (lamp, cellar, gate), remarks, _ = await play(
        sim,
        """\
fleet:
  - {model: Plus1, name: Lamp}
  - {model: PlusHT, name: Cellar, wakes_every: 12h}
  - {model: Plus1, name: Gate, offline: true}
timeline:
  - {at: 100s, on: Lamp, power: off}
  - {at: 200s, power: on}
  - {at: 300s, on: Lamp, power: cycle}
  - {at: 400s, on: Cellar, wake: alarm}
  - {at: 500s, on: Lamp, fault: drop}
  - {at: 600s, on: Lamp, reconnect: true}
""",
    )
    assert gate.power.state == "off"
    sim.advance(101)
    assert (lamp.power.state, cellar.power.state) == ("off", "asleep")
    sim.advance(100)
    assert (lamp.power.state, gate.power.state, cellar.power.state) == ("on", "on", "asleep")
    await lamp.connected()
    sim.advance(100)
    assert lamp.uptime_s() == pytest.approx(1, abs=0.5)
    sim.advance(100)
    assert cellar.power.state == "on"
    assert cellar.status("sys")["wakeup_reason"]["cause"] == "alarm"
    await lamp.connected()
    sim.advance(100)
    await lamp.disconnected()
    sim.advance(100)
    await lamp.connected()
    assert remarks == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("all", "01234"),
        ("ALL", "01234"),
        ("lamp", "012"),
        ("Lamp 2", "1"),
        ("lamp [12]", "01"),
        ("*a*", "01234"),
        ("Plus1PM", "012"),
        ("PlusI4", "3"),
        ("SNSN-0024X", "3"),
        ("a8032a123456", "4"),
        ("A8:03:2A:12:34:56", "4"),
        ("shellyplus1-a8032a123456", "4"),
        ("[Gate, Lamp 3, Lamp 3]", "24"),
    ],
)
def test_devices_go_by_name_id_mac_model_and_pattern(words: str, found: str) -> None:
    scenario = parse(
        f"""\
fleet:
  - {{model: Plus1PM, name: Lamp, count: 3}}
  - {{model: PlusI4, name: Panel}}
  - {{model: Plus1, name: Gate, mac: A8032A123456}}
timeline:
  - {{at: 1s, on: {words if words[0] == "[" else json.dumps(words)}, power: off}}
"""
    )
    assert "".join(map(str, scenario.cues[0].roles)) == found


@pytest.mark.parametrize(("part", "count"), [("share: 30%", 3), ("share: 0.01", 1), ("pick: 4", 4), ("pick: 10", 10)])
async def test_a_random_part_is_drawn_anew_each_time_and_the_same_in_every_run(
    part: str, count: int, home: Home, types: Mapping[str, ComponentType]
) -> None:
    text = f"fleet: [{{model: Plus1, count: 10}}]\ntimeline:\n  - {{every: 10s, {part}, fault: clock, for: 5s}}\n"
    runs = []
    for _ in range(2):
        async with Simulator(home.url, types=types) as sim:
            devices, _, _ = await play(sim, text)
            drawn: list[list[int]] = []
            for _ in range(4):
                sim.advance(11 if not drawn else 10)
                drawn.append([number for number, device in enumerate(devices) if device.faults.active])
        runs.append(drawn)
    assert runs[0] == runs[1]
    assert [len(each) for each in runs[0]] == [count] * 4
    assert len({tuple(each) for each in runs[0]}) == (1 if count == 10 else 4)


async def test_what_does_not_work_is_remarked_once(sim: Simulator) -> None:
    _, remarks, _ = await play(
        sim,
        FLEET
        + """\
  - {every: 10s, on: Hall, call: Switch.Set, params: {id: 9, on: true}}
  - {at: 15s, on: Panel, press: input:0, gesture: lick, unchecked: true}
""",
    )
    sim.advance(60)
    assert remarks[0] == "day.yaml:5: Hall: Bad id=9"
    assert remarks[1].startswith("day.yaml:6: Panel: input:0 of shellyplusi4-")
    assert remarks[1].endswith("cannot be pressed so: lick")
    assert len(remarks) == 2


async def test_a_bug_on_one_device_is_told_and_the_others_have_their_turn(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    text = """\
fleet:
  - {model: Plus1, name: Well, count: 3, components: {pump:0: {status: {running: false}}}}
timeline:
  - {at: 1s, on: Well 2, press: pump:0, gesture: prime}
  - {at: 2s, press: pump:0, gesture: run}
  - {every: 3s, press: pump:0, gesture: run}
"""
    types = {"pump": PUMP}
    remarks: list[str] = []
    async with Simulator(home.url, types=types) as sim:
        stage = Stage(sim, parse_scenario(text, name="day.yaml", folder=NOWHERE, types=types), remark=remarks.append)
        devices = await stage.open()
        sim.advance(2.5)
        assert [device.status("pump:0")["running"] for device in devices] == [True, False, True]
        sim.advance(4)
    assert stage.bugs == 3
    assert remarks == [
        "day.yaml:5: Well 2: press failed by a bug: ZeroDivisionError; see the log",
        "day.yaml:6: Well 2: press failed by a bug: ZeroDivisionError; see the log",
    ]
    assert sum("ZeroDivisionError" in (record.exc_text or "") for record in caplog.records) == 3


def test_settings_change_the_timing_that_they_name() -> None:
    usual = Timing()
    assert timing_of(Settings(), usual) == usual
    changed = timing_of(Settings(boot=9, longest_backoff=5, minutes=False), usual)
    assert (changed.boot_s, changed.backoff.longest_s, changed.minutes) == (9, 5, False)
    assert (changed.awake_s, changed.backoff.first_s) == (usual.awake_s, usual.backoff.first_s)


async def test_the_bad_day_of_the_documentation_happens(home: Home, types: Mapping[str, ComponentType]) -> None:
    scenario = read_scenario(BAD_DAY)
    remarks: list[str] = []
    rates: list[float] = []
    async with Simulator(
        home.url, types=types, timing=timing_of(scenario.settings, Timing()), seed=scenario.seed
    ) as sim:
        stage = Stage(sim, scenario, remark=remarks.append, set_rate=rates.append)
        devices = {role.label: device for role, device in zip(scenario.roles, await stage.open(), strict=True)}
        seen: set[str] = set()
        for _ in range(420):
            sim.advance(1)
            seen |= {fault.name for device in devices.values() for fault in device.faults.active}
            for device in devices.values():
                if device.session.link.wanted and not device.faults.active:
                    await device.connected()
    assert remarks == []
    assert rates == [1]
    assert devices["Old heater"].state.info["ver"] == "1.4.4"
    assert all(device.session.link.connections for device in devices.values())
    assert seen >= {
        "slow", "flapping", "half_open", "packets", "drop", "storm", "garbage", "reboot_loop", "clock", "duplicate",
        "wrong_id", "error", "delay", "freeze", "update_fails",
    }  # fmt: skip
