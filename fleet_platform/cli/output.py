"""Printing results: JSON for programs, tables for people, progress for the patient.

Names and texts come from devices and may hold anything; nothing of them reaches a terminal as a control character
or as markup.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

COLOURS = {
    "online": "green",
    "running": "green",
    "pending": "yellow",
    "degraded": "yellow",
    "unavailable": "yellow",
    "changed": "red",
    "missing": "yellow",
    "failed": "red",
    "quarantined": "red",
    "offline": "dim",
    "disabled": "dim",
}
"""Words for a state, wherever a table shows one."""


def print_json(value: Any) -> None:
    """Indented JSON on standard output."""
    click.echo(to_json(value, indent=2))


def to_json(value: Any, *, indent: int | None = None) -> str:
    """JSON that people of any language can read, with everything escaped that a terminal might obey."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on standard output; wide ones wrap on a terminal and keep their width in a pipe."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(printable(cell), style=COLOURS.get(cell, "")) for cell in row))
    console = Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 10_000)
    console.print(table)


def printable(text: str) -> str:
    """The text with every control character replaced."""
    return "".join(character if character.isprintable() else "�" for character in text)


def progress() -> Progress:
    """A progress bar on standard error; nothing where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
