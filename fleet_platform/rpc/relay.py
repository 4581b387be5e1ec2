"""Calls to devices on behalf of somebody: who may call what on which device, for how long, and what if it sleeps.

Without a task or a future of its own: the client's socket hands in a callback, the device's socket calls it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.link import Done, Link
from fleet_platform.devices.twin import Twin
from fleet_platform.rpc.dispatch import Allows
from plugin_sdk import JSON, ComponentType, Principal
from plugin_sdk.errors import DeviceOffline, FleetError, PermissionDenied, UnknownDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayTimes:
    """Default deadlines of device calls, in seconds."""

    call_s: float = 15.0
    slow_call_s: float = 60.0


Commanded: TypeAlias = Callable[[Twin, str, JSON, Principal, FleetError | None, float], None]


def _forget(*_command: object) -> None:
    """Keep nothing."""


class Relay:
    """Calls methods of devices.

    Args:
        allows: ``(principal, permission, device)``; the permission is the method's name in lower case.
        types: Component types in force; they name the slow methods.
        command: Told of each call that was sent and what came of it, with its duration in seconds.

    Attributes:
        calls: Calls by outcome: ``ok`` or the error's code.
    """

    def __init__(
        self,
        *,
        fleet: Fleet,
        allows: Allows,
        types: Callable[[], Mapping[str, ComponentType]],
        times: RelayTimes | None = None,
        command: Commanded = _forget,
    ) -> None:
        self._fleet = fleet
        self._allows = allows
        self._types = types
        self._times = times or RelayTimes()
        self._command = command
        self._slow: tuple[object, frozenset[str]] = (None, frozenset())
        self.calls: Counter[str] = Counter()

    def submit(
        self, device: str, method: str, params: JSON, *, principal: Principal, timeout_s: float | None, done: Done
    ) -> None:
        """Send a call to a device.

        Args:
            device: Its id in any case, or its MAC.
            timeout_s: Deadline, or None for the method's own.
            done: Called once with the result or the error; maybe before this returns, if nothing was sent.
        """
        try:
            twin = self.authorise(device, method, principal)
            link = self._connected(twin)
            default_s, slow = self.timeout_of(method)
            told = self._told(done, twin, method, params, principal)
            link.submit(method, params, timeout_s=timeout_s or default_s, slow=slow, done=told)
        except FleetError as error:
            self.calls[str(error.code)] += 1
            done(None, error)

    async def call(
        self, device: str, method: str, params: JSON = None, *, principal: Principal, timeout_s: float | None = None
    ) -> JSON:
        """Call a method of a device and wait for its result.

        Raises:
            UnknownDevice, PermissionDenied, DeviceOffline, DeviceBusy, CallTimeout, DeviceError: As they happen.
        """
        future: asyncio.Future[JSON] = asyncio.get_running_loop().create_future()

        def done(result: JSON, error: FleetError | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit(device, method, params, principal=principal, timeout_s=timeout_s, done=done)
        return await future

    def authorise(self, device: str, method: str, principal: Principal) -> Twin:
        """The twin of a device, if the principal may call the method on it.

        Raises:
            UnknownDevice: There is none, or the principal may not even know of it.
            PermissionDenied: It may not call that.
        """
        twin = self._fleet.find(device)
        permission = method.lower()
        if not self._allows(principal, permission, twin.id):
            if not self._allows(principal, "device.get", twin.id):
                raise UnknownDevice(device[:100])
            raise PermissionDenied(permission=permission, device=twin.id)
        return twin

    def timeout_of(self, method: str) -> tuple[float, bool]:
        """Default deadline of a method in seconds, and whether it is one of those that may take up to a minute."""
        types = self._types()
        if self._slow[0] is not types:
            names = (name.lower() for kind in types.values() for name in kind.slow_methods)
            self._slow = (types, frozenset(names))
        slow = method.lower() in self._slow[1]
        return (self._times.slow_call_s if slow else self._times.call_s), slow

    def _connected(self, twin: Twin) -> Link:
        if twin.link is None:
            raise DeviceOffline("asleep", twin.wake_expected_ts) if twin.asleep else DeviceOffline()
        return twin.link

    def _told(self, done: Done, twin: Twin, method: str, params: JSON, principal: Principal) -> Done:
        began = time.monotonic()

        def told(result: JSON, error: FleetError | None) -> None:
            self.calls["ok" if error is None else str(error.code)] += 1
            self._command(twin, method, params, principal, error, time.monotonic() - began)
            done(result, error)

        return told
