"""``fleet-platform simulate``: devices that connect to a platform; also the fleet of ``serve --demo``.

With ``FLEET_RUN_TOKEN`` in the environment it was started by a platform: it says nothing and ends when its standard
input does, so that no fleet outlives its platform, however that ended.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import uvloop
from click.core import ParameterSource
from rich.progress import Progress as Bar

from fleet_platform.cli.output import printable, progress
from fleet_platform.cli.simulate_lists import show_faults, show_models
from fleet_platform.cli.simulate_recording import play, recording_options, run_record, take_recording
from fleet_platform.simulator.descriptors import TooFewDescriptors
from fleet_platform.simulator.device.dump import BadDump
from fleet_platform.simulator.faults.table import BadFault
from fleet_platform.simulator.local.addresses import NoAddress
from fleet_platform.simulator.local.options import DEFAULT_PORT, LocalOptions
from fleet_platform.simulator.models import UnknownModel
from fleet_platform.simulator.outbound.dialler import BadUrl
from fleet_platform.simulator.recording import BadRecording
from fleet_platform.simulator.run import Progress, SimulateOptions, simulate
from fleet_platform.simulator.scenario import BadScenario

WRONG = 2
"""Exit code of wrong usage."""

_SENTENCES = (BadUrl, BadDump, BadFault, BadRecording, NoAddress, UnknownModel, TooFewDescriptors)
"""Errors whose text is for whoever typed the command."""

_SERVER = re.compile(r"localhost\b|[^/]*[.:]", re.IGNORECASE)

RUN_TOKEN = "FLEET_RUN_TOKEN"  # noqa: S105  # a name, not a token


@click.command(name="simulate", short_help="Connect simulated devices to a platform.")
@click.option(
    "--url",
    envvar="FLEET_URL",
    default="http://127.0.0.1:7011",
    show_default=True,
    help="The platform, or the full websocket address of its door for devices.",
)
@click.option("--token", help="Enrolment token, which becomes part of the address.")
@click.option("--count", type=click.IntRange(1), default=10, show_default=True, help="How many devices.")
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("Plus1PM",),
    show_default=True,
    help="Model, such as Plus2PM; several take turns.",
)
@click.option(
    "--from",
    "dumps",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Play the dumps of real devices in this folder instead.",
)
@click.option("--demo", is_flag=True, help="The fleet of serve --demo instead: a small hotel.")
@click.option(
    "--scenario",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The fleet of a scenario file instead, and what happens to it.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[:PARAMETER=VALUE,...][@DEVICES]",
    help="A fault from the start, such as slow:delay_s=2,for=30s@*plug*; may be given repeatedly.",
)
@click.option("--local", is_flag=True, help="Have each device serve its own network too, on loopback addresses.")
@click.option(
    "--local-port",
    type=click.IntRange(1, 65_535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port of the devices with --local.",
)
@click.option("--outgoing", is_flag=True, help="Let webhooks and HTTP calls of the devices reach beyond this machine.")
@click.option("--rate", type=click.FloatRange(0), help="Notifications a second over the whole fleet.")
@click.option("--seed", type=int, help="The same seed gives the same devices; default is the scenario's, or 0.")
@click.option("--list-models", is_flag=True, help="List the models that can be simulated, and end.")
@click.option("--list-faults", is_flag=True, help="List the faults with their parameters, and end.")
@click.option("--json", "as_json", is_flag=True, help="A list as JSON.")
@recording_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    url: str,
    token: str | None,
    list_models: bool,
    list_faults: bool,
    as_json: bool,
    local: bool,
    local_port: int,
    **options: Any,
) -> int:
    """Connect simulated devices to a platform and keep them running until Ctrl-C.

    Unless the platform admits everybody, or --token admits them, they appear in its waiting room.
    """
    if list_models or list_faults:
        _check_apart(ctx, ("list_models", "list_faults"))
        show_models(as_json=as_json) if list_models else show_faults(as_json=as_json)
        return 0
    if as_json:
        raise click.UsageError("--json belongs to --list-models and --list-faults")
    recording = take_recording(ctx, options)
    if recording is not None and recording.record is not None:
        return run_record(recording, recording.record, url, token)
    for one in ("count", "models"):
        _check_apart(ctx, ("scenario", "dumps", "demo", one))
    run_token = os.environ.get(RUN_TOKEN)
    side = LocalOptions(port=local_port) if local else None
    wanted = SimulateOptions(url=_door(url), token=token or run_token, local=side, **options)
    with progress() as bar, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            if recording is not None and recording.replay is not None:
                door, key = _door(url), token or run_token
                return runner.run(play(recording, recording.replay, door, key, on_progress=_Teller(bar)))
            if run_token is not None:
                return runner.run(_until_orphaned(wanted))
            return runner.run(simulate(wanted, on_progress=_Teller(bar)))
        except BadScenario as error:  # a line for each problem, as a compiler has it
            click.echo(printable_lines(str(error)), err=True)
            return WRONG
        except _SENTENCES as error:
            raise click.UsageError(printable_lines(str(error))) from error


def _check_apart(ctx: click.Context, names: Sequence[str]) -> None:
    """Refuse options that exclude one another."""
    given = [
        param.opts[0]
        for param in ctx.command.params
        if param.name in names and ctx.get_parameter_source(param.name) is not ParameterSource.DEFAULT
    ]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} exclude one another")


def printable_lines(text: str) -> str:
    """Several lines, none with a control character."""
    return "\n".join(printable(line) for line in text.splitlines())


def _door(url: str) -> str:
    """``http://fleet.example`` → ``ws://fleet.example/shelly``; a websocket address stays as it is.

    Raises:
        click.BadParameter: It is neither.
    """
    # As everywhere the scheme may be left out, but then it must look like a server: a bare word is a mistake.
    parts = urlsplit(f"http://{url}" if "://" not in url and _SERVER.match(url) else url)
    schemes = {"http": "ws", "https": "wss"}
    if parts.scheme not in (*schemes, "ws", "wss") or not parts.hostname:
        expected = "expected http://host:port, or ws://host:port/shelly for the door itself"
        raise click.BadParameter(f"{url!r} is neither a platform's address nor a websocket URL; {expected}")
    if parts.scheme not in schemes:
        return url
    return parts._replace(scheme=schemes[parts.scheme], path=f"{parts.path.rstrip('/')}/shelly").geturl()


async def _until_orphaned(options: SimulateOptions) -> int:
    """Simulate until standard input ends, which the platform at its other end brings about, or its death."""
    fleet = asyncio.create_task(simulate(options), name="simulated fleet")
    parent = asyncio.create_task(_end_of_input(), name="end of input")
    await asyncio.wait((fleet, parent), return_when=asyncio.FIRST_COMPLETED)
    code = fleet.result() if fleet.done() else 0
    for task in (fleet, parent):
        task.cancel()
    await asyncio.gather(fleet, parent, return_exceptions=True)
    return code


async def _end_of_input() -> None:
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        await asyncio.Event().wait()  # a file or a device says nothing about a parent
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while await reader.read(1024):
            pass
    finally:
        transport.close()


class _Teller:
    """Shows how a run goes: a bar on a terminal, else one line when all that want to are connected."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("Connecting", total=None)
        self._told = False

    def __call__(self, now: Progress) -> None:
        for remark in now.remarks:
            self._say(remark)
        connected, told = now.stats.connected, f"{now.stats.notifications} notifications, {now.stats.requests} calls"
        expected = now.devices - sum(now.away.values())
        self._bar.update(self._task, total=expected or None, completed=connected, description=told)
        if now.devices and connected >= expected and not self._told:
            self._told = True
            self._say(_arrived(connected, now.away))

    def _say(self, text: str) -> None:
        if self._bar.disable:
            click.echo(printable(text), err=True)
        else:
            self._bar.console.print(printable(text), markup=False, highlight=False)


def _arrived(connected: int, away: Mapping[str, int]) -> str:
    """``9 devices are connected, 1 is off; Ctrl-C ends them``."""
    whole = f"{connected} {'device is' if connected == 1 else 'devices are'} connected"
    rest = "".join(f", {count} {'is' if count == 1 else 'are'} {why}" for why, count in away.items())
    return f"{whole}{rest}; Ctrl-C ends {'it' if connected + sum(away.values()) == 1 else 'them'}"
