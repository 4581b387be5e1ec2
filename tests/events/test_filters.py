"""Filters let through what their rules name, all of it and nothing else."""

from __future__ import annotations

from itertools import product

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.events.filters import Filter, Rules, decode_filters, name_matches, rule_matches
from fleet_platform.events.record import GENERIC, STATUS, Record
from plugin_sdk import JSON, DeviceId
from plugin_sdk.errors import InvalidParams

CORES = ("switch", "em", "sys", "shelly")
ASPECTS = ("output", "aenergy", "generic")
REASONS = st.tuples(st.sampled_from(CORES), st.sampled_from(ASPECTS)).map(":".join)
RULES = st.one_of(
    st.tuples(st.sampled_from((*CORES, "*")), st.sampled_from((*ASPECTS, "*"))).map(":".join),
    st.sampled_from(["*", "switch", "", ":", "switch:out*", "a:b:c", "*:*:*"]),
)
RULE_SETS = st.builds(
    Rules,
    allow=st.none() | st.lists(RULES, max_size=3).map(tuple),
    deny=st.lists(RULES, max_size=3).map(tuple),
)


def status(reasons: list[str], device: str = "shellyx-aabbccddeeff") -> Record:
    components = {f"c:{number}": b"" for number in range(len(reasons))}
    return Record(1, STATUS, DeviceId(device), 0, b"", components=components, reasons=tuple(reasons))


def spelt_out(rule: str) -> set[str]:
    """All reasons a rule means: the rule language by enumeration instead of matching."""
    parts = rule.split(":")
    if len(parts) != 2:
        return set()
    cores = CORES if parts[0] == "*" else (parts[0],)
    aspects = ASPECTS if parts[1] == "*" else (parts[1],)
    return {":".join(pair) for pair in product(cores, aspects)}


def survives(rules: Rules, reason: str) -> bool:
    """Deny first, then allow, as the predecessor's documents say it."""
    denied = set().union(*map(spelt_out, rules.deny))
    if reason in denied:
        return False
    return rules.allow is None or reason in set().union(*map(spelt_out, rules.allow))


@hypothesis.settings(max_examples=60, deadline=None)
@given(RULE_SETS, st.lists(REASONS, min_size=1, max_size=6))
def test_select_keeps_exactly_the_components_whose_reason_survives(rules: Rules, reasons: list[str]) -> None:
    kept = Filter(name=STATUS, rules=rules).select(status(reasons))
    expected = tuple(f"c:{number}" for number, reason in enumerate(reasons) if survives(rules, reason))
    assert kept == (expected or None)


@hypothesis.settings(max_examples=60, deadline=None)
@given(RULE_SETS, st.lists(REASONS, min_size=1, max_size=6))
def test_a_further_deny_rule_only_removes_and_a_further_allow_rule_only_adds(rules: Rules, reasons: list[str]) -> None:
    record = status(reasons)
    kept = set(Filter(name=STATUS, rules=rules).select(record) or ())
    denying = Rules(allow=rules.allow, deny=(*rules.deny, "switch:*"))
    assert set(Filter(name=STATUS, rules=denying).select(record) or ()) <= kept
    if rules.allow is not None:
        allowing = Rules(allow=(*rules.allow, "em:*"), deny=rules.deny)
        assert set(Filter(name=STATUS, rules=allowing).select(record) or ()) >= kept


@hypothesis.settings(max_examples=60, deadline=None)
@given(RULE_SETS, st.integers(0, 4))
def test_a_report_of_the_whole_device_has_one_reason_for_all_its_components(rules: Rules, number: int) -> None:
    components = {f"c:{index}": b"" for index in range(number)}
    whole = Record(1, STATUS, DeviceId("a"), 0, b"", components=components, reasons=(GENERIC,))
    kept = Filter(name=STATUS, rules=rules).select(whole)
    assert kept == (tuple(components) if survives(rules, GENERIC) else None)


def test_an_empty_allow_list_allows_nothing_and_none_allows_all() -> None:
    record = status(["switch:output"])
    assert Filter(name=STATUS, rules=Rules(allow=())).select(record) is None
    assert Filter(name=STATUS, rules=Rules()).select(record) == ("c:0",)
    assert Filter(name=STATUS).select(record) == ("c:0",)


def test_rules_do_not_touch_events_without_a_reason() -> None:
    connect = Record(1, "Shelly.Connect", DeviceId("a"), 0, b"{}")
    assert Filter(name="Shelly.Connect", rules=Rules(allow=())).select(connect) == ()


def test_events_of_the_platform_itself_are_ruled_by_their_component() -> None:
    notice = Record(1, "NotifyEvent", None, 0, b"{}", reasons=("device",))
    assert Filter(name="NotifyEvent", rules=Rules(deny=("device",))).select(notice) is None
    assert Filter(name="NotifyEvent", rules=Rules(deny=("*",))).select(notice) is None
    assert Filter(name="NotifyEvent", rules=Rules(deny=("*:*", "mail"))).select(notice) == ()


def test_devices_are_compared_without_case_and_other_events_pass() -> None:
    wish = Filter(name="*", devices=frozenset({"shellyx-aabbccddeeff"}))
    assert wish.select(status(["a:b"], "SHELLYX-AABBCCDDEEFF")) == ("c:0",)
    assert wish.select(status(["a:b"], "shellyx-000000000000")) is None
    assert wish.select(Record(1, "NotifyEvent", None, 0, b"{}")) == ()


