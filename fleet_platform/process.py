"""The platform as a process: start it, tell the person who started it what they need, stop it in order.

Start-up problems are told in plain words, and the exit code is 2. Ctrl-C and SIGTERM stop the platform; a second one
stops it at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import re
import secrets
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from fleet_platform.app import Platform, Reveal, open_platform
from fleet_platform.settings import PlatformSettings
from fleet_platform.storage.problems import StorageProblem

logger = logging.getLogger(__name__)

DEMO_STOP_S = 3.0
SETTLE_S = 5.0
STOP_S = 10.0
COLLECT_EVERY_S = 3600.0
RUN_TOKEN_VARIABLE = "FLEET_RUN_TOKEN"  # noqa: S105  # a name, not a token


def serve(settings: PlatformSettings, *, demo: bool, sources: Mapping[str, str]) -> int:
    """Run a platform until it is told to stop; returns the exit code.

    Args:
        sources: Where settings came from, by their names; defaults are absent.
    """
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(run(settings, demo=demo, sources=sources))
    except StorageProblem as problem:
        _say(f"Fleet Platform cannot start:\n  - {problem}")
    except OSError as error:
        _say(
            f"Fleet Platform cannot start:\n  - it cannot listen on {settings.host}:{settings.port}: "
            f"{error.strerror or error}; choose another port with --port"
        )
    return 2


async def run(
    settings: PlatformSettings,
    *,
    demo: bool,
    sources: Mapping[str, str] = MappingProxyType({}),
    ready: Callable[[Platform], None] = lambda _platform: None,
) -> int:
    """Run a platform, with a simulated fleet if wanted, until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _on_signal, stop, number)
    run_token = secrets.token_urlsafe(24) if demo else None
    reveal = reveal_in(settings.data)
    async with open_platform(settings, reveal=reveal, sources=sources, run_token=run_token) as platform:
        if not await platform.host.settled(SETTLE_S):
            logger.warning("some plugins are still starting; fleet-platform plugins shows which")
        _settle_garbage_collector()
        _say(f"Fleet Platform is ready: {platform.url}")
        ready(platform)
        async with _demo_fleet(platform) if demo else contextlib.nullcontext():
            await _until(stop)
            logger.info("stopping")
            _stop_at_the_latest()
    return 0


def reveal_in(folder: Path) -> Reveal:
    """Show secrets on the terminal, or in files of mode 0600 where there is none."""

    def reveal(label: str, secret: str) -> None:
        if sys.stdout.isatty():
            _say(f"{label}: {secret}")
            return
        path = folder / (re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") + ".txt")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{secret}\n")
        _say(f"{label}: see {path}")

    return reveal


async def _until(stop: asyncio.Event) -> None:
    """Wait until the platform shall stop; now and then collect what garbage has grown old."""
    while not stop.is_set():
        try:
            async with asyncio.timeout(COLLECT_EVERY_S):
                await stop.wait()
        except TimeoutError:
            gc.collect()


def _stop_at_the_latest() -> None:
    """End the process even if a plugin's task refuses to end; what the platform has to write is written before."""
    guard = threading.Timer(STOP_S, os._exit, (1,))
    guard.daemon = True
    guard.start()


def _settle_garbage_collector() -> None:
    """Keep full collections rare: with thousands of devices one stops the event loop for a tenth of a second and more.

    What start-up made stays for good and is left out of them. Young garbage is collected often and little at a time;
    old garbage hardly exists, as sessions take their cycles apart when they end, and waits for :func:`_until`.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 4, 1_000_000)


def _on_signal(stop: asyncio.Event, number: int) -> None:
    if stop.is_set():
        raise SystemExit(128 + number)
    stop.set()


@asynccontextmanager
async def _demo_fleet(platform: Platform) -> AsyncIterator[None]:
    """Simulate a fleet in a process of its own, which ends with this one."""
    environment = {**os.environ, RUN_TOKEN_VARIABLE: platform.run_token or ""}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fleet_platform",
        "simulate",
        "--demo",
        "--url",
        f"{platform.url.replace('http', 'ws', 1)}/shelly",
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(DEMO_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # not available everywhere
    except ImportError:
        return None
    return uvloop.new_event_loop


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
