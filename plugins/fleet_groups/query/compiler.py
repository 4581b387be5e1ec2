"""From a tree to a function that looks at one device, and to what that function depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal, TypeAlias

from fleet_groups.query.parser import parse
from fleet_groups.query.subject import Subject
from fleet_groups.query.syntax import All, Any, Condition, Node, Not, Operator, QueryError, Value
from fleet_groups.query.values import NUMBERS, OPERATORS, Fits, comparison, fits, matches, needs_number, whole_number
from fleet_groups.query.versions import version
from plugin_sdk import JSON

Fact: TypeAlias = Literal["info", "presence", "tags", "location", "settings"]
"""What changes at once for a device; status and groups are told apart further."""

MAX_CONDITIONS = 100
TEXTS = ("id", "mac", "model", "app", "name")
FIELDS = (*TEXTS, "gen", "firmware", "presence", "tag", "location", "group", "component")
PRESENCES = ("online", "offline", "pending")


Test: TypeAlias = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a query depends on.

    Attributes:
        paths: Of the status it looks at: component key and the first name of the path in it, empty for none.
        components: Types of components for which it asks whether there is one.
        groups: Groups whose members it asks for.
    """

    paths: frozenset[tuple[str, str]] = frozenset()
    components: frozenset[str] = frozenset()
    facts: frozenset[Fact] = frozenset()
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query that can be asked: ``test`` never fails and costs a few microseconds."""

    text: str
    test: Test
    needs: Needs


def compile_query(text: str) -> Query:
    """Read a query and make it ready.

    Raises:
        QueryError: With the place and the reason.
    """
    node = parse(text)
    conditions = list(_conditions(node))
    if len(conditions) > MAX_CONDITIONS:
        raise QueryError(conditions[MAX_CONDITIONS].at, f"a query has at most {MAX_CONDITIONS} conditions")
    return Query(text=text, test=_compile(node), needs=_needs(conditions))


def _conditions(node: Node) -> Iterator[Condition]:
    match node:
        case Condition():
            yield node
        case Not(inner):
            yield from _conditions(inner)
        case All(parts) | Any(parts):
            for part in parts:
                yield from _conditions(part)


def _needs(conditions: list[Condition]) -> Needs:
    paths, components, facts, groups = set[tuple[str, str]](), set[str](), set[Fact](), set[int]()
    for condition in conditions:
        kind, path = _field(condition)
        match kind:
            case "status":
                key, _, within = path.partition(".")
                paths.add((key, within.partition(".")[0]))
            case "settings":
                facts.add("settings")
            case "component":
                components.update(value.text.lower() for value in condition.values)
            case "group":
                groups.update(whole_number(value, "group") for value in condition.values)
            case "tag":
                facts.add("tags")
            case "location":
                facts.add("location")
            case "presence":
                facts.add("presence")
            case "name":
                facts.update(("info", "settings"))  # some devices have their name in the settings alone
            case _:
                facts.add("info")
    return Needs(
        paths=frozenset(paths), components=frozenset(components), facts=frozenset(facts), groups=frozenset(groups)
    )


def _field(condition: Condition) -> tuple[str, str]:
    """The field in lower case, and the path within it, in which case counts."""
    name, dot, path = condition.field.partition(".")
    kind = name.lower()
    if kind in ("status", "settings") and dot:
        if not all(path.split(".")):
            raise QueryError(condition.at, f"the path of {condition.field} has an empty part")
        return kind, path
    if condition.field.lower() in FIELDS:
        return condition.field.lower(), ""
    known = ", ".join(FIELDS)
    raise QueryError(condition.at, f"no field is called {condition.field}; there are {known}, status.… and settings.…")


def _compile(node: Node) -> Test:
    match node:
        case Condition():
            return _condition(node)
        case Not(inner):
            test = _compile(inner)
            return lambda subject: not test(subject)
        case All(parts):
            return _all(tuple(map(_compile, sorted(parts, key=_cost))))
        case Any(parts):
            return _any(tuple(map(_compile, sorted(parts, key=_cost))))


def _cost(node: Node) -> int:
    """How much it may take to answer: the cheapest part is asked first, and often decides."""
    return max(_COSTS.get(_field(condition)[0], 0) for condition in _conditions(node))


_COSTS = {"status": 1, **dict.fromkeys((*TEXTS, "gen", "firmware"), 2), "component": 3, "settings": 4}


def _all(tests: tuple[Test, ...]) -> Test:
    def holds(subject: Subject) -> bool:
        for test in tests:  # noqa: SIM110  # a generator would cost as much again
            if not test(subject):
                return False
        return True

    return holds


def _any(tests: tuple[Test, ...]) -> Test:
    def holds(subject: Subject) -> bool:
        for test in tests:  # noqa: SIM110  # as above
            if test(subject):
                return True
        return False

    return holds


# ---- conditions ---------------------------------------------------------------------------------------------


def _condition(condition: Condition) -> Test:
    """``!=`` is the opposite of ``=``, whatever the field, so that a query and its ``not`` part the fleet in two."""
    if condition.operator == "!=":
        equal = _condition(Condition(condition.field, "=", condition.values, at=condition.at))
        return lambda subject: not equal(subject)
    kind, path = _field(condition)
    if condition.operator not in _ALLOWED.get(kind, OPERATORS):
        raise QueryError(condition.at, f"{kind} cannot be asked with {condition.operator}")
    if path:
        return _reading(condition, kind, path)
    return _BUILDERS.get(kind, _text)(condition)


def _reading(condition: Condition, kind: str, path: str) -> Test:
    """A value of the status or the settings."""
    if kind == "status" and condition.operator in _NUMERIC:
        needs_number(condition)
        return _NUMERIC[condition.operator](path, condition.values[0].plain)
    test: Fits = (lambda found: found is not None) if condition.operator == "exists" else fits(condition)
    if kind == "status":
        return lambda subject: test(subject.status[path])
    return lambda subject: test(subject.setting(path))


# What queries ask most, and devices report most: each spelt out, for a call more costs as much as the comparison.
_NUMERIC: Mapping[str, Callable[[str, JSON], Test]] = {
    "<": lambda path, limit: lambda subject: type(found := subject.status[path]) in NUMBERS and found < limit,
    "<=": lambda path, limit: lambda subject: type(found := subject.status[path]) in NUMBERS and found <= limit,
    ">": lambda path, limit: lambda subject: type(found := subject.status[path]) in NUMBERS and found > limit,
    ">=": lambda path, limit: lambda subject: type(found := subject.status[path]) in NUMBERS and found >= limit,
}


_ALLOWED: dict[str, frozenset[Operator]] = {
    **dict.fromkeys(TEXTS, OPERATORS - {"<", "<=", ">", ">="}),
    "gen": OPERATORS - {"~"},
    "presence": frozenset({"=", "in"}),
    "tag": frozenset({"=", "in", "~", "exists"}),
    "location": frozenset({"=", "in", "~", "exists"}),
    "group": frozenset({"=", "in"}),
    "component": frozenset({"=", "in"}),
}


def _text(condition: Condition) -> Test:
    """A text that every device has, or has empty."""
    kind = condition.field.lower()
    read = attrgetter("presence" if kind == "presence" else f"info.{kind}")
    if condition.operator == "exists":
        return lambda subject: read(subject) != ""
    if condition.operator == "~":
        (value,) = condition.values
        pattern = matches(Value(_spelt(kind, value.text), at=value.at))
        return lambda subject: pattern(read(subject))
    texts = frozenset(_spelt(kind, value.text) for value in condition.values)
    return lambda subject: read(subject) in texts


def _spelt(kind: str, text: str) -> str:
    return text.lower().replace(":", "") if kind == "mac" else text.lower()


def _presence(condition: Condition) -> Test:
    for value in condition.values:
        if value.text.lower() not in PRESENCES:
            raise QueryError(value.at, f"presence is one of {', '.join(PRESENCES)}")
    return _text(condition)


def _gen(condition: Condition) -> Test:
    if condition.operator == "exists":
        return lambda subject: subject.info.gen is not None
    needs_number(condition)
    test = fits(condition)
    return lambda subject: test(subject.info.gen)


def _firmware(condition: Condition) -> Test:
    if condition.operator == "exists":
        return lambda subject: subject.info.firmware != ""
    if condition.operator == "~":
        pattern = matches(condition.values[0])
        return lambda subject: pattern(subject.info.firmware)
    versions = []
    for value in condition.values:
        found = version(value.text)
        if found is None:
            raise QueryError(value.at, "firmware is compared with a version, such as 1.4.2")
        versions.append(found)
    if condition.operator == "in":
        return lambda subject: subject.info.version in versions
    compare, wanted = comparison(condition.operator), versions[0]
    return lambda subject: subject.info.version is not None and compare(subject.info.version, wanted)


def _group(condition: Condition) -> Test:
    ids = frozenset(whole_number(value, "group") for value in condition.values)
    return lambda subject: not ids.isdisjoint(subject.groups)


def _component(condition: Condition) -> Test:
    types = frozenset(value.text.lower() for value in condition.values)
    return lambda subject: not types.isdisjoint(subject.components)


def _tag(condition: Condition) -> Test:
    if condition.operator == "exists":
        return lambda subject: bool(subject.tags)
    if condition.operator == "~":
        pattern = matches(condition.values[0])
        return lambda subject: any(map(pattern, subject.tags))
    tags = frozenset(value.text.lower() for value in condition.values)
    return lambda subject: not tags.isdisjoint(subject.tags)


def _location(condition: Condition) -> Test:
    """Below a place counts as in it; a number names one place, a text all of that name."""
    if condition.operator == "exists":
        return lambda subject: bool(subject.places)
    if condition.operator == "~":
        pattern = matches(condition.values[0])
        return lambda subject: any(map(pattern, subject.places))
    wanted = frozenset(
        value.text.lower() if isinstance(value.plain, str | bool) else whole_number(value, "location")
        for value in condition.values
    )
    return lambda subject: not wanted.isdisjoint(subject.places)


_BUILDERS: Mapping[str, Callable[[Condition], Test]] = {
    "gen": _gen,
    "firmware": _firmware,
    "presence": _presence,
    "tag": _tag,
    "component": _component,
    "group": _group,
    "location": _location,
}
"""How a field is asked; the others are texts."""
