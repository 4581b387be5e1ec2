"""What the host needs of the rest of the platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.twin import Twin
from fleet_platform.events.bus import Bus
from fleet_platform.rpc.relay import Relay
from fleet_platform.storage.database import Database
from fleet_platform.storage.kv import KeyValueStore
from plugin_sdk import DeviceId, JSONObject, Principal, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class HostServices:
    """Handed on to plugins, each in a form that is their own.

    Attributes:
        invoke: ``await invoke(method, params, call=…)``: calls a method of the platform.
        allows: ``(principal, permission, device)``, by the policies in force.
        find_principal: ``await find_principal(name, provider)``.
        principal_changed: ``principal_changed(name, provider)``: what is known of it counts no more.
        contributed: Services in force, with the plugin each is of.
        renew_metadata: Asks for the metadata of some devices anew, of all if none is named.
        report: ``report(twin, components)`` takes a plugin's report about a device.
        emit: ``emit(twin, component, event)`` takes an event of a component that a plugin reports.
        data: The platform's data folder.
        reveal: Shows a secret, by its label, to whoever runs the platform.
    """

    bus: Bus
    devices: Fleet
    relay: Relay
    invoke: Callable[..., Awaitable[Any]]
    allows: Callable[[Principal, str, DeviceId | None], bool]
    find_principal: Callable[[str, str], Awaitable[Principal | None]]
    principal_changed: Callable[[str, str], None]
    contributed: Callable[[], Sequence[tuple[str, Service]]]
    renew_metadata: Callable[[Sequence[str]], None]
    report: Callable[[Twin, Mapping[str, JSONObject | None]], None]
    emit: Callable[[Twin, str, JSONObject], None]
    database: Database
    kv: KeyValueStore
    data: Path
    reveal: Callable[[str, str], None]
