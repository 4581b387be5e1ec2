"""What is asked of gateways: looking for devices, taking them in with their sensors, letting them go.

Every call is made with the rights of whoever asked for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from fleet_bthome.found import Found
from fleet_bthome.models import Model, model_of
from plugin_sdk import JSON, Fleet, JSONObject, Principal, component_id, component_type
from plugin_sdk.errors import CallTimeout, DeviceError, FleetError, NotFound, UnknownDevice

T = TypeVar("T")

AT_ONCE = 20
"""Gateways that are asked at a time."""
HEARD_WITHIN_S = 8.0
"""How long to wait for the first packet of a device whose model nobody knows."""
STARTING_S, ADDING_S = 40.0, 200.0
"""For so long gateways are asked to look, and to take devices in; those whose turn has not come then are told so."""
FIRST, END = 200, 300
"""Numbers of components that come and go."""
MAX_NAME = 64
MAX_OBJECTS = 256
PACKET_ID = 0


class Wish(NamedTuple):
    """A device that a gateway is to take in.

    Attributes:
        gateway: Whose it is to be.
        address: ``aa:bb:cc:dd:ee:ff``.
        type: Its model, if somebody said so.
        name: What it is to be called, or None.
        key: Its bind key, or None.
    """

    gateway: str
    address: str
    type: str | None = None
    name: str | None = None
    key: str | None = None


class KnownObject(NamedTuple):
    """One measurement of a device.

    Attributes:
        obj_id: Object id of BTHome.
        idx: Which of several.
        component: Key of the sensor that shows it, or None.
        info: What the gateway says of the object: ``{obj_name, type, unit}``; may be empty.
    """

    obj_id: int
    idx: int
    component: str | None
    info: Mapping[str, JSON]

    @property
    def kind(self) -> str:
        """``sensor``, ``binary_sensor``, ``button`` or ``dimmer``."""
        return str(self.info.get("type") or "sensor")

    def name_for(self, device: str, *, several: bool) -> str:
        """What its sensor is called: ``Temperature BLU H&T [9A8E48]``, with a number where there are several."""
        what = str(self.info.get("obj_name") or f"object {self.obj_id}").replace("_", " ")
        number = f" {self.idx + 1}" if several else ""
        return f"{what[:1].upper()}{what[1:]}{number} {device}"[:MAX_NAME]


class Gateways:
    """Asks gateways, in the name of one principal.

    Args:
        found: What they found, for models of devices that are taken in.
    """

    def __init__(self, fleet: Fleet, found: Found, principal: Principal) -> None:
        self._fleet = fleet
        self._found = found
        self._principal = principal

    async def discover(self, gateways: Sequence[str], duration: int) -> JSONObject:
        """Start looking: gateway to ``{result}`` or ``{error: {code, message, data?}}``."""

        async def start(gateway: str) -> JSON:
            return await self._call(gateway, "BTHome.StartDeviceDiscovery", {"duration": duration})

        outcomes = await _for_each(gateways, start, _Turns(STARTING_S))
        return {
            gateway: {"error": outcome.to_json()} if isinstance(outcome, FleetError) else {"result": outcome}
            for gateway, outcome in zip(gateways, outcomes, strict=True)
        }

    async def add_all(self, wishes: Sequence[Wish]) -> list[JSONObject]:
        """Take devices in, those of one gateway one after the other; an error of one is told in its place."""
        turns = _Turns(ADDING_S)

        async def add_those_of(gateway: str) -> dict[int, JSONObject]:
            done = {}
            for number, wish in enumerate(wishes):
                if wish.gateway == gateway:
                    done[number] = await self._try(wish, turns)
            return done

        outcomes = await _for_each(dict.fromkeys(wish.gateway for wish in wishes), add_those_of, turns)
        done: dict[int, JSONObject] = {}
        for outcome in outcomes:
            done |= {} if isinstance(outcome, FleetError) else outcome
        late = turns.late()
        return [done.get(number) or _refused(wish, late) for number, wish in enumerate(wishes)]

    async def _try(self, wish: Wish, turns: _Turns) -> JSONObject:
        try:
            turns.check()
            return await self.add(wish)
        except FleetError as err:
            return _refused(wish, err)

    async def add(self, wish: Wish) -> JSONObject:
        """Take a device in, and what it measures as sensors.

        Returns:
            ``{mac, shellyID, component, name, sensors: [key…]}``, with ``failed: [{obj_id, idx, error}]`` where a
            sensor could not be added; both numbers are null where it is not known what the device measures.
        """
        found = self._found.get(wish.gateway, wish.address)
        model = model_of(wish.type) or (found.model if found else None)
        local_name = model.local_name if model else wish.type or (found.type if found else None)
        title = model.title if model else local_name or "BLE Device"
        name = (wish.name or f"{title} [{wish.address.replace(':', '')[-6:].upper()}]")[:MAX_NAME]
        meta: JSONObject = {
            "ui": {"view": "regular", "icon": None, **({"local_name": local_name} if local_name else {})}
        }
        config: JSONObject = {"addr": wish.address, "name": name, "meta": meta}
        if wish.key:
            config["key"] = wish.key
        async with self._fleet.subscribe("Shelly.Status", components=("bthomedevice",)) as news:
            answer = await self._call(wish.gateway, "BTHome.AddDevice", {"config": config})
            key = _added(answer)
            done: JSONObject = {"mac": wish.address, "shellyID": wish.gateway, "component": key, "name": name}
            number = component_id(key) if key else None
            if number is None:
                return {**done, "sensors": []}
            if model is None or not model.objects:
                await self._until_heard(wish.gateway, str(key), news.batch)
        try:
            objects = await self.known_objects(wish.gateway, number, model)
        except FleetError as err:  # it was taken in all the same
            return {**done, "sensors": [], "failed": [{"obj_id": None, "idx": None, "error": err.to_json()}]}
        return {**done, **await self._add_sensors(wish, name, objects)}

    async def known_objects(self, gateway: str, number: int, model: Model | None = None) -> list[KnownObject]:
        """What a device that was taken in measures: what it was heard to, and what its model is known to."""
        answer = await self._call(gateway, "BTHomeDevice.GetKnownObjects", {"id": number})
        shown = _shown(answer)
        for known in model.objects if model else ():
            shown.setdefault(known, None)
        shown.pop((PACKET_ID, 0), None)
        infos = await self._infos(gateway, sorted({obj_id for obj_id, _ in shown}))
        return [
            KnownObject(obj_id, idx, component, infos.get(obj_id, {}))
            for (obj_id, idx), component in sorted(shown.items())
        ]

    async def device_of(self, gateway: str, address: str) -> tuple[int, JSONObject]:
        """Number and settings of the component that a device of an address is.

        Raises:
            NotFound: The gateway has not taken it in.
        """
        for key, settings in self._settings(gateway).items():
            if component_type(key) == "bthomedevice" and isinstance(settings, dict):
                number = component_id(key)
                if number is not None and str(settings.get("addr", "")).lower() == address:
                    return number, settings
        raise NotFound("the gateway has no such device; add it first", mac=address, shellyID=gateway)

    def free_numbers(self, gateway: str) -> list[int]:
        """Numbers that sensors may still have."""
        taken = {component_id(key) for key in self._settings(gateway) if component_type(key) == "bthomesensor"}
        return [number for number in range(FIRST, END) if number not in taken]

    async def add_sensor(self, gateway: str, config: Mapping[str, JSON], number: int | None = None) -> str | None:
        """Take one measurement in; returns the key of its sensor."""
        wanted = {} if number is None else {"id": number}
        return _added(await self._call(gateway, "BTHome.AddSensor", {"config": dict(config), **wanted}))

    async def remove(self, gateway: str, number: int) -> None:
        """Let a device go, and its sensors with it."""
        await self._call(gateway, "BTHome.DeleteDevice", {"id": number})

    async def _add_sensors(self, wish: Wish, name: str, objects: Sequence[KnownObject]) -> JSONObject:
        sensors: list[str] = []
        failed: list[JSONObject] = []
        twice = repeated(objects)
        broken: FleetError | None = None
        for each in objects:
            # Buttons and knobs have no value to show: the device itself tells when they are pushed.
            if each.component is not None or each.kind in ("button", "dimmer"):
                continue
            several = each.obj_id in twice
            config = {
                "addr": wish.address,
                "obj_id": each.obj_id,
                "idx": each.idx,
                "name": each.name_for(name, several=several),
                "meta": {"ui": {"icon": None}},
            }
            try:
                if broken is not None:
                    raise broken
                key = await self.add_sensor(wish.gateway, config)
            except FleetError as err:
                # What is no answer of the gateway's would happen to the others too.
                broken = None if isinstance(err, DeviceError) else err
                failed.append({"obj_id": each.obj_id, "idx": each.idx, "error": err.to_json()})
            else:
                sensors.append(key or "")
        return {"sensors": sensors, **({"failed": failed} if failed else {})}

    async def _infos(self, gateway: str, wanted: Sequence[int]) -> dict[int, JSONObject]:
        """What a gateway calls objects; empty if its firmware cannot tell."""
        infos: dict[int, JSONObject] = {}
        offset = 0
        while wanted:
            try:
                page = await self._call(gateway, "BTHome.GetObjectInfos", {"obj_ids": list(wanted), "offset": offset})
            except DeviceError:
                break
            objects = _listed(page)
            infos |= {each["obj_id"]: each for each in objects if each.get("obj_id") in wanted}
            offset += len(objects)
            if not objects or offset >= len(wanted):
                break
        return infos

    async def _until_heard(self, gateway: str, key: str, news: Callable[[], Awaitable[Sequence[object]]]) -> None:
        """Wait for its first packet; only then does the gateway know what it measures."""
        try:
            async with asyncio.timeout(HEARD_WITHIN_S):
                while not self._heard(gateway, key):
                    if not await news():
                        return  # the plugin stops
        except TimeoutError:
            return

    def _heard(self, gateway: str, key: str) -> bool:
        device = self._fleet.devices.get(gateway)
        return device is None or bool(device.read(f"{key}.last_updated_ts"))

    def _settings(self, gateway: str) -> JSONObject:
        device = self._fleet.devices.get(gateway)
        if device is None or not self._fleet.allows(self._principal, "device.get", device.id):
            raise UnknownDevice(gateway)
        return device.settings

    async def _call(self, gateway: str, method: str, params: Mapping[str, JSON]) -> JSON:
        return await self._fleet.call(gateway, method, params, on_behalf_of=self._principal)


def repeated(objects: Iterable[KnownObject]) -> set[int]:
    """Ids of objects that a device has several of."""
    return {obj_id for obj_id, times in Counter(each.obj_id for each in objects).items() if times > 1}


def _shown(answer: JSON) -> dict[tuple[int, int], str | None]:
    """Object id and index to the key of its sensor, in what a gateway says of a device."""
    shown = {}
    for each in _listed(answer):
        obj_id, idx, key = each.get("obj_id"), each.get("idx") or 0, each.get("component")
        if type(obj_id) is int and type(idx) is int:
            number = component_id(key) if isinstance(key, str) else None
            shown[obj_id, idx] = None if number is None else key
    return shown


def _listed(answer: JSON) -> list[JSONObject]:
    """The objects in a gateway's answer; no device has as many as are taken."""
    objects = answer.get("objects") if isinstance(answer, dict) else None
    return [each for each in objects[:MAX_OBJECTS] if isinstance(each, dict)] if isinstance(objects, list) else []


