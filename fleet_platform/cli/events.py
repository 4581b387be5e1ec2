"""``fleet-platform events``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from fleet_platform.cli.connection import client_command
from fleet_platform.cli.output import printable, to_json
from fleet_platform.client import Client, Event, Resync

DEFAULT_EVENTS = (
    "Shelly.Connect",
    "Shelly.Disconnect",
    "Shelly.Presence",
    "Shelly.Status",
    "Shelly.Settings",
    "Shelly.Info",
    "Entity.Added",
    "Entity.Removed",
    "Entity.Event",
    "NotifyEvent",
)
"""What a person wants to see; each change once."""


@click.command(name="events", short_help="Show events as they happen.")
@click.option(
    "--event", "names", multiple=True, metavar="NAME", help="Event to show, such as Shelly.Status or Entity.*."
)
@click.option("--device", "devices", multiple=True, metavar="ID", help="Only events of this device; repeatable.")
@click.option("--count", type=click.IntRange(1), help="End after so many events.")
@click.option("--json", "as_json", is_flag=True, help="Print each event as one line of JSON.")
@client_command
async def command(
    client: Client, *, names: Sequence[str], devices: Sequence[str], count: int | None, as_json: bool
) -> None:
    """Show events as they happen, until Ctrl-C. A lost connection is resumed without a gap where that is possible."""
    options: dict[str, Any] = {"status": "changed"} | ({"shellyIDs": list(devices)} if devices else {})
    shown = 0
    async with client.subscribe(names or DEFAULT_EVENTS, **options) as events:
        async for event in events:
            if isinstance(event, Resync):
                click.echo("some events were missed", err=True)
                continue
            click.echo(_as_json(event) if as_json else _as_line(event, datetime.now().astimezone()))
            shown += 1
            if shown == count:
                return


def _as_json(event: Event) -> str:
    return to_json({"method": event.method, "params": event.params, "seq": event.seq})


def _as_line(event: Event, now: datetime) -> str:
    """``12:04:31  Shelly.Status     shellyplus1-…  switch:0 output=true apower=12.4``."""
    params = event.params if isinstance(event.params, dict) else {}
    subject = str(params.get("shellyID") or params.get("entityId") or "")
    facts = {name: value for name, value in params.items() if name not in ("shellyID", "entityId", "metadata")}
    text = _status(facts.get("status")) if event.method == "Shelly.Status" else " ".join(_facts(facts))
    return printable(f"{now:%H:%M:%S}  {event.method:<17} {subject}  {text}".rstrip())


def _status(status: Any) -> str:
    if not isinstance(status, dict):
        return ""
    return "  ".join(" ".join([key, *_facts({"": value})]) for key, value in status.items())


def _facts(value: Any, path: str = "") -> Iterator[str]:
    """Nested values as ``path=value``."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _facts(inner, f"{path}.{name}" if path else str(name))
    elif path:
        yield f"{path}={json.dumps(value, ensure_ascii=False)}"
