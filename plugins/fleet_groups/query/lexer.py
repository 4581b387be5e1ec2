"""From the text of a query to its words and signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fleet_groups.query.syntax import BARE, KEYWORDS, QueryError

Kind: TypeAlias = Literal["word", "quoted", "keyword", "operator", "sign", "end"]

_OPERATOR = re.compile(r"<=|>=|!=|[<>=~]")


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a query; ``at`` counts characters from 1, keywords are in lower case."""

    kind: Kind
    text: str
    at: int


def tokens(text: str) -> Iterator[Token]:
    """All pieces, then one that marks the end.

    Raises:
        QueryError: A quote is not closed, or a character means nothing.
    """
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        token, place = _next(text, place)
        yield token
    yield Token("end", "", len(text) + 1)


def _next(text: str, place: int) -> tuple[Token, int]:
    at = place + 1
    first = text[place]
    if first in "(),":
        return Token("sign", first, at), place + 1
    if first in "\"'":
        content, place = _unquote(text, place)
        return Token("quoted", content, at), place
    if operator := _OPERATOR.match(text, place):
        return Token("operator", operator[0], at), operator.end()
    if word := BARE.match(text, place):
        lower = word[0].lower()
        return (Token("keyword", lower, at) if lower in KEYWORDS else Token("word", word[0], at)), word.end()
    raise QueryError(at, f"{first} means nothing here")


def _unquote(text: str, place: int) -> tuple[str, int]:
    """What stands in quotes, and where it goes on; a backslash takes the next character as it is."""
    quote, found = text[place], list[str]()
    at = place + 1
    place += 1
    while place < len(text):
        if text[place] == quote:
            return "".join(found), place + 1
        if text[place] == "\\":
            place += 1
        found.append(text[place : place + 1])
        place += 1
    raise QueryError(at, "the quote is not closed")
