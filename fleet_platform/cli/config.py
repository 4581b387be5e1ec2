"""``fleet-platform config``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fleet_platform.cli.output import print_json, print_table
from fleet_platform.cli.settings_flags import load_settings, settings_flags
from fleet_platform.settings import effective


@click.command(name="config", short_help="Show the settings in force and where each comes from.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_flags
def command(*, as_json: bool, config: Path | None, **flags: str | None) -> None:
    """Show the settings that serve would run with, and where each comes from. Secrets are hidden."""
    loaded = load_settings(flags, config=config)
    rows = effective(loaded)
    for warning in loaded.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_table(["setting", "value", "source"], [[row.name, row.value, row.source] for row in rows])
