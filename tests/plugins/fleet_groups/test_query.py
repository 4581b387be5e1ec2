"""The language of dynamic groups: what it means, what it refuses, and that it reads what it writes."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_groups.query import Known, Needs, QueryError, Subject, compile_query, parse, write
from fleet_groups.query.parser import MAX_DEPTH, MAX_LENGTH
from fleet_groups.query.syntax import BARE, KEYWORDS, All, Condition, Node, Not, Value
from fleet_groups.query.syntax import Any as AnyOf
from fleet_groups.query.versions import version
from plugin_sdk import Device


class Plain:
    """A device of plain values."""

    id = "shellyplus1pm-a8032abb995c"
    presence = "online"
    components = ("sys", "wifi", "switch:0")

    def __init__(self, **values: Any) -> None:
        self.info = {"model": "SNSW-001P16EU", "app": "Plus1PM", "gen": 2, "ver": "1.4.4", "name": "Boiler"}
        self.settings = {"sys": {"device": {"eco_mode": True, "name": "Boiler"}}, "wifi": {"sta": {"ssid": "Home"}}}
        self.status = {"wifi": {"rssi": -80, "ssid": "Home"}, "switch:0": {"output": True, "apower": 12.5}}
        vars(self).update(values)

    def read(self, path: str) -> Any:
        value: Any = self.status
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value


def holds(query: str, *, tags: tuple[str, ...] = ("spare",), groups: tuple[int, ...] = (7,), **values: Any) -> bool:
    device = cast(Device, Plain(**values))
    places: frozenset[int | str] = frozenset({3, "room 12", 2, "first floor", 1, "hotel"})
    subject = Subject(device, Known(), tags=frozenset(tags), places=places, groups=frozenset(groups))
    return compile_query(query).test(subject)


@pytest.mark.parametrize(
    "query",
    [
        "id = SHELLYPLUS1PM-a8032abb995c",
        "id ~ shellyplus*",
        "mac = A8032ABB995C",
        "mac = A8:03:2A:BB:99:5C",
        "mac ~ a8:03:*",
        "model ~ *p16?u",
        "app in (Plus1, plus1pm)",
        "app != Plus1",
        "gen >= 2",
        "gen = 2",
        "gen in (1, 2)",
        "gen exists",
        "firmware < 1.10",
        "firmware >= 1.4.4-beta2",
        "firmware = 1.4.4.0",
        "firmware in (1.4.4, 1.5)",
        "firmware ~ 1.4.*",
        "name = boiler",
        "name exists",
        "tag = Spare",
        "tag != other",
        "tag in (a, spare)",
        "tag ~ sp*",
        "tag exists",
        "location = 3",
        "location = 1",
        'location = "First Floor"',
        "location in (9, 2)",
        "location ~ room*",
        "location exists",
        "group = 7",
        "group != 8",
        "presence = online",
        "presence in (offline, online)",
        "component = switch",
        "component in (cover, SWITCH)",
        "component != cover",
        "status.wifi.rssi < -75",
        "status.wifi.rssi<-75",
        "status.wifi.rssi <= -80 and status.wifi.rssi >= -80.0",
        "status.switch:0.output = true",
        "status.switch:0.output != false",
        "status.switch:0.apower > 1.2e1",
        "status.switch:0 exists",
        "not status.switch:1 exists",
        "status.wifi.ssid = 'home'",
        "status.wifi.ssid in (x, HOME)",
        "status.wifi.ssid ~ h?me",
        "settings.sys.device.eco_mode = true",
        "settings.wifi.sta.ssid ~ ho*",
        "not settings.mqtt exists",
        "not gen = 3 and tag = spare",
        "gen = 3 or gen = 2 and tag = spare",
        "NOT (gen = 3 OR tag = other)",
        "not not gen = 2",
    ],
)
def test_a_query_holds(query: str) -> None:
    assert holds(query)
    assert not holds(f"not ({query})")


@pytest.mark.parametrize(
    "query",
    [
        "status.switch:0.output = 1",  # kinds are told apart
        "status.switch:0.output = 'true'",
        "status.wifi.rssi = '-80'",
        "status.wifi.rssi ~ -8*",
        "status.wifi.ssid < 5",
        "status.wifi = Home",
        "status.nothing.here < 5",
        "status.nothing.here = 0",
        "settings.nothing.here exists",
        "status.switch:0.Output = true",  # in paths case counts
        "name = ''",
        "firmware < 1.4.4",
        "(gen = 3 or gen = 2) and tag = other",
    ],
)
def test_a_query_does_not_hold(query: str) -> None:
    assert not holds(query)


def test_what_is_missing_fits_nothing_and_differs_from_everything() -> None:
    nameless: dict[str, Any] = {"info": {}, "settings": {}}
    assert not holds("name = x or name ~ * and name exists", **nameless)
    assert holds("name != x and not name exists and not gen exists and firmware != 1 and not firmware < 9", **nameless)
    assert not holds("tag exists", tags=())


def test_a_name_may_be_in_the_settings_alone() -> None:
    assert holds("name = 'wall display'", info={}, settings={"sys": {"device": {"name": "Wall Display"}}})


def test_strange_values_of_a_device_do_no_harm() -> None:
    strange: dict[str, Any] = {"info": {"gen": "two", "ver": 7, "model": None, "name": ["x"]}, "settings": {"sys": 5}}
    assert not holds("gen = 2 or firmware exists or model exists or name exists or settings.sys.device = 1", **strange)


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ("", 1, "the query is empty"),
        ("   ", 1, "the query is empty"),
        ("gen >= ", 8, "expected a value"),
        ("status.sys = and x = 1", 14, "expected a value"),
        ("gen 2", 5, "expected =, !=, <, <=, >, >=, ~, in or exists"),
        ("gen = 2 tag = x", 9, "expected and, or, or the end"),
        ("(gen = 2", 9, "expected a )"),
        ("gen in 2", 8, "expected a ("),
        ("gen in (1 2)", 11, "expected a )"),
        ("= 2", 1, "expected a field"),
        ("not", 4, "expected a field"),
        ("name = 'x", 8, "the quote is not closed"),
        ("name ! x", 6, "! means nothing here"),
        ("colour = red", 1, "no field is called colour"),
        ("tag = x and status..x = 1", 13, "the path of status..x has an empty part"),
        ("status = 1", 1, "no field is called status"),
        ("model < 5", 1, "model cannot be asked with <"),
        ("tag > a", 1, "tag cannot be asked with >"),
        ("component ~ x*", 1, "component cannot be asked with ~"),
        ("gen = two", 7, "expected a number"),
        ("status.wifi.rssi < weak", 20, "expected a number"),
        ("firmware > new", 12, "firmware is compared with a version"),
        ("presence = asleep", 12, "presence is one of online, offline, pending"),
        ("group = heating", 9, "a group is named by its number"),
        ("group = 1.5", 9, "a group is named by its number"),
        ("x" * (MAX_LENGTH + 1), MAX_LENGTH + 1, f"a query has at most {MAX_LENGTH} characters"),
        ("(" * (MAX_DEPTH + 1), MAX_DEPTH + 1, f"at most {MAX_DEPTH}"),
        ("not " * 40 + "gen = 2", 4 * MAX_DEPTH + 1, f"at most {MAX_DEPTH}"),
        (" or ".join(["gen = 2"] * 101), 1101, "a query has at most 100 conditions"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, at: int, reason: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_query(text)
    assert caught.value.at == at
    assert caught.value.reason.startswith(reason)
    assert str(caught.value).startswith(f"at {at}: {reason}")


def test_a_query_knows_what_it_depends_on() -> None:
    needs = compile_query(
        "status.wifi.rssi < -75 and (component in (cover, Light) or status.switch:0.output = true) and group in (3, 4)"
    ).needs
    assert needs == Needs(
        paths=frozenset({("wifi", "rssi"), ("switch:0", "output")}),
        components=frozenset({"cover", "light"}),
        groups=frozenset({3, 4}),
    )
    assert compile_query("status.sys exists or status.sys.available_updates.stable exists").needs.paths == {
        ("sys", ""),
        ("sys", "available_updates"),
    }
    assert compile_query("tag = x or not location = 1").needs.facts == {"tags", "location"}
    assert compile_query("presence = online and settings.x = 1").needs.facts == {"presence", "settings"}
    assert compile_query("name = x").needs.facts == {"info", "settings"}
    assert compile_query("gen = 1 and firmware < 2").needs.facts == {"info"}


def test_no_pattern_takes_long() -> None:
    pattern = compile_query("status.wifi.ssid ~ " + "*a" * 200 + "b")
    subject = Subject(
        cast(Device, Plain(status={"wifi": {"ssid": "a" * 5_000}})),
        Known(),
        tags=frozenset(),
        places=frozenset(),
        groups=set(),
    )
    started = time.process_time()
    assert not pattern.test(subject)
    assert time.process_time() - started < 10  # a pattern that backtracks takes longer than anybody waits


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.4.2", "1.4.10"),
        ("1.4", "1.4.1"),
        ("1.4.2-beta1", "1.4.2"),
        ("1.4.2-beta2", "1.4.2-beta10"),
        ("1.4.2-beta1", "1.4.2-rc1"),
        ("0.99", "1"),
        ("1.9.99-x", "2.0.0-alpha"),
    ],
)
def test_versions_have_an_order(older: str, newer: str) -> None:
    first, second = version(older), version(newer)
    assert first is not None
    assert second is not None
    assert first < second


def test_versions_that_differ_in_zeros_at_the_end_are_equal() -> None:
    assert version("1.4") == version("1.4.0") != version("1.4.0-beta")
    assert version("new") is None


# ---- what is written reads the same -------------------------------------------------------------------------

WORDS = st.one_of(
    st.from_regex(BARE, fullmatch=True),
    st.sampled_from(["-75", "1.4.2", "true", "status.switch:0.output", "Küche", "*1PM?"]),
).filter(lambda text: text.lower() not in KEYWORDS)
VALUES = st.one_of(st.builds(Value, WORDS, st.just(False)), st.builds(Value, st.text(max_size=8), st.just(True)))
CONDITIONS = st.one_of(
    st.builds(Condition, st.one_of(WORDS, st.text(max_size=8)), st.just("exists")),
    st.builds(Condition, WORDS, st.just("in"), st.lists(VALUES, min_size=1, max_size=3).map(tuple)),
    st.builds(Condition, WORDS, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "~"]), st.tuples(VALUES)),
)
NODES: st.SearchStrategy[Node] = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner.filter(lambda node: not isinstance(node, All)), min_size=2, max_size=3).map(tuple).map(All),
        st.lists(inner.filter(lambda node: not isinstance(node, AnyOf)), min_size=2, max_size=3).map(tuple).map(AnyOf),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(NODES)
def test_a_query_that_is_written_reads_the_same(node: Node) -> None:
    assert parse(write(node)) == node


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        parse(text)
    except QueryError as error:
        assert 1 <= error.at <= len(text) + 1


@settings(deadline=None)
@given(st.text(alphabet="()'\"<>=!~, abnotr15.:-*", max_size=60))
def test_what_looks_like_a_query_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        compile_query(text)
    except QueryError as error:
        assert 1 <= error.at <= len(text) + 1
