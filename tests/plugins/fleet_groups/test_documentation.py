"""What docs/groups.md shows can be asked, and what it says of errors is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fleet_groups.query import QueryError, compile_query, parse
from fleet_groups.query.compiler import _ALLOWED, FIELDS, MAX_CONDITIONS
from fleet_groups.query.parser import MAX_DEPTH, MAX_LENGTH
from fleet_groups.query.values import OPERATORS

TEXT = (Path(__file__).parents[3] / "docs" / "groups.md").read_text("utf-8")
QUERIES = [line for block in re.findall(r"```query\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
FAULTS = re.findall(r"^\| `(.+?)` \| (at \d+: .+?) \|$", TEXT, re.MULTILINE)
ASKED = re.findall(r"^\| ((?:`[a-z]+`(?:, )?)+) \| .+? \| (.+?) \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_is_shown_can_be_asked(query: str) -> None:
    assert compile_query(query).text == query


@pytest.mark.parametrize(("query", "message"), FAULTS)
def test_an_error_that_is_shown_is_what_is_told(query: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_query(query)
    assert str(caught.value).startswith(message)


def test_every_field_is_listed_with_what_it_can_be_asked() -> None:
    listed = {name: asked for names, asked in ASKED for name in re.findall(r"`(\w+)`", names)}
    assert set(listed) == set(FIELDS)
    for name, asked in listed.items():
        expected = _ALLOWED.get(name, OPERATORS) | {"!="}
        assert asked == "all" if expected == OPERATORS | {"!="} else set(re.findall(r"`(\S+?)`", asked)) == expected


def test_examples_use_everything_that_the_grammar_has() -> None:
    shown = " ".join(QUERIES)
    assert all(
        f" {word} " in f" {shown} ".replace("\n", " ") for word in ("and", "or", "not", "in", "exists", "~", "<")
    )
    assert len(FAULTS) >= 4
    assert all(parse(query) for query in QUERIES)


def test_the_limits_are_those_of_the_code() -> None:
    assert f"at most {MAX_LENGTH:,} characters, {MAX_CONDITIONS} conditions, and {MAX_DEPTH} parentheses" in TEXT