def _added(answer: JSON) -> str | None:
    """The key of a new component; firmware calls it ``key`` or ``added``."""
    key = (answer.get("key") or answer.get("added")) if isinstance(answer, dict) else None
    return key if isinstance(key, str) else None


def _refused(wish: Wish, error: FleetError) -> JSONObject:
    return {"mac": wish.address, "shellyID": wish.gateway, "error": error.to_json()}


class _Turns:
    """Lets some at a time begin, and nobody after a while, so that what was done by then can still be told."""

    def __init__(self, within_s: float) -> None:
        self.some = asyncio.Semaphore(AT_ONCE)
        self._within_s = within_s
        self._ends = asyncio.get_running_loop().time() + within_s

    def late(self) -> CallTimeout:
        """What is told to whoever comes too late."""
        return CallTimeout("its turn did not come; ask for it again", timeout_s=self._within_s)

    def check(self) -> None:
        """Raises ``CallTimeout`` if nobody may begin any more."""
        if asyncio.get_running_loop().time() >= self._ends:
            raise self.late()


async def _for_each(gateways: Iterable[str], ask: Callable[[str], Awaitable[T]], turns: _Turns) -> list[T | FleetError]:
    """Ask gateways, some at a time; errors come in place of answers."""

    async def turn(gateway: str) -> T | FleetError:
        async with turns.some:
            try:
                turns.check()
                return await ask(gateway)
            except FleetError as err:
                return err

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(turn(gateway)) for gateway in gateways]
    return [task.result() for task in tasks]
