"""From words and signs to a tree, by recursive descent.

::

    query     = all { "or" all }
    all       = one { "and" one }
    one       = "not" one | "(" query ")" | condition
    condition = field ( operator value | "in" "(" value { "," value } ")" | "exists" )
"""

from __future__ import annotations

from typing import cast

from fleet_groups.query.lexer import Token, tokens
from fleet_groups.query.syntax import All, Any, Condition, Node, Not, Operator, QueryError, Value

MAX_LENGTH = 4_000
"""Characters of a query."""

MAX_DEPTH = 32
"""Parentheses and ``not`` within one another."""


def parse(text: str) -> Node:
    """Read a query.

    Raises:
        QueryError: With the place and the reason.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(MAX_LENGTH + 1, f"a query has at most {MAX_LENGTH} characters")
    return _Parser(list(tokens(text))).whole()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._place = 0
        self._depth = 0

    def whole(self) -> Node:
        if self._seen().kind == "end":
            raise QueryError(1, "the query is empty")
        node = self._any()
        if self._seen().kind != "end":
            raise self._expected("and, or, or the end")
        return node

    def _any(self) -> Node:
        parts = [self._all()]
        while self._take("keyword", "or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all(self) -> Node:
        parts = [self._one()]
        while self._take("keyword", "and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Node:
        start = self._seen()
        if self._take("keyword", "not"):
            self._deeper(start)
            node: Node = Not(self._one())
        elif self._take("sign", "("):
            self._deeper(start)
            node = self._any()
            self._require(")")
        else:
            return self._condition()
        self._depth -= 1
        return node

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(token.at, f"at most {MAX_DEPTH} parentheses and nots may be within one another")

    def _condition(self) -> Condition:
        name = self._seen()
        if name.kind not in ("word", "quoted"):
            raise self._expected("a field")
        self._place += 1
        if self._take("keyword", "exists"):
            return Condition(name.text, "exists", at=name.at)
        if self._take("keyword", "in"):
            return Condition(name.text, "in", self._values(), at=name.at)
        if self._seen().kind != "operator":
            raise self._expected("=, !=, <, <=, >, >=, ~, in or exists")
        operator = cast(Operator, self._seen().text)
        self._place += 1
        return Condition(name.text, operator, (self._value(),), at=name.at)

    def _values(self) -> tuple[Value, ...]:
        self._require("(")
        values = [self._value()]
        while self._take("sign", ","):
            values.append(self._value())
        self._require(")")
        return tuple(values)

    def _value(self) -> Value:
        token = self._seen()
        if token.kind not in ("word", "quoted"):
            raise self._expected("a value")
        self._place += 1
        return Value(token.text, token.kind == "quoted", at=token.at)

    def _seen(self) -> Token:
        return self._tokens[self._place]

    def _take(self, kind: str, text: str) -> bool:
        if (self._seen().kind, self._seen().text) != (kind, text):
            return False
        self._place += 1
        return True

    def _require(self, sign: str) -> None:
        if not self._take("sign", sign):
            raise self._expected(f"a {sign}")

    def _expected(self, what: str) -> QueryError:
        return QueryError(self._seen().at, f"expected {what}")
