"""A flag for every setting, made from the settings themselves, and start-up problems in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from fleet_platform.settings import Loaded, PlatformSettings, SettingsProblems, load

F = TypeVar("F", bound=Callable[..., Any])

DEMO = {"host": "127.0.0.1"}


class CannotStart(click.ClickException):
    """All that keeps the platform from starting."""

    exit_code = 2

    def __init__(self, problems: SettingsProblems) -> None:
        super().__init__("\n".join(["the settings cannot be used:", *(f"  {p}" for p in problems.problems)]))


def settings_flags(function: F) -> F:
    """Give a command ``--config`` and a flag for each setting but those of plugins.

    Values reach the command as text: all are checked together with those of the other sources.
    """
    for name, field in reversed(PlatformSettings.model_fields.items()):
        if name != "plugins":
            flag = f"--{name.replace('_', '-')}"
            function = click.option(flag, name, metavar="VALUE", help=field.description)(function)
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        help="TOML file with settings; default is fleet-platform.toml in the working or the data folder.",
    )(function)


def load_settings(flags: Mapping[str, str | None], *, config: Path | None, demo: bool = False) -> Loaded:
    """Read the settings of a command with :func:`settings_flags`.

    Raises:
        CannotStart: With all problems.
    """
    try:
        return load(flags, config=config, demo=DEMO if demo else None)
    except SettingsProblems as problems:
        raise CannotStart(problems) from problems
