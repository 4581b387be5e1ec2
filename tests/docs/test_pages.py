"""What the documentation shows can be done: code runs, links lead somewhere, commands exist."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from configparser import ConfigParser
from pathlib import Path

import click
import pytest

from fleet_platform.cli.program import SUMMARIES, program
from fleet_platform.settings import PlatformSettings
from plugin_sdk import __version__ as sdk_version

from .pages import PAGES, ROOT, Block, blocks, options_of, read, sections

EXAMPLE = "tests/docs/example/power.py"
SCHEME = re.compile(r"[a-z]+:")


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_compiles_and_what_is_marked_runs(block: Block) -> None:
    code = compile(block.text, block.page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if block.runs:
        exec(code, {"__name__": "shown"})


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_toml_names_settings_that_exist(block: Block) -> None:
    PlatformSettings(**tomllib.loads(block.text))


@pytest.mark.parametrize("block", blocks("ini"), ids=str)
def test_entry_points_are_in_the_group_that_the_platform_reads(block: Block) -> None:
    parser = ConfigParser()
    parser.read_string(block.text)
    assert "fleet_platform.plugins" in parser["options.entry_points"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_pages_and_headings(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)", text):
        if SCHEME.match(target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


def test_every_page_of_the_docs_is_reachable_from_the_readme() -> None:
    linked = set(re.findall(r"\(docs/([\w.-]+)(?:#[\w-]+)?\)", read("README.md")))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= linked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_shown_exist_with_their_options(page: Path) -> None:
    shell = [block for block in blocks("sh") if block.page == str(page.relative_to(ROOT))]
    for line in "\n".join(block.text for block in shell).replace("\\\n", " ").splitlines():
        words = shlex.split(line) if "fleet-platform" in line else []
        starts = [number for number, word in enumerate(words) if word.endswith("bin/fleet-platform") or number == 0]
        call = words[starts[-1] :] if words else []
        if not call or not call[0].endswith("fleet-platform"):
            continue
        assert call[1] in SUMMARIES, line
        assert {word for word in call if word.startswith("--")} <= options_of(command(call[1])), line


def test_the_first_two_commands_are_the_ones_that_are_tested() -> None:
    first, second, *_ = [block.text.strip() for block in blocks("sh") if block.page == "README.md"]
    assert first == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/fleet-platform serve --demo"
    assert second in read(".ci/run")


def test_the_readme_shows_the_file_that_is_tested() -> None:
    assert f"```python\n{read(EXAMPLE)}```" in read("README.md")
    assert f"<!-- {EXAMPLE} -->" in read("README.md")


def test_the_test_that_is_shown_to_authors_is_one_of_the_third_partys() -> None:
    (shown,) = (block.text for block in blocks("python") if "fleet_settings" in block.text)
    test = (ROOT / "tests/thirdparty/fleet_echo/tests/test_echo.py").read_text("utf-8")
    assert shown.partition("\n\n\n")[2] in test


def test_the_readme_has_its_parts_in_order() -> None:
    assert list(sections("README.md")) == [
        "Fleet Platform",
        "Start",
        "Connect a device",
        "How it works",
        "Glossary",
        "Write a plugin",
        "RPC",
        "Settings",
        "Operations",
        "Where to go next",
    ]


def test_the_changelog_knows_the_version_of_the_sdk() -> None:
    assert f"SDK {sdk_version}" in read("CHANGELOG.md")


def command(name: str) -> click.Command:
    found = program.get_command(click.Context(program), name)
    assert found is not None
    return found


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as they are made where it is read."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
