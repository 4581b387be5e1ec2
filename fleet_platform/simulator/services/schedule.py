"""``Schedule.*``: stored jobs. They are kept and counted, and not run.

Source: Shelly Gen2+ API, "Schedule".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.services.numbered import Numbered
from plugin_sdk import JSON, JSONObject

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_JOBS = Numbered(
    items=lambda device: device.stores.schedules,
    revision="schedule_rev",
    required=("timespec", "calls"),
    defaults={"enable": True, "timespec": "", "calls": []},
    limit=lambda _device: 20,
)


def offered(device: Machine) -> bool:
    """Devices that count a revision of them: not sleepers."""
    return "schedule_rev" in device.state.sys


def list_jobs(device: Machine, _params: JSONObject) -> JSON:
    """All jobs and the revision."""
    return {"jobs": _JOBS.all(device), "rev": device.state.sys.get("schedule_rev", 0)}


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Schedule.Create": _JOBS.create,
    "Schedule.Update": _JOBS.update,
    "Schedule.List": list_jobs,
    "Schedule.Delete": _JOBS.delete,
    "Schedule.DeleteAll": _JOBS.delete_all,
}
