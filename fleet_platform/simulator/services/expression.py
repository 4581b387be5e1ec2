"""Small expressions on a device's data, as webhooks use them in conditions and addresses. Pure and safe.

A part of JavaScript, which the firmware's own conditions are written in: numbers, texts, ``true``, ``false``,
``null``, ``undefined``, members (``ev.tC``, ``status["switch:0"].apower``), ``!``, ``-``, ``* / %``, ``+ -``,
comparisons, ``&&`` and ``||``, parentheses. No calls, no assignments, nothing else. What is not there is
``undefined``, and so is what cannot be reckoned.

Source: Shelly Gen2+ API, "Webhooks", conditional execution.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from plugin_sdk import JSON

Roots: TypeAlias = Callable[[str], JSON]
"""What a name at the start of a member stands for; None for a name that means nothing."""

Expression: TypeAlias = Callable[[Roots], JSON]

_LONGEST = 300
_DEEPEST = 16
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[A-Za-z_$][\w$]*)|"""
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign>===|!==|==|!=|<=|>=|&&|\|\||[-+*/%!<>().\[\]]))"""
)
_WORDS: Mapping[str, JSON] = {"true": True, "false": False, "null": None, "undefined": None}
_BINDS = {sign: level for level, signs in enumerate(("||", "&&", "=== !== == !=", "< <= > >=", "+ -", "* / %"), 1)
          for sign in signs.split()}  # fmt: skip
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUMS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}


class BadExpression(ValueError):
    """Text that is no expression."""


def read_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        BadExpression: It is none, or one of a kind that is not understood.
    """
    if len(text) > _LONGEST:
        raise BadExpression("too long")
    reader = _Reader(text)
    found = reader.expression(0)
    if reader.next() is not None:
        raise BadExpression(text)
    return found


def is_true(value: JSON) -> bool:
    """Whether JavaScript takes a value for true: an empty list is, an empty text is not."""
    return isinstance(value, dict | list) or bool(value)


class _Reader:
    """Reads tokens from left to right, operators by how tightly they bind."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                raise BadExpression(text)
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        self._at = 0
        self._depth = 0

    def next(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def expression(self, level: int) -> Expression:
        left = self._unary()
        while (token := self.next()) is not None and _BINDS.get(token[1], 0) > level and token[0] == "sign":
            self._at += 1
            left = _joined(token[1], left, self.expression(_BINDS[token[1]]))
        return left

    def _take(self, sign: str) -> bool:
        if self.next() != ("sign", sign):
            return False
        self._at += 1
        return True

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise BadExpression(f"{sign} is missing")

    def _unary(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadExpression("too deep")
        try:
            if self._take("!"):
                denied = self._unary()
                return lambda roots: not is_true(denied(roots))
            if self._take("-"):
                turned = self._unary()
                return lambda roots: _reckon("-", 0, turned(roots))
            return self._members(self._primary())
        finally:
            self._depth -= 1

    def _primary(self) -> Expression:
        if self._take("("):
            inner = self.expression(0)
            self._need(")")
            return inner
        kind, text = self.next() or ("", "")
        self._at += 1
        if kind == "number":
            number = float(text) if "." in text else int(text)
            return lambda _roots: number
        if kind == "text":
            quoted = re.sub(r"\\(.)", r"\1", text[1:-1])
            return lambda _roots: quoted
        if kind == "name" and text in _WORDS:
            word = _WORDS[text]
            return lambda _roots: word
        if kind == "name":
            return lambda roots: roots(text)
        raise BadExpression(text or "something is missing")

    def _members(self, whole: Expression) -> Expression:
        while True:
            if self._take("."):
                kind, name = self.next() or ("", "")
                if kind != "name":
                    raise BadExpression("a name is missing")
                self._at += 1
                whole = _member(whole, lambda _roots, name=name: name)  # type: ignore[misc]  # mypy infers no defaults
            elif self._take("["):
                key = self.expression(0)
                self._need("]")
                whole = _member(whole, key)
            else:
                return whole


def _member(whole: Expression, key: Expression) -> Expression:
    def look_up(roots: Roots) -> JSON:
        value, name = whole(roots), key(roots)
        if isinstance(value, Mapping):
            return value.get(name if isinstance(name, str) else str(name))
        if isinstance(value, list) and isinstance(name, int) and 0 <= name < len(value):
            return value[name]
        return len(value) if isinstance(value, list | str) and name == "length" else None

    return look_up


def _joined(sign: str, left: Expression, right: Expression) -> Expression:
    if sign == "&&":
        return lambda roots: right(roots) if is_true(value := left(roots)) else value
    if sign == "||":
        return lambda roots: value if is_true(value := left(roots)) else right(roots)
    if sign in ("===", "=="):
        return lambda roots: _equal(left(roots), right(roots))
    if sign in ("!==", "!="):
        return lambda roots: not _equal(left(roots), right(roots))
    return lambda roots: _reckon(sign, left(roots), right(roots))


def _equal(one: JSON, other: JSON) -> bool:
    """Equality that does not take 1 for true; texts and numbers never are equal."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _reckon(sign: str, one: JSON, other: JSON) -> JSON:
    """An order or a sum; false or undefined where the two do not go together."""
    alike = (_is_number(one) and _is_number(other)) or (isinstance(one, str) and isinstance(other, str))
    if sign in _ORDER:
        return alike and _ORDER[sign](one, other)
    if sign == "+" and (isinstance(one, str) or isinstance(other, str)):
        return shown(one) + shown(other)
    if not (_is_number(one) and _is_number(other)):
        return None
    try:
        return _SUMS[sign](one, other)
    except (ZeroDivisionError, OverflowError):
        return None


def shown(value: JSON) -> str:
    """A value as it reads in an address."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
