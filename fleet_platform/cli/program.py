"""The program ``fleet-platform``: which commands there are, and how a run ends.

Exit codes: 0 done, 1 a call failed, 2 wrong usage or a problem at start-up, 130 stopped by Ctrl-C. A command that is
not in the table is looked for among the plugins.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import click

SUMMARIES: Mapping[str, str] = MappingProxyType(
    {
        "serve": "Start the platform.",
        "simulate": "Connect simulated devices to a platform.",
        "login": "Sign in and remember it for the other commands.",
        "logout": "Forget a stored sign-in.",
        "devices": "List the devices.",
        "events": "Show events as they happen.",
        "rpc": "Call a method of the platform or of devices.",
        "plugins": "List the plugins and how they are.",
        "migrate": "Apply, undo, list and begin SQL migrations.",
        "config": "Show the settings in force and where each comes from.",
    }
)
"""Each command is the object ``command`` of the module of its name."""

INTERRUPTED = 130
PLUGIN_COMMANDS = "fleet_platform.cli.plugin_commands"


class Program(click.Group):
    """Loads a command when it is asked for; lists all from the table, loading none."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # the signature is click's
        """The platform's own commands; plugins are not loaded for a list."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """A command by its name, or None."""
        if cmd_name in SUMMARIES:
            command: click.Command = importlib.import_module(f"fleet_platform.cli.{cmd_name}").command
            return command
        found: click.Command | None = importlib.import_module(PLUGIN_COMMANDS).find(cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command where there is none of that name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], SUMMARIES, n=1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]}?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in ``--help``."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


@click.command(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Plugins may add commands: see fleet-platform plugins --commands.",
)
@click.version_option(package_name="fleet-platform", prog_name="fleet-platform")
def program() -> None:
    """Manage a fleet of Shelly devices."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    try:
        code = program.main(arguments, prog_name="fleet-platform", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of a pipe has seen enough; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code if isinstance(code, int) else 0
