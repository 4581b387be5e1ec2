"""The command line. This package imports nothing but click until a command is chosen, so that help is instant."""

from fleet_platform.cli.program import main

__all__ = ["main"]
