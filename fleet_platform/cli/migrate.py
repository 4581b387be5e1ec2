"""``fleet-platform migrate``: SQL files applied, undone, listed and begun."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from fleet_platform.cli.migration_source import is_standalone, migrations_of, read_config
from fleet_platform.cli.output import print_json, print_table, printable
from fleet_platform.migrations import Entry, Migrated, MigrationFailed, new_file
from fleet_platform.migrations.plan import difference
from fleet_platform.storage.problems import StorageProblem

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

LOCK_TIMEOUT_S = 60.0
TIME = "%Y-%m-%d %H:%M:%S"

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="JSON or YAML file with folders and a database of their own, or TOML file with settings of the platform.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Print the statements and change nothing.")


def target_options(function: F) -> F:
    """The options that say which database and which folders."""
    for option in (
        json_option,
        click.option("--lock-timeout", type=click.FloatRange(0), default=LOCK_TIMEOUT_S, show_default=True,
                     help="Seconds to wait for another run."),
        click.option("--dsn", metavar="VALUE", help="The platform's database, as with serve."),
        click.option("--data", metavar="VALUE", help="The platform's data folder, as with serve."),
        config_option,
    ):  # fmt: skip
        function = option(function)
    return function


@click.group(name="migrate", short_help="Apply, undo, list and begin SQL migrations.")
def command() -> None:
    """Apply SQL files to a database, each once.

    Without a configuration of their own these are the platform's files and those of its plugins. The platform applies
    them itself when it starts.
    """


@command.command(short_help="Apply what was not applied yet.")
@click.option("--to", metavar="FILE", help="Apply this file and those before it.")
@dry_run_option
@target_options
def up(*, to: str | None, dry_run: bool, as_json: bool, **where: Any) -> int:
    """Apply what was not applied yet, each file in a transaction of its own."""

    async def run() -> list[Migrated]:
        async with migrations_of(**_source(where), enabled_only=True, make=not dry_run) as migrations:
            return await migrations.up(to=to, dry_run=dry_run)

    done = _run(run)
    if as_json:
        print_json([_json(each, dry_run=dry_run) for each in done])
    else:
        _show([each for each in done if each.migrated], verb="applied", dry_run=dry_run)
    return 0


@command.command(short_help="Undo what the last run applied, or more.")
@click.option("--to", metavar="FILE", help="Undo all that was applied after this file.")
@click.option("--count", type=click.IntRange(1), help="Undo so many, the last one applied first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run_option
@target_options
def down(*, to: str | None, count: int | None, yes: bool, dry_run: bool, as_json: bool, **where: Any) -> int:
    """Undo what the last run applied, or as far as --to or --count says. The platform must not run meanwhile.

    Tables are dropped with what is in them.
    """
    if to is not None and count is not None:
        raise click.UsageError("--to and --count exclude one another")
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json asks nothing: give --yes too")

    async def run() -> list[Migrated] | None:
        async with migrations_of(**_source(where), alone=not dry_run) as migrations:
            if dry_run:
                return await migrations.down(to=to, count=count, dry_run=True)
            chosen = await migrations.to_undo(to=to, count=count)
            return await migrations.undo(chosen) if yes or not chosen or _agrees(chosen) else None

    done = _run(run)
    if done is None:
        click.echo("Nothing was undone.", err=True)
        return 1
    if as_json:
        print_json([_json(each, dry_run=dry_run) for each in done])
    else:
        _show(done, verb="undone", dry_run=dry_run)
    return 0


@command.command(short_help="List the files and what was applied.")
@target_options
def status(*, as_json: bool, **where: Any) -> int:
    """List all files in their order, and what was applied and has no file any more."""

    async def run() -> list[Entry]:
        async with migrations_of(**_source(where)) as migrations:
            return await migrations.status()

    entries = _run(run)
    if as_json:
        print_json([_status_json(entry) for entry in entries])
        return 0
    print_table(["migration", "state", "applied", "batch", "took"], [_status_row(entry) for entry in entries])
    for entry in entries:
        if entry.state == "changed":
            _say([f"\n{entry} was changed after it had been applied:", *difference(entry)])
    return 0


@command.command(short_help="Make the next numbered file.")
@click.argument("what")
@click.option("--folder", type=click.Path(path_type=Path), help="Where; default is the only folder of --config.")
@config_option
def new(*, what: str, folder: Path | None, config: Path | None) -> int:
    """Make the next numbered file, with empty parts: fleet-platform migrate new "add colours" --folder db."""
    try:
        beside = [each.path for each in read_config(config).folders] if config and is_standalone(config) else []
        if folder is None and len(beside) != 1:
            raise click.UsageError("say with --folder where to make it")
        click.echo(new_file(folder or beside[0], what, beside=beside))
    except StorageProblem as problem:
        raise _explained(problem) from problem
    return 0


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to the end, with problems in plain words."""
    try:
        with _waiting_is_told():
            return asyncio.run(work())
    except StorageProblem as problem:
        raise _explained(problem) from problem


