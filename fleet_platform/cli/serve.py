"""``fleet-platform serve``."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from fleet_platform import logs
from fleet_platform.cli.settings_flags import load_settings, settings_flags

logger = logging.getLogger(__name__)


@click.command(name="serve", short_help="Start the platform.")
@click.option("--demo", is_flag=True, help="Add a small simulated fleet, and listen on 127.0.0.1 only.")
@settings_flags
def command(*, demo: bool, config: Path | None, **flags: str | None) -> int:
    """Start the platform and run it until Ctrl-C or SIGTERM.

    Each option can also be given as FLEET_… variable or in the file: --port is FLEET_PORT, and port = 7011.
    """
    loaded = load_settings(flags, config=config, demo=demo)
    logs.configure(loaded.settings.log_level, loaded.settings.log_format)
    for warning in loaded.warnings:
        logger.warning("%s", warning)
    from fleet_platform.process import serve  # noqa: PLC0415  # settings are judged before the platform is loaded

    return serve(loaded.settings, demo=demo, sources=loaded.sources)
