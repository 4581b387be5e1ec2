"""``fleet-platform login``."""

from __future__ import annotations

import asyncio
import sys

import click

from fleet_platform.cli import stored
from fleet_platform.cli.connection import plain_errors, url_option
from fleet_platform.client import sign_in


@click.command(name="login", short_help="Sign in and remember it for the other commands.")
@url_option
@click.option("--user", default="admin", show_default=True, help="Name to sign in with.")
def command(*, url: str, user: str) -> None:
    """Sign in and remember it for the other commands.

    The password is asked for, or read from standard input where that is no terminal. What is stored is a token, not
    the password.
    """
    terminal = sys.stdin.isatty()
    password = click.prompt("Password", hide_input=True) if terminal else sys.stdin.readline().rstrip("\r\n")
    with plain_errors():
        token = asyncio.run(sign_in(url, user, password))
    stored.save(url, token)
    click.echo(f"Signed in to {url} as {user}.")
