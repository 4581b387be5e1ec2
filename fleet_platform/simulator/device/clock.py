"""The moving part of a device's ``sys`` status: clock, uptime and memory. Pure.

Only fields that the status has are touched, so that a played dump keeps its shape.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject
from plugin_sdk.local_time import shown_utc_offset_s


def refresh_sys(sys: JSONObject, *, epoch_s: float | None, uptime_s: float, ram_base: int | None) -> None:
    """Set the fields of ``sys`` that move by themselves.

    Args:
        sys: The status of ``sys``; changed in place.
        epoch_s: UTC epoch seconds; None while the clock is not set, when ``time`` and ``unixtime`` are null.
        uptime_s: Seconds since boot.
        ram_base: Free memory around which ``ram_free`` wanders, in bytes.
    """
    if "unixtime" in sys:
        sys["unixtime"] = None if epoch_s is None else int(epoch_s)
    if "time" in sys:
        sys["time"] = None if epoch_s is None else _local_time(epoch_s, shown_utc_offset_s(sys) or 0)
    if "uptime" in sys:
        sys["uptime"] = int(uptime_s)
    if ram_base is not None:
        sys["ram_free"] = ram_base + (int(uptime_s) * 7919 % 257 - 128) * 4


def clock_reading(sys: Mapping[str, JSON], epoch_s: float) -> JSONObject:
    """What ``sys`` says of its clock once a time server has set it; only fields that the status has."""
    reading: JSONObject = {
        "time": _local_time(epoch_s, shown_utc_offset_s(sys) or 0),
        "unixtime": int(epoch_s),
        "last_sync_ts": int(epoch_s),
    }
    return {name: value for name, value in reading.items() if name in sys}


def _local_time(epoch_s: float, utc_offset_s: int) -> str:
    return time.strftime("%H:%M", time.gmtime(epoch_s + utc_offset_s))
