"""``fleet-platform rpc``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from fleet_platform.cli.connection import client_command
from fleet_platform.cli.output import print_json
from fleet_platform.client import Client, Reply


def _decode_params(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dict[str, Any] | None:
    """The object of the argument, ``-`` for standard input; where it is none, a message that points at the place."""
    if value is None:
        return None
    text = sys.stdin.read() if value == "-" else value
    try:
        params = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise click.BadParameter(_point_at(error)) from error
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if not isinstance(params, dict):
        raise click.BadParameter(f'parameters are an object such as {{"id": 0}}, not {text.strip()[:40]}')
    return params


def _refuse(constant: str) -> None:
    message = f"{constant} is no JSON"
    raise ValueError(message)


def _point_at(error: json.JSONDecodeError) -> str:
    lines = error.doc.splitlines() or [""]
    place = f"column {error.colno}" if len(lines) == 1 else f"line {error.lineno}, column {error.colno}"
    line = lines[min(error.lineno, len(lines)) - 1]
    return f"{error.msg[:1].lower()}{error.msg[1:]} at {place}\n  {line}\n  {' ' * (error.colno - 1)}^"


@click.command(name="rpc", short_help="Call a method of the platform or of devices.")
@click.argument("method")
@click.argument("params", callback=_decode_params, required=False, metavar="[JSON]")
@click.option("--dst", multiple=True, metavar="DEVICE", help="Device id, MAC or group:<id>; may be given repeatedly.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(0, 600, min_open=True), help="Deadline in seconds.")
@client_command
async def command(
    client: Client, method: str, params: dict[str, Any] | None, dst: Sequence[str], timeout_s: float | None
) -> int:
    """Call METHOD with the parameters JSON and print the result.

    Without --dst the platform itself is called. With one device its result is printed; with several, or a group, an
    array of {"src", "result" or "error"}.

    \b
    fleet-platform rpc Device.List
    fleet-platform rpc Switch.Set '{"id": 0, "on": true}' --dst shellyplus1-a8032ab12345
    """  # noqa: D301  # \b keeps click from joining the lines of the example
    if len(dst) > 1 or any(name.startswith("group:") for name in dst):
        replies = await client.call_each(method, params, dst, timeout_s=timeout_s)
        print_json([_to_json(reply) for reply in replies])
        return 1 if any(reply.error for reply in replies) else 0
    print_json(await client.call(method, params, dst=dst[0] if dst else None, timeout_s=timeout_s))
    return 0


def _to_json(reply: Reply) -> dict[str, Any]:
    if reply.error is None:
        return {"src": reply.src, "result": reply.result}
    error = {"code": reply.error.code, "message": reply.error.message, "data": reply.error.data}
    return {"src": reply.src, "error": {name: value for name, value in error.items() if value is not None}}
