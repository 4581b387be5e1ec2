"""The documentation as tests see it: pages, their code blocks and links, and parts that are made from the code.

A made part stands between ``<!-- made from the code: NAME -->`` and ``<!-- end -->``. With ``FLEET_TEST_WRITE_DOCS=1``
the tests write these parts instead of comparing them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "plugins").glob("*/README.md")),
)

_FENCE = re.compile(r"(?P<before>[^\n]*)\n```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_RUNS = "<!-- runs -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of code.

    Attributes:
        runs: The line above it is ``<!-- runs -->``.
    """

    page: str
    language: str
    text: str
    runs: bool

    def __str__(self) -> str:
        first = self.text.strip().partition("\n")[0]
        return f"{self.page}: {first[:40]}"


def read(page: str) -> str:
    """The text of a page, by its path below the project's root."""
    return (ROOT / page).read_text("utf-8")


def blocks(language: str) -> list[Block]:
    """All blocks of a language."""
    return [block for page in PAGES for block in _blocks(page) if block.language == language]


def rows(page: str) -> list[list[str]]:
    """Cells of all table rows of a page, headings too, without the backticks."""
    lines = (line.strip() for line in read(page).splitlines())
    return [
        [cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
        if line.startswith("|")
    ]


def sections(page: str) -> dict[str, str]:
    """Text of each section of a page by its heading, which is stripped of backticks."""
    parts = re.split(r"^#+ (.+)$", read(page), flags=re.MULTILINE)
    return {title.replace("`", ""): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def options_of(command: click.Command) -> set[str]:
    """All options of a command, and of the commands below it."""
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    own = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
    return own.union(*map(options_of, inner))


def check_made(page: str, name: str, made: str) -> None:
    """Hold a made part of a page to what the code says now, or write it."""
    path, text = ROOT / page, read(page)
    begin, end = f"<!-- made from the code: {name} -->\n", "<!-- end -->"
    head, found, rest = text.partition(begin)
    assert found, f"{page} has no part {name}"
    current, _, tail = rest.partition(end)
    if os.environ.get("FLEET_TEST_WRITE_DOCS") == "1":
        path.write_text(f"{head}{begin}{made}{end}{tail}", "utf-8")
    else:
        assert current == made, f"{page} is out of date; write it anew with FLEET_TEST_WRITE_DOCS=1 pytest tests/docs"


def _blocks(page: Path) -> Iterator[Block]:
    name = str(page.relative_to(ROOT))
    for match in _FENCE.finditer(page.read_text("utf-8")):
        runs = match["before"].strip() == _RUNS
        yield Block(page=name, language=match["language"], text=match["text"], runs=runs)
