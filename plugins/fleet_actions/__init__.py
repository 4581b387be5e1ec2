"""Saved commands of several steps, run on the server."""

from fleet_actions.plugin import Actions

__all__ = ["Actions"]
