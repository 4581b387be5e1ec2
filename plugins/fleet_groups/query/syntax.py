"""What a query is made of, and its text. Every tree that the parser can make is written so that it reads the same."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "~", "in", "exists"]

KEYWORDS = frozenset({"and", "or", "not", "in", "exists"})
BARE = re.compile(r"[^\s\"'()<>=!~,]+")
"""What needs no quotes: a name, a number, a path, a pattern."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


class QueryError(Exception):
    """A query cannot be read.

    Attributes:
        at: Which character, from 1.
        reason: What is wrong there, for people.
    """

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(f"at {at}: {reason}")
        self.at = at
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Value:
    """What a field is compared with, as it was written; in quotes it is text, whatever it looks like.

    Attributes:
        at: Which character of the query it starts with; says nothing about what it is.
    """

    text: str
    quoted: bool = False
    at: int = dataclasses.field(default=0, compare=False)

    @property
    def plain(self) -> bool | float | str:
        """The boolean, number or text that it is."""
        if not self.quoted:
            if self.text.lower() in ("true", "false"):
                return self.text.lower() == "true"
            if _NUMBER.fullmatch(self.text):
                return float(self.text)
        return self.text


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; ``exists`` has no value, ``in`` any number of them, all others have one."""

    field: str
    operator: Operator
    values: tuple[Value, ...] = ()
    at: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    inner: Node


@dataclass(frozen=True, slots=True)
class All:
    """Each of two or more holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One of two or more holds."""

    parts: tuple[Node, ...]


Node: TypeAlias = Condition | Not | All | Any


def write(node: Node) -> str:
    """A query as text, with as few parentheses as it takes."""
    match node:
        case Any(parts):
            return " or ".join(_inside(part, (Any,)) for part in parts)
        case All(parts):
            return " and ".join(_inside(part, (Any, All)) for part in parts)
        case Not(inner):
            return "not " + _inside(inner, (Any, All))
        case Condition(name, "exists"):
            return f"{_word(name)} exists"
        case Condition(name, "in", values):
            return f"{_word(name)} in ({', '.join(map(_value, values))})"
        case Condition(name, operator, values):
            return f"{_word(name)} {operator} {_value(values[0])}"


def _inside(node: Node, weaker: tuple[type, ...]) -> str:
    return f"({write(node)})" if isinstance(node, weaker) else write(node)


def _value(value: Value) -> str:
    return _quoted(value.text) if value.quoted else value.text


def _word(text: str) -> str:
    return text if BARE.fullmatch(text) and text.lower() not in KEYWORDS else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
