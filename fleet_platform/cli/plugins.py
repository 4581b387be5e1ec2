"""``fleet-platform plugins``."""

from __future__ import annotations

from typing import Any

import click

from fleet_platform.cli import plugin_commands
from fleet_platform.cli.connection import client_command
from fleet_platform.cli.output import print_json, print_table
from fleet_platform.client import Client


def _list_commands(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        print_table(["command", "plugin", "summary"], plugin_commands.rows())
        ctx.exit()


@click.command(name="plugins", short_help="List the plugins and how they are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the plugins as Plugin.List returns them.")
@click.option(
    "--commands",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_commands,
    help="List the commands that installed plugins add to this program, and end.",
)
@client_command
async def command(client: Client, *, as_json: bool) -> None:
    """List the plugins of a running platform and how they are."""
    plugins = await client.call("Plugin.List")
    if as_json:
        print_json(plugins)
        return
    print_table(["plugin", "version", "state", "reason"], [_row(plugin) for plugin in plugins])


def _row(plugin: dict[str, Any]) -> list[str]:
    return [str(plugin.get(column) or "") for column in ("name", "version", "state", "reason")]
