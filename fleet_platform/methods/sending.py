"""``FleetManager.SendRPC``: one call to many devices, with one answer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from fleet_platform.methods.shapes import Failure, Like
from fleet_platform.methods.slices import encode_map, in_slices
from fleet_platform.rpc.calls import caller
from fleet_platform.rpc.destinations import Destinations
from fleet_platform.rpc.envelope import MAX_DESTINATIONS
from fleet_platform.rpc.many import for_each
from fleet_platform.rpc.relay import Relay
from plugin_sdk import JSON, Call, Method
from plugin_sdk.errors import FleetError

Destination = Annotated[str, Field(min_length=1, max_length=200)]

DEADLINE_S = 590.0
"""After it, whoever has not answered is given up, so that the answers of the others are not lost."""


class SendingMethods:
    """Handler of ``FleetManager.SendRPC``."""

    def __init__(self, *, relay: Relay, destinations: Destinations) -> None:
        self._relay = relay
        self._destinations = destinations

    def methods(self) -> list[Method]:
        """Declare it."""
        return [Method(name="FleetManager.SendRPC", handler=self.send, timeout_s=600.0)]

    async def send(
        self,
        call: Call,
        dst: Destination | Annotated[list[Destination], Field(max_length=MAX_DESTINATIONS)],
        method: Annotated[str, Field(min_length=1, max_length=100)],
        params: dict[str, Any] | None = None,
        silent: bool = False,  # noqa: ARG002  # older clients send it; who hears of replies is up to subscriptions
        timeout_s: Annotated[float, Field(gt=0, le=600)] | None = None,
    ) -> Annotated[Any, Like(dict[str, Failure | Any])]:
        """Call a method of several devices and wait for all of them.

        `dst` is a device's id or MAC, a set such as `group:1`, or a list of these; a device that is named twice
        counts once. The answer is an object by device id: the device's result, or `{code, message, data?}`. The
        caller needs the permission of the device's method, for each device.
        """
        principal = caller(call)

        async def ask(device: str) -> JSON:
            return await self._relay.call(device, method, params, principal=principal, timeout_s=timeout_s)

        devices = self._destinations.expand([dst] if isinstance(dst, str) else dst, principal)
        outcomes = await for_each(devices, ask, where=f"a call of {method[:100]}", within_s=DEADLINE_S)
        # Statuses of thousands of devices are many megabytes.
        return await encode_map(
            (device, outcome.to_json() if isinstance(outcome, FleetError) else outcome)
            async for device, outcome in in_slices(outcomes.items())
        )
