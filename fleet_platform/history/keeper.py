"""What the platform tells the world, kept: numbers go to the sampler, what happens to the journal."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from fleet_platform.devices.twin import Twin
from fleet_platform.history.journal import Journal
from fleet_platform.history.sampler import Sampler
from fleet_platform.redaction import mask
from fleet_platform.text import encode
from plugin_sdk import JSON, DeviceId, JSONObject, Principal
from plugin_sdk.errors import FleetError

MAX_DATA = 16 * 1024
"""Bytes that an entry says; of what is longer only the beginning is kept, as text."""

_READS = re.compile(r"\.(get|list|check|scan|detect|ping|query)", re.IGNORECASE)
"""Methods of devices that change nothing, by how their verbs begin. Source: ``methods.csv`` of the reference."""


class Keeper:
    """Keeps what devices report, what happens to them, and what they are told to do."""

    def __init__(self, sampler: Sampler, journal: Journal) -> None:
        self.sample = sampler.take
        self._journal = journal

    def note(self, device: DeviceId | None, name: str, data: Mapping[str, JSON]) -> None:
        """Note that something happened."""
        text = encode(data).decode()
        if len(text) > MAX_DATA:
            text = encode({"cut": text[:MAX_DATA]}).decode()
        self._journal.note(time.time_ns() // 1_000_000, device, name, text)

    def command(
        self, twin: Twin, method: str, params: JSON, principal: Principal, error: FleetError | None, duration_s: float
    ) -> None:
        """Note a call that may have changed something: by whom, without secrets, and what came of it."""
        if _READS.search(method):
            return
        data: JSONObject = {"method": method, "by": principal.name, "ms": round(duration_s * 1000)}
        if params is not None:
            data["params"] = mask(params)
        if error is not None:
            data["error"] = {"code": error.code, "message": error.message}
        self.note(twin.id, "Shelly.Command", data)
