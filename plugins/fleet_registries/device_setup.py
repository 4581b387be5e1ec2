"""``Device.GetSetup``: the setups that are kept in the registry ``configs``, for who sets up a device."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleet_registries import setups
from fleet_registries.access import Opened
from plugin_sdk import Call, Device, Fleet, JSONObject, Method
from plugin_sdk.errors import PermissionDenied, Unavailable, UnknownDevice

PERMISSION = "device.getsetup"

ShellyId = Annotated[str, Field(alias="shellyID", min_length=1, max_length=100)]


class SetupMethods:
    """Handler of ``Device.GetSetup``."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def methods(self) -> list[Method]:
        """Declare it."""
        return [Method(name="Device.GetSetup", handler=self.get_setup, read_only=True)]

    async def get_setup(
        self, fleet: Fleet, call: Call, shelly_id: ShellyId, mode: Literal["json", "rpc"] = "json"
    ) -> JSONObject:
        """Setups for a device, passwords included.

        `json`: the registry `configs` as it is, `{profile: {configuration: {component: settings}}}`. `rpc`: for each
        configuration the calls that set up this device, as text; components that it does not have are left out.
        """
        device = _see(fleet, call, shelly_id)
        profiles = await self._opened().all(setups.REGISTRY)
        if mode == "json":
            return profiles
        components = {key.lower() for key in (*device.settings, *device.status)}
        if not components:
            raise Unavailable("nothing was ever read of this device", part=f"settings of {device.id}")
        return setups.calls_for(profiles, components)


def _see(fleet: Fleet, call: Call, shelly_id: str) -> Device:
    """The device, if the caller may have its setups."""
    device = fleet.devices.get(shelly_id)
    principal = call.principal
    if device is None or principal is None or not fleet.allows(principal, "device.get", device.id):
        raise UnknownDevice(shelly_id)
    if not fleet.allows(principal, PERMISSION, device.id):
        raise PermissionDenied(permission=PERMISSION, device=device.id)
    return device
