"""``Device.*BTHome*``: Bluetooth devices of gateways, as the predecessor's clients ask for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from fleet_bthome.addresses import Address, name_of
from fleet_bthome.found import Found
from fleet_bthome.gateways import MAX_NAME, Gateways, Wish, repeated
from fleet_bthome.models import model_of
from plugin_sdk import JSON, Call, Fleet, JSONObject, Method, Principal, component_id, expand
from plugin_sdk.errors import InvalidParams, PermissionDenied, UnknownDevice

ShellyId = Annotated[str, Field(alias="shellyID", min_length=1, max_length=100)]
ShellyIds = Annotated[list[str] | None, Field(alias="shellyIDs", max_length=1_000)]
OldShellyIds = Annotated[list[str] | None, Field(alias="shellyIds", max_length=1_000)]
Duration = Annotated[int, Field(ge=1, le=120)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Key = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{32}$")]
ComponentId = Annotated[int, Field(ge=0, le=100_000)]
ObjectId = Annotated[int, Field(ge=0, le=255)]
MAX_ADDED = 50
TIMEOUT_S = 300.0
"""A gateway takes a second or so for each device and sensor."""


class NewDevice(BaseModel):
    """One device of ``Device.AddBTHomeDevices``."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    mac: Address
    shelly_id: ShellyId
    type: Annotated[str, Field(max_length=40)] | None = None
    name: Name | None = None
    key: Key | None = None


class ManagingMethods:
    """Handlers of ``Device.*``.

    Args:
        fleet: The platform while the plugin runs; raises ``Unavailable`` else.
    """

    def __init__(self, fleet: Callable[[], Fleet], found: Found) -> None:
        self._fleet = fleet
        self._found = found

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Device.StartDeviceDiscovery", handler=self.start_discovery, timeout_s=60.0),
            Method(name="Device.AddBTHomeDevices", handler=self.add_devices, timeout_s=TIMEOUT_S),
            Method(name="Device.AddBTHomeDeviceManual", handler=self.add_manually, timeout_s=TIMEOUT_S),
            Method(name="Device.RemoveBTHomeDevice", handler=self.remove),
            Method(name="Device.GetBTHomeDeviceKnownObjects", handler=self.known_objects, timeout_s=60.0),
            Method(name="Device.AddBTHomeSensor", handler=self.add_sensor),
        ]

    async def start_discovery(
        self, call: Call, shelly_ids: ShellyIds = None, old_ids: OldShellyIds = None, duration: Duration = 30
    ) -> JSONObject:
        """Let gateways look for Bluetooth devices for some seconds.

        What they find comes as events `BTHome.DiscoveryResult`, the end as `BTHome.DiscoveryDone`. The answer is an
        object by gateway: `{result}` or `{error: {code, message, data?}}`. Sets such as `group:1` may be named.
        """
        wanted = [*(shelly_ids or ()), *(old_ids or ())]
        if not wanted:
            raise InvalidParams.at("shellyIDs", "name at least one gateway")
        principal = caller(call)
        return await self._gateways(call).discover(expand(self._fleet(), wanted, principal), duration)

    async def add_devices(
        self, call: Call, devices: Annotated[list[NewDevice], Field(min_length=1, max_length=MAX_ADDED)]
    ) -> list[JSONObject]:
        """Let gateways take Bluetooth devices in, and what these measure as sensors.

        A list in the order asked for: `{mac, shellyID, component, name, sensors: [key]}`, or `{mac, shellyID, error}`.
        A device that was taken in without all of its sensors has `failed: [{obj_id, idx, error}]` as well.
        """
        wishes = [Wish(self._spelt(each.shelly_id), each.mac, each.type, each.name, each.key) for each in devices]
        return await self._gateways(call).add_all(wishes)

    async def add_manually(
        self,
        call: Call,
        shelly_id: ShellyId,
        mac: Address,
        name: Name | None = None,
        key: Key | None = None,
    ) -> JSONObject:
        """Let a gateway take in a Bluetooth device that it has not found: `{mac, shellyID, component, name, sensors}`.

        `key` is for a device that encrypts.
        """
        return await self._gateways(call).add(Wish(self._spelt(shelly_id), mac, None, name, key))

    async def remove(
        self,
        call: Call,
        shelly_id: ShellyId,
        id: ComponentId,  # noqa: A002  # the wire's name
    ) -> JSONObject:
        """Let a gateway forget a Bluetooth device, with its sensors."""
        await self._gateways(call).remove(self._spelt(shelly_id), id)
        return {"removed": f"bthomedevice:{id}"}

    async def known_objects(self, call: Call, shelly_id: ShellyId, mac: Address) -> list[JSONObject]:
        """What a Bluetooth device of a gateway measures.

        A list of `{id, addr, obj_id, idx, type, name, meta, unit, component}`: what `Device.AddBTHomeSensor` takes.
        `component` is the sensor that shows it already, or null; `id` is its number, or one that is free.
        """
        gateway, gateways = self._spelt(shelly_id), self._gateways(call)
        number, settings = await gateways.device_of(gateway, mac)
        local_name = name_of(_within(settings, "meta", "ui", "local_name"))
        found = self._found.get(gateway, mac)
        model = model_of(local_name) or (found.model if found else None)
        objects = await gateways.known_objects(gateway, number, model)
        name, free = settings.get("name") or local_name or mac, iter(gateways.free_numbers(gateway))
        listed, twice = [], repeated(objects)
        for each in objects:
            own = component_id(each.component) if each.component else next(free, None)
            listed.append(
                {
                    "id": own,
                    "addr": mac,
                    "obj_id": each.obj_id,
                    "idx": each.idx,
                    "type": each.kind,
                    "name": each.name_for(str(name), several=each.obj_id in twice),
                    "meta": {"ui": {"icon": None}},
                    "unit": each.info.get("unit") or "",
                    "component": each.component,
                }
            )
        return listed

    async def add_sensor(
        self,
        call: Call,
        shelly_id: ShellyId,
        addr: Address,
        obj_id: ObjectId,
        id: Annotated[int, Field(ge=200, le=299)] | None = None,  # noqa: A002  # the wire's name
        idx: Annotated[int, Field(ge=0, le=255)] = 0,
        name: Name | None = None,
        meta: dict[str, Any] | None = None,
    ) -> JSONObject:
        """Let a gateway show one measurement of a Bluetooth device: `{key}` of its sensor."""
        config = {"addr": addr, "obj_id": obj_id, "idx": idx, "name": name, "meta": meta}
        given = {key: value for key, value in config.items() if value is not None}
        return {"key": await self._gateways(call).add_sensor(self._spelt(shelly_id), given, id)}

    def _gateways(self, call: Call) -> Gateways:
        return Gateways(self._fleet(), self._found, caller(call))

    def _spelt(self, gateway: str) -> str:
        device = self._fleet().devices.get(gateway)
        if device is None:
            raise UnknownDevice(gateway)
        return device.id


def _within(value: JSON, *names: str) -> JSON:
    """What is so deep inside of what a device says; None where it is not."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def caller(call: Call) -> Principal:
    """Who calls.

    Raises:
        PermissionDenied: Nobody.
    """
    if call.principal is None:
        raise PermissionDenied(reason="not_signed_in")
    return call.principal
