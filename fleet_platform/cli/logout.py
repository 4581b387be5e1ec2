"""``fleet-platform logout``."""

from __future__ import annotations

import click

from fleet_platform.cli import stored
from fleet_platform.cli.connection import url_option


@click.command(name="logout", short_help="Forget a stored sign-in.")
@url_option
def command(*, url: str) -> None:
    """Forget the stored sign-in of a platform."""
    click.echo(f"Signed out of {url}." if stored.remove(url) else f"Nobody was signed in to {url}.")
