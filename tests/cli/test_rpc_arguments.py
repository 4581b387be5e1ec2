from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Ran

RunProgram = Callable[..., "Ran"]


def test_broken_json_is_pointed_at(run: RunProgram) -> None:
    ran = run("rpc", "Switch.Set", '{"id": 0 "on": true}')
    assert ran.code == 2
    assert ran.err.endswith('expecting \',\' delimiter at column 10\n  {"id": 0 "on": true}\n           ^\n')


def test_broken_json_of_several_lines_is_pointed_at(run: RunProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"id": 0,\n "on" true}\n'))
    ran = run("rpc", "Switch.Set", "-")
    assert ran.code == 2
    assert ran.err.endswith("expecting ':' delimiter at line 2, column 7\n   \"on\" true}\n        ^\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expecting value at column 1"),
        ("[1]", 'parameters are an object such as {"id": 0}, not [1]'),
        ('{"id": NaN}', "NaN is no JSON"),
        ('{"id": 0', "delimiter at column 9"),
    ],
)
def test_what_is_no_object_is_refused(run: RunProgram, text: str, words: str) -> None:
    ran = run("rpc", "Switch.Set", text)
    assert ran.code == 2
    assert words in ran.err


@pytest.mark.parametrize("url", ["ftp://x", "http://", "://"])
def test_an_address_that_is_none_is_refused(run: RunProgram, url: str) -> None:
    ran = run("rpc", "Device.List", "--url", url)
    assert ran.code == 2
    assert "is no http or https address" in ran.err


def test_no_platform_is_a_failed_call(run: RunProgram) -> None:
    ran = run("rpc", "Device.List", "--url", "127.0.0.1:1")
    assert (ran.code, ran.err) == (1, "Error: http://127.0.0.1:1 cannot be reached: connection refused\n")
