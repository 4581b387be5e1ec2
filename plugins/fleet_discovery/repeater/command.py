"""``fleet-platform mdns-repeater``: runs until it is told to stop, beside the platform or without one."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from fleet_discovery.repeater.links import BadInterfaceError, Interface, find_interface
from fleet_discovery.repeater.repeater import Repeater

WRONG = 2
"""Exit code of wrong usage, and of a network that cannot be used."""

TELL_EVERY_S = 60.0

_log = logging.getLogger(__name__)

_LISTEN, _REPEAT = ("LISTEN_ON", "MDNS_ON"), ("REPEAT_TO", "MDNS_TO")


def run(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Carry multicast DNS until SIGTERM or Ctrl-C; returns the exit code."""
    try:
        asked = _parser().parse_args(list(arguments))
        listen = _interfaces(asked.listen or _from(environ, _LISTEN))
        repeat = _interfaces(asked.repeat or _from(environ, _REPEAT))
    except SystemExit as end:  # argparse has said what is wrong, or shown its help
        return int(end.code or 0)
    except BadInterfaceError as error:
        return _wrong(str(error))
    if not listen or not repeat:
        return _wrong("--listen and --repeat say between which networks; or LISTEN_ON and REPEAT_TO")
    if {each.text for each in listen} & {each.text for each in repeat}:
        return _wrong("a network is not repeated to itself")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        asyncio.run(_repeat(Repeater(listen, repeat, both=asked.both)))
    except OSError as error:
        return _wrong(f"a network cannot be used: {error.strerror or error}")
    return 0


async def _repeat(repeater: Repeater) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with repeater:
        for route in repeater.routes:
            _log.info("%s", route)
        _log.info("carrying multicast DNS")
        told: Mapping[str, int] = {}
        while not stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(TELL_EVERY_S):
                    await stop.wait()
            if repeater.tally != told:
                told = dict(repeater.tally)
                _log.info("%s", ", ".join(f"{name} {count}" for name, count in sorted(told.items())))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fleet-platform mdns-repeater",
        description="Carry multicast DNS from one network to another, so that devices are found across a border.",
    )
    parser.add_argument(
        "--listen",
        nargs="+",
        action="extend",
        metavar="INTERFACE",
        help="networks that are heard: a name such as eth0, or an IPv4 address of this machine ($LISTEN_ON, $MDNS_ON)",
    )
    parser.add_argument(
        "--repeat",
        nargs="+",
        action="extend",
        metavar="INTERFACE",
        help="networks where it is said again ($REPEAT_TO, $MDNS_TO)",
    )
    parser.add_argument("--both", action="store_true", help="the other way as well")
    return parser


def _interfaces(names: Sequence[str]) -> list[Interface]:
    return [find_interface(name) for name in dict.fromkeys(names)]


def _from(environ: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Interfaces in the first variable that is set, separated by spaces or commas."""
    text = next((environ[name] for name in names if environ.get(name)), "")
    return [part for part in re.split(r"[\s,]+", text) if part]


def _wrong(text: str) -> int:
    print(f"Error: {text}", file=sys.stderr)  # noqa: T201  # a command speaks to whoever typed it
    return WRONG
