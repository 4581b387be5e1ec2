"""``simulate --record`` and ``simulate --replay``: their options, and running them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from fleet_platform.cli import stored
from fleet_platform.cli.connection import base_address, plain_errors
from fleet_platform.cli.output import printable
from fleet_platform.cli.record import record
from fleet_platform.client import Client, Token
from fleet_platform.simulator.recording import Mask
from fleet_platform.simulator.recording.run import ReplayOptions, replay
from fleet_platform.simulator.run import Progress

F = TypeVar("F", bound=Callable[..., Any])

_BOTH = frozenset(("url", "token", "duration"))
_RECORD = frozenset(("record", "device", "no_mask"))
_REPLAY = frozenset(("replay", "speed", "loop"))

_NO_MASK = "the recording says whose devices these are: names, addresses, places, keys; keep it to yourself"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOptions:
    """What was asked for.

    Attributes:
        record: File to record into.
        replay: File to play.
        device: Pattern of the devices to record.
        mask: Whether to hide names, addresses and the like.
        duration_s: End by itself after so long.
        speed: How many times faster than it happened; None for as fast as possible.
        loop: Play again and again.
    """

    record: Path | None
    replay: Path | None
    device: str
    mask: bool
    duration_s: float | None
    speed: float | None
    loop: bool


def recording_options(function: F) -> F:
    """Give a command the options of recordings."""
    options = (
        click.option(
            "--record",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Simulate nothing: record what the devices of a running platform say. FILE.gz is compressed.",
        ),
        click.option(
            "--replay",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="The devices of a recording instead, saying what they said.",
        ),
        click.option("--device", default="*", metavar="PATTERN", help="With --record: only devices whose id fits."),
        click.option("--no-mask", is_flag=True, help="With --record: hide no names, addresses, places and keys."),
        click.option(
            "--duration", type=click.FloatRange(0, min_open=True), help="With a recording: end after so many seconds."
        ),
        click.option(
            "--speed",
            default="1",
            show_default=True,
            callback=_read_speed,
            metavar="FACTOR",
            help="With --replay: how much faster than it happened, or max.",
        ),
        click.option("--loop", is_flag=True, help="With --replay: begin again when it is over."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def take_recording(ctx: click.Context, options: dict[str, Any]) -> RecordingOptions | None:
    """Take the options of recordings out of a command's; None if there is neither to record nor to replay.

    Raises:
        click.UsageError: With options that do not go together.
    """
    taken = {name: options.pop(name) for name in sorted((_BOTH | _RECORD | _REPLAY) & options.keys())}
    is_record, is_replay = taken["record"] is not None, taken["replay"] is not None
    given = {
        param.name: param.opts[0]
        for param in ctx.command.params
        if param.name is not None
        and ctx.get_parameter_source(param.name) not in (ParameterSource.DEFAULT, ParameterSource.ENVIRONMENT)
    }
    if is_record or is_replay:
        allowed = _BOTH | (_RECORD if is_record else _REPLAY)
        if wrong := [flag for name, flag in given.items() if name not in allowed]:
            raise click.UsageError(f"{'--record' if is_record else '--replay'} and {wrong[0]} exclude one another")
    elif wrong := [flag for name, flag in given.items() if name in (_RECORD | _REPLAY | {"duration"})]:
        raise click.UsageError(f"{wrong[0]} belongs to --record or --replay")
    if not (is_record or is_replay):
        return None
    return RecordingOptions(
        record=taken["record"],
        replay=taken["replay"],
        device=taken["device"],
        mask=not taken["no_mask"],
        duration_s=taken["duration"],
        speed=taken["speed"],
        loop=taken["loop"],
    )


def run_record(wanted: RecordingOptions, file: Path, url: str, token: str | None) -> int:
    """Record into a file; returns the exit code.

    Args:
        token: Token to sign in with; by default that of the environment, or what ``login`` stored.
    """
    base = base_address(url)
    token = token or os.environ.get("FLEET_TOKEN")
    who = Token(access=token) if token else stored.load(base)
    renewed = None if token else partial(stored.save, base)
    if not wanted.mask:
        _say(f"warning: {_NO_MASK}")

    async def recorded() -> int:
        async with Client(base, who, renewed=renewed) as client:
            recorder = await record(
                client,
                file,
                mask=Mask() if wanted.mask else None,
                devices=wanted.device,
                duration_s=wanted.duration_s,
                tell=_say,
            )
        nothing = "" if recorder.devices else "; there is nothing to replay"
        _say(f"{recorder.frames} frames of {recorder.devices} devices are recorded{nothing}")
        return 0 if recorder.devices else 1

    with plain_errors():
        try:
            return asyncio.run(recorded())
        except (ConnectionError, TimeoutError):
            raise  # of the platform; what is left is of the file
        except OSError as error:
            raise click.ClickException(f"{file} cannot be written: {error.strerror or error}") from error


async def play(
    wanted: RecordingOptions, file: Path, url: str, token: str | None, *, on_progress: Callable[[Progress], None]
) -> int:
    """Play a file; returns the exit code. Raises as :func:`fleet_platform.simulator.recording.run.replay` does."""
    options = ReplayOptions(
        url=url, token=token, path=file, speed=wanted.speed, loop=wanted.loop, duration_s=wanted.duration_s
    )
    return await replay(options, on_progress=on_progress)


def _read_speed(_ctx: click.Context, _param: click.Parameter, value: str) -> float | None:
    """``10`` → 10.0; ``max`` → None."""
    if value == "max":
        return None
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise click.BadParameter(f"{value!r} is neither a positive number nor max")
    return speed


def _say(text: str) -> None:
    click.echo(printable(text), err=True)