@pytest.mark.parametrize(
    ("rule", "reason", "fits"),
    [
        ("*:aenergy", "switch:aenergy", True),
        ("em:*", "em:generic", True),
        ("em:*", "em1:generic", False),
        ("*:*", "em1:generic", True),
        ("*", "em1:generic", False),
        ("switch", "switch:output", False),
        ("switch:out*", "switch:output", False),
        ("*", "device", True),
    ],
)
def test_a_star_stands_for_one_whole_part(rule: str, reason: str, fits: bool) -> None:
    assert rule_matches(rule, reason) is fits


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("Shelly.Status", "Shelly.Status", True),
        ("Shelly.*", "Shelly.Status", True),
        ("*", "NotifyEvent", True),
        ("Shelly.Status", "shelly.status", False),
        ("Shelly.*", "Shelly", False),
        ("*.Status", "Shelly.Status", False),
    ],
)
def test_a_star_at_the_end_of_a_name_stands_for_any_rest(pattern: str, name: str, fits: bool) -> None:
    assert name_matches(pattern, name) is fits


# ---- what subscribers write ---------------------------------------------------------------------------------


def test_each_name_becomes_a_filter_with_its_own_rules() -> None:
    options = {
        "events": {"Shelly.Status": {"deny": ["*:aenergy"]}, "NotifyEvent": {"allow": ["device"], "deny": None}},
        "shellyIDs": ["ShellyX-AA"],
        "status": "changed",
        "snapshot": True,
    }
    found = decode_filters(["Shelly.Status", "Shelly.Connect", "NotifyEvent"], options)
    assert [wish.name for wish in found] == ["Shelly.Status", "Shelly.Connect", "NotifyEvent"]
    assert [wish.rules for wish in found] == [Rules(deny=("*:aenergy",)), None, Rules(allow=("device",))]
    assert all(wish.devices == frozenset({"shellyx-aa"}) and wish.changed_only for wish in found)


def test_full_status_of_all_devices_is_the_default() -> None:
    for options in (None, {}, {"status": "full", "events": None, "shellyIDs": None}):
        assert decode_filters(["a"], options) == (Filter(name="a"),)


def test_equal_wishes_are_equal_and_hashable() -> None:
    options = {"events": {"a": {"deny": ["b:c"]}}, "shellyIDs": ["x", "y"]}
    turned = {"shellyIDs": ["y", "x"], "events": {"a": {"deny": ["b:c"], "allow": None}}}
    assert len({decode_filters(["a"], options), decode_filters(["a"], turned)}) == 1


def test_all_faults_are_told_at_once_with_their_paths() -> None:
    options: dict[str, JSON] = {
        "shellyIDs": "x",
        "status": "some",
        "colour": 1,
        "events": {"a": {"allow": [1]}, "b": {"deny": "*"}, "c": [], "d": {"alow": []}},
    }
    with pytest.raises(InvalidParams) as caught:
        decode_filters(["a"], options)
    assert [fault["path"] for fault in caught.value.data["errors"]] == [
        "options.colour",
        "options.shellyIDs",
        "options.status",
        "options.events.a.allow",
        "options.events.b.deny",
        "options.events.c",
        "options.events.d",
    ]


@pytest.mark.parametrize("names", [[], ["a"] * 201])
def test_the_number_of_names_is_bounded(names: list[str]) -> None:
    with pytest.raises(InvalidParams):
        decode_filters(names, None)


def test_the_number_of_rules_is_bounded() -> None:
    with pytest.raises(InvalidParams):
        decode_filters(["a"], {"events": {"a": {"deny": ["*:*"] * 201}}})


@hypothesis.settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["events", "shellyIDs", "status", "snapshot", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=3),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["a", "allow", "deny"]), inner, max_size=2)
            ),
            max_leaves=4,
        ),
    )
)
def test_any_options_are_filters_or_invalid_params(options: dict[str, JSON]) -> None:
    try:
        (wish,) = decode_filters(["a"], options)
    except InvalidParams as error:
        assert all(fault["path"] and fault["message"] for fault in error.data["errors"])
    else:
        hash(wish)


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"events": {f"E{number}": {} for number in range(201)}}, "options.events"),
        ({"shellyIDs": ["x"] * 10_001}, "options.shellyIDs"),
    ],
)
def test_what_is_asked_for_each_name_is_bounded(options: dict[str, JSON], path: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        decode_filters(["a"], options)
    assert [fault["path"] for fault in caught.value.data["errors"]] == [path]


def test_all_names_share_one_set_of_devices() -> None:
    first, second = decode_filters(["a", "b"], {"shellyIDs": ["X"]})
    assert first.devices is second.devices


def test_of_many_faults_some_are_told() -> None:
    with pytest.raises(InvalidParams) as caught:
        decode_filters(["a"], {"x" * 10_000 + str(number): 1 for number in range(100)})
    assert len(caught.value.data["errors"]) == 20
    assert caught.value.data["more"] == 80
    assert all(len(fault["path"]) <= 200 for fault in caught.value.data["errors"])
