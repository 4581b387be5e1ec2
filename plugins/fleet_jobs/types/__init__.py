"""Job types: which there are, and those that come with the platform."""

from __future__ import annotations

from plugin_sdk import Fleet, JobType
from plugin_sdk.jobs import INTERFACE


def job_types(fleet: Fleet) -> dict[str, JobType]:
    """Job types of plugins in force, by their names; what a plugin offers as one and is none is left out."""
    return {name: kind for name, kind in fleet.services(INTERFACE).items() if isinstance(kind, JobType)}
