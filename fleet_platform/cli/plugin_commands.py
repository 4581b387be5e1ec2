"""Commands that plugins add to the program. They run in this process, without a platform."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click
from importlib_metadata import entry_points

from plugin_sdk import Command

GROUP = "fleet_platform.plugins"


def find(name: str) -> click.Command | None:
    """A plugin's command by its name; the first plugin that has it, in the order of plugin names."""
    return next((_wrap(command) for _, command in _commands() if command.name == name), None)


def rows() -> list[list[str]]:
    """Name, plugin and summary of each command."""
    return [[command.name, plugin, command.summary] for plugin, command in _commands()]


def _commands() -> Iterator[tuple[str, Command]]:
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            target = entry.load()
            plugin = target() if inspect.isclass(target) else target
            register = getattr(plugin, "fleet_register_commands", None)
            commands = list(register()) if register is not None else []
        except Exception as error:  # a plugin is anybody's code: its fault must not hide the commands of the others
            click.echo(f"Warning: plugin {entry.name} cannot be loaded: {type(error).__name__}: {error}", err=True)
            continue
        yield from ((entry.name, command) for command in commands)


def _wrap(command: Command) -> click.Command:
    """All arguments, ``--help`` too, go to the plugin."""

    def run(arguments: tuple[str, ...]) -> int:
        return command.run(arguments)

    return click.Command(
        command.name,
        callback=run,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        short_help=command.summary,
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
    )
