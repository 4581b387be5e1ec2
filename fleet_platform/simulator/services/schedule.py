"""``Schedule.*``: jobs that the device does by itself at their time.

Source: Shelly Gen2+ API, "Schedule": 20 jobs, 1 to 5 calls each. ``Schedule.Eval`` is in real method lists and not
documented in the sources at hand; its shape is what scripts and apps that call it read: ``prev`` and ``next``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.services.local_time import epoch_of, local_time, place_of
from fleet_platform.simulator.services.numbered import Numbered
from fleet_platform.simulator.services.timespec import BadTimespec, Timespec, read_timespec
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import invalid, number, required, text
from plugin_sdk.local_time import utc_offset_s
from plugin_sdk.simulation import DeviceFault, clock_is_set

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_MAX_CALLS = 5
_LAST_TS = 7_000_000_000
"""In the year 2191; timespecs know no year after 2199."""


def offered(device: Machine) -> bool:
    """Devices that count a revision of them: not sleepers."""
    return "schedule_rev" in device.state.sys


def list_jobs(device: Machine, _params: JSONObject) -> JSON:
    """All jobs and the revision."""
    return {"jobs": JOBS.all(device), "rev": device.state.sys.get("schedule_rev", 0)}


def evaluate(device: Machine, params: JSONObject) -> JSON:
    """When a timespec was due last, and when it will be next: ``{prev, next}`` in UTC epoch seconds, or null."""
    required(params, "timespec")
    spec = _timespec(text(params, "timespec") or "")
    now = number(params, "now", 0, _LAST_TS)
    if now is None:
        if not clock_is_set(device):
            raise DeviceFault(-109, "Time is not set")
        now = device.now()
    offset_s = utc_offset_s(device, now)
    moment, place = local_time(now, offset_s), place_of(device, offset_s)
    before, after = spec.preceding(moment, place), spec.following(moment, place)
    return {
        "prev": None if before is None else int(epoch_of(before, offset_s)),
        "next": None if after is None else int(epoch_of(after, offset_s)),
    }


def _check(_device: Machine, job: JSONObject) -> None:
    _timespec(job["timespec"])
    calls = job["calls"]
    if not 1 <= len(calls) <= _MAX_CALLS or not all(_is_call(call) for call in calls):
        raise invalid("calls")


def _timespec(given: str) -> Timespec:
    try:
        return read_timespec(given)
    except BadTimespec as err:
        raise invalid("timespec") from err


def _is_call(call: JSON) -> bool:
    return (
        isinstance(call, dict)
        and isinstance(call.get("method"), str)
        and bool(call["method"])
        and isinstance(call.get("params", {}), dict)
    )


def _changed(device: Machine) -> None:
    device.automation.agenda.plan()


JOBS = Numbered(
    items=lambda device: device.stores.schedules,
    revision="schedule_rev",
    required=("timespec", "calls"),
    defaults={"enable": True, "timespec": "", "calls": []},
    limit=lambda _device: 20,
    check=_check,
    changed=_changed,
)

METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Schedule.Create": JOBS.create,
    "Schedule.Update": JOBS.update,
    "Schedule.List": list_jobs,
    "Schedule.Delete": JOBS.delete,
    "Schedule.DeleteAll": JOBS.delete_all,
    "Schedule.Eval": evaluate,
}