class _CannotStart(click.ClickException):
    exit_code = 2


def _explained(problem: StorageProblem) -> click.ClickException:
    kind = click.ClickException if isinstance(problem, MigrationFailed) else _CannotStart
    return kind("\n".join(printable(line) for line in str(problem).split("\n")))


@contextmanager
def _waiting_is_told() -> Iterator[None]:
    """Say on standard error for whom a run waits."""
    logger = logging.getLogger("fleet_platform.migrations.connection")
    handler, level = logging.StreamHandler(sys.stderr), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


def _source(where: dict[str, Any]) -> dict[str, Any]:
    return {
        "config": where["config"],
        "flags": {"data": where["data"], "dsn": where["dsn"]},
        "lock_timeout_s": where["lock_timeout"],
    }


def _agrees(chosen: Sequence[Entry]) -> bool:
    """Ask whoever runs the command."""
    _say(["These are undone, with what is in their tables:", *(f"  {entry}" for entry in chosen)], err=True)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a loop that waits for input sees no Ctrl-C
    try:
        return click.confirm("Go on?", err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("there is nobody to ask: give --yes") from None
    finally:
        signal.signal(signal.SIGINT, before)


def _show(done: Sequence[Migrated], *, verb: str, dry_run: bool) -> None:
    if not done:
        click.echo(f"Nothing {'would be' if dry_run else 'was'} {verb}: there is nothing to do.")
    elif dry_run:
        _say(line for each in done for line in (f"-- {each}", *each.sql.strip("\n").split("\n"), ""))
    else:
        print_table([verb, "took"], [[str(each), f"{each.seconds:.2f} s"] for each in done])


def _say(lines: Iterable[str], *, err: bool = False) -> None:
    click.echo("\n".join(printable(line.replace("\t", "    ")) for line in "\n".join(lines).split("\n")), err=err)


def _json(each: Migrated, *, dry_run: bool) -> dict[str, Any]:
    values = asdict(each)
    return values if dry_run else {key: value for key, value in values.items() if key != "sql"}


def _status_json(entry: Entry) -> dict[str, Any]:
    row = entry.row
    return {
        "owner": entry.owner,
        "file": entry.file,
        "state": entry.state,
        "applied": row.applied.isoformat() if row is not None else None,
        "batch": row.batch if row is not None else None,
        "seconds": row.seconds if row is not None else None,
        **({"diff": difference(entry)} if entry.state == "changed" else {}),
    }


def _status_row(entry: Entry) -> list[str]:
    if entry.row is None:
        return [str(entry), entry.state, "", "", ""]
    row = entry.row
    return [str(entry), entry.state, f"{row.applied:{TIME}} UTC", str(row.batch or ""), f"{row.seconds:.2f} s"]
