"""What ``fleet-platform migrate`` works on: the platform's database, or a configuration file of its own."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
import yaml

from fleet_platform.cli.settings_flags import load_settings
from fleet_platform.host.discovery import Found, discover
from fleet_platform.host.extras import importing
from fleet_platform.host.faults import Rejected, blaming
from fleet_platform.migrations import Config, ConfigWrong, MigrationFolder, Migrations, opened, parse
from fleet_platform.migrations.platform import BOOKKEEPING_SCHEMA, core_migrations
from fleet_platform.storage import dsn as dsn_text
from fleet_platform.storage.reach import reached
from plugin_sdk import Migrations as Contribution

FORMATS = (".json", ".yaml", ".yml")


@asynccontextmanager
async def migrations_of(
    *,
    config: Path | None,
    flags: Mapping[str, str | None],
    lock_timeout_s: float,
    enabled_only: bool = False,
    make: bool = False,
    alone: bool = False,
) -> AsyncIterator[Migrations]:
    """The migrations that a command is about, connected.

    Args:
        config: A file of :data:`FORMATS` is a configuration of its own, any other one has settings of the platform.
        enabled_only: Leave out plugins that are disabled.
        make: Whether the platform's database may be made.
        alone: Whether no platform may run on it meanwhile.

    Raises:
        StorageProblem, click.ClickException: With a sentence that says what to do.
    """
    if is_standalone(config):
        given = [f"--{name}" for name, value in flags.items() if value is not None]
        if given:
            raise click.UsageError(f"{given[0]} is for the platform's database; {config} names its own")
        assert config is not None
        async with opened(read_config(config), lock_timeout_s=lock_timeout_s) as migrations:
            yield migrations
        return
    settings = load_settings(flags, config=config).settings
    dsn = settings.dsn.get_secret_value() if settings.dsn is not None else None
    folders = [core_migrations(), *plugin_folders(settings.disabled_plugins if enabled_only else ())]
    if dsn is not None:
        dsn_text.check(dsn)
    async with reached(settings.data, dsn, make=make, alone=alone) as address:
        where = dsn_text.location(address)
        checked = Config(connect={"dsn": address}, where=where, schema=BOOKKEEPING_SCHEMA, folders=tuple(folders))
        async with opened(checked, lock_timeout_s=lock_timeout_s) as migrations:
            yield migrations


def is_standalone(config: Path | None) -> bool:
    """Whether a file is a configuration of its own, by the end of its name."""
    return config is not None and config.suffix.lower() in FORMATS


def read_config(file: Path) -> Config:
    """A configuration file; its relative folders are relative to it.

    Raises:
        ConfigWrong: It cannot be read, or something in it cannot be used.
    """
    try:
        text = file.read_text("utf-8")
        values: Any = json.loads(text) if file.suffix.lower() == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise ConfigWrong(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigWrong(f"{file} is not a UTF-8 text file") from error
    except json.JSONDecodeError as error:
        raise ConfigWrong(f"{file}, line {error.lineno}: {error.msg}") from error
    except yaml.YAMLError as error:
        # not its whole text, which quotes lines of the file
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise ConfigWrong(f"{file}{where}: {getattr(error, 'problem', None) or 'it is no YAML'}") from None
    try:
        return parse(values, base=file.absolute().parent)
    except ConfigWrong as error:
        raise ConfigWrong(f"{file}: {error}") from error


def plugin_folders(disabled: Collection[str]) -> Iterator[MigrationFolder]:
    """Folders of the installed plugins; one that cannot be loaded is warned about and left out."""
    for found in discover():
        if found.name in disabled or found.problem is not None:
            continue
        try:
            declared = _declared(found)
        except Rejected as rejection:
            click.echo(f"Warning: the migrations of the plugin {rejection} are left out", err=True)
            continue
        if declared is not None:
            yield MigrationFolder.of_plugin(found.name, declared.folder)


def _declared(found: Found) -> Contribution | None:
    """What a plugin's hook returns.

    Raises:
        Rejected: It cannot be asked, or what it says cannot be used.
    """
    with importing(found):
        target = found.entry.load()
        plugin = target() if inspect.isclass(target) else target
        register = getattr(plugin, "fleet_register_migrations", None)
        declared = register() if register is not None else None
    if declared is not None:
        with blaming(found.name, "What it contributes"):
            declared.folder.stat()
    return declared
