"""What the host needs of the rest of the platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet_platform.devices.fleet import Fleet
from fleet_platform.events.bus import Bus
from fleet_platform.rpc.relay import Relay
from fleet_platform.storage.database import Database
from fleet_platform.storage.kv import KeyValueStore


@dataclass(frozen=True, slots=True, kw_only=True)
class HostServices:
    """Handed on to plugins, each in a form that is their own.

    Attributes:
        invoke: ``await invoke(method, params, call=…)``: calls a method of the platform.
        data: The platform's data folder.
        reveal: Shows a secret, by its label, to whoever runs the platform.
    """

    bus: Bus
    devices: Fleet
    relay: Relay
    invoke: Callable[..., Awaitable[Any]]
    database: Database
    kv: KeyValueStore
    data: Path
    reveal: Callable[[str, str], None]
