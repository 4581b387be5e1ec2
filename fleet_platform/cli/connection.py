"""What all client commands share: which platform, as whom, and what an error means in plain words."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

import click

from fleet_platform.cli import stored
from fleet_platform.cli.output import printable
from fleet_platform.client import Client, Credentials, NotSignedIn, Password, RpcError, Token

P = ParamSpec("P")

DEFAULT_URL = "http://127.0.0.1:7011"


def base_address(value: str) -> str:
    """``fleet.example/`` → ``http://fleet.example``.

    Raises:
        click.BadParameter: It is no address of a platform.
    """
    url = value if "://" in value else f"http://{value}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"{value!r} is no http or https address")
    return url.rstrip("/")


def _base_address(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    return base_address(value)


url_option = click.option(
    "--url", callback=_base_address, envvar="FLEET_URL", default=DEFAULT_URL, show_default=True, help="The platform."
)


def client_command(function: Callable[Concatenate[Client, P], Awaitable[int | None]]) -> Callable[..., int | None]:
    """Turn a coroutine function that takes a client into a command with ``--url``, ``--token`` and ``--user``.

    The coroutine's result is the exit code; None is 0.
    """

    @url_option
    @click.option("--token", envvar="FLEET_TOKEN", help="Token to sign in with; default is the stored sign-in.")
    @click.option("--user", metavar="NAME[:PASSWORD]", help="Sign in by password instead, for this command only.")
    @functools.wraps(function)
    def run(*args: Any, url: str, token: str | None, user: str | None, **kwargs: Any) -> int | None:
        is_stored = token is None and user is None
        who = stored.load(url) if is_stored else credentials(token, user)
        renewed = functools.partial(stored.save, url) if is_stored else None

        async def connected() -> int | None:
            async with Client(url, who, renewed=renewed) as client:
                return await function(client, *args, **kwargs)

        with plain_errors():
            return asyncio.run(connected())

    return run


def credentials(token: str | None, user: str | None) -> Credentials | None:
    """Who to be, by option or environment; ``--user`` counts more, and a password left out is asked for."""
    if user is not None:
        name, colon, password = user.partition(":")
        return Password(name=name, password=password if colon else click.prompt("Password", hide_input=True))
    return None if token is None else Token(access=token)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a client raises into a message and exit code 1."""
    try:
        yield
    except BrokenPipeError:
        raise  # of standard output, not of the connection
    except NotSignedIn as error:
        raise click.ClickException(f"{error}; sign in with: fleet-platform login") from error
    except RpcError as error:
        raise click.ClickException(explain(error)) from error
    except TimeoutError as error:
        raise click.ClickException("there was no answer in time") from error
    except ConnectionError as error:
        raise click.ClickException(str(error)) from error


def explain(error: RpcError) -> str:
    """The error with all it says, one fact a line."""
    lines = [f"{error.message} ({error.code})"]
    facts = dict(error.data) if isinstance(error.data, dict) else {}
    faults = facts.pop("errors", None)
    if isinstance(faults, list):
        lines += [f"  {fault.get('path')}: {fault.get('message')}" for fault in faults if isinstance(fault, dict)]
    lines += [f"  {name.replace('_', ' ')}: {value}" for name, value in facts.items()]
    return "\n".join(printable(line) for line in lines)
