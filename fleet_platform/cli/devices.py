"""``fleet-platform devices``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from fleet_platform.cli.connection import client_command
from fleet_platform.cli.output import print_json, print_table, progress
from fleet_platform.client import Client

PAGE = 250


@click.command(name="devices", short_help="List the devices.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the devices as Device.List returns them.")
@client_command
async def command(client: Client, *, as_json: bool) -> None:
    """List the devices with their presence."""
    devices = await _all(client)
    if as_json:
        print_json(devices)
        return
    print_table(
        ["device", "name", "model", "firmware", "presence", "last report"], [row_of(device) for device in devices]
    )


async def _all(client: Client) -> list[dict[str, Any]]:
    devices: list[dict[str, Any]] = []
    cursor: Any = None
    with progress() as bar:
        task = bar.add_task("Reading devices", total=None)
        while True:
            page = await client.call("Device.List", {"limit": PAGE} | ({"cursor": cursor} if cursor else {}))
            devices += page["items"]
            cursor = page.get("cursor")
            bar.update(task, total=page.get("total"), completed=len(devices))
            if not cursor:
                return devices


def row_of(device: dict[str, Any]) -> list[str]:
    """A device of ``Device.List`` as a row of the table."""
    info = device.get("info") or {}
    return [
        str(device.get("shellyID", "")),
        _name(device),
        str(info.get("model") or ""),
        str(info.get("ver") or ""),
        str(device.get("presence", "")),
        _when((device.get("meta") or {}).get("lastReportTs")),
    ]


def _name(device: dict[str, Any]) -> str:
    """What people call it; a Wall Display says so in its settings only."""
    settings = device.get("settings") or {}
    system = (settings.get("sys") or {}).get("device") or {}
    return str((device.get("info") or {}).get("name") or system.get("name") or "")


def _when(ts: Any) -> str:
    """Local time of an epoch time in milliseconds; empty for none."""
    return datetime.fromtimestamp(ts / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S") if ts else ""
