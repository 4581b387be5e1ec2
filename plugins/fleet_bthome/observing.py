"""``BTHome.*``: beacons that scripts forward, what gateways found, and keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from fleet_bthome.addresses import Address, address_of
from fleet_bthome.beacons import Beacon, Beacons
from fleet_bthome.found import Found
from fleet_bthome.losses import Losses
from fleet_bthome.managing import Key, ShellyId, caller
from fleet_bthome.measurements import BEACON, is_known
from plugin_sdk import Call, Fleet, JSONObject, Method, Principal
from plugin_sdk.errors import Conflict, NotFound, UnknownDevice

SEE = "device.get"
MAX_KEYS = 10_000
_PREFIX = "key:"
_KEY = re.compile(r"[0-9a-f]{32}")


class ObservingMethods:
    """Handlers of ``BTHome.*``.

    Args:
        fleet: The platform while the plugin runs; raises ``Unavailable`` else.
        beacons: Likewise.
        counters: What was counted, beside the beacons' own.
        losses: What was not read, by gateway.
    """

    def __init__(
        self,
        *,
        fleet: Callable[[], Fleet],
        beacons: Callable[[], Beacons],
        found: Found,
        counters: Callable[[], JSONObject],
        losses: Callable[[], Losses | None],
        flush: Callable[[], None],
    ) -> None:
        self._fleet = fleet
        self._beacons = beacons
        self._found = found
        self._counters = counters
        self._losses = losses
        self._flush = flush

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="BTHome.ListObserved", handler=self.list_observed, read_only=True),
            Method(name="BTHome.ListDiscovered", handler=self.list_discovered, read_only=True),
            Method(name="BTHome.Forget", handler=self.forget),
            Method(name="BTHome.SetKey", handler=self.set_key),
            Method(name="BTHome.ListKeys", handler=self.list_keys, read_only=True),
            Method(name="BTHome.GetStatus", handler=self.get_status, read_only=True),
        ]

    def list_observed(
        self, call: Call, shelly_id: Annotated[str | None, Field(alias="shellyID", min_length=1, max_length=100)] = None
    ) -> list[JSONObject]:
        """Beacons that scripts on gateways forward, those heard last first; of one gateway if it is named.

        A list of `{addr, name, model, shellyID, component, entity, rssi, last_seen, encrypted, has_key, errors, values,
        heard_by: {shellyID: {rssi, ts}}}`, with gateways that the caller may see.
        """
        principal, wanted = caller(call), None
        if shelly_id is not None:
            wanted = self._visible(principal, shelly_id)
        seen = [
            beacon
            for beacon in self._beacons()
            if (wanted is None or beacon.home.gateway == wanted)
            and self._fleet().allows(principal, SEE, beacon.home.gateway)
        ]
        return [self._describe(beacon, principal) for beacon in sorted(seen, key=lambda one: -one.heard)]

    def list_discovered(self, call: Call, shelly_id: ShellyId) -> list[JSONObject]:
        """What a gateway found while it looked for devices, newest last.

        A list of `{mac, type, model, model_id, rssi, encryption, ts, component}`; `component` is the device that it
        became since, or null. Forgotten when the platform is stopped.
        """
        gateway = self._visible(caller(call), shelly_id)
        device = self._fleet().devices.get(gateway)
        added = {
            str(settings.get("addr", "")).lower(): key
            for key, settings in (device.settings if device else {}).items()
            if key.startswith("bthomedevice:") and isinstance(settings, dict)
        }
        return [{**one.to_json(), "component": added.get(one.address)} for one in self._found.of(gateway)]

    def forget(self, call: Call, addr: Address) -> JSONObject:
        """Remove a beacon from its gateway; it comes back when it is heard again."""
        beacon = self._beacons().get(addr)
        if beacon is None or not self._fleet().allows(caller(call), SEE, beacon.home.gateway):
            raise NotFound(addr=addr)
        self._beacons().forget(addr)
        self._flush()
        return {"forgotten": addr}

    async def set_key(self, addr: Address, key: Key | None = None) -> JSONObject:
        """Keep the bind key of a beacon that encrypts, 32 hexadecimal digits; without one forget it.

        No method tells a key.
        """
        beacons, kv = self._beacons(), self._fleet().kv
        if key is None:
            await kv.delete(_PREFIX + addr)
        elif addr not in beacons.keys and len(beacons.keys) >= MAX_KEYS:
            raise Conflict(f"there are {MAX_KEYS} keys already")
        else:
            await kv.set(_PREFIX + addr, key.lower())
        beacons.set_key(addr, None if key is None else bytes.fromhex(key))
        return {"addr": addr, "has_key": key is not None}

    def list_keys(self) -> list[str]:
        """Addresses of beacons whose key is kept."""
        return sorted(self._beacons().keys)

    def get_status(self, call: Call) -> JSONObject:
        """How many beacons there are, and what became of the advertisements that were heard.

        `decoder` is null while the library that decodes raw advertisements is not installed. `losses` tells what was
        not read, `{shellyID: {script: {counter: times}}}`, of gateways that the caller may see.
        """
        beacons, principal, fleet = self._beacons(), caller(call), self._fleet()
        return {
            **self._counters(),
            "beacons": len(beacons),
            "keys": len(beacons.keys),
            "counters": dict(beacons.tally),
            "losses": {
                gateway: lost for gateway, lost in self._losses() or () if fleet.allows(principal, SEE, gateway)
            },
        }

    def _describe(self, beacon: Beacon, principal: Principal) -> JSONObject:
        status, home = beacon.status, beacon.home
        allows = self._fleet().allows
        return {
            "addr": beacon.address,
            "name": status.get("name"),
            "model": status.get("model"),
            "shellyID": home.gateway,
            "component": beacon.key,
            "entity": f"{home.gateway}_{beacon.index}:{BEACON}",
            "rssi": status.get("rssi"),
            "last_seen": int(beacon.heard),
            "encrypted": bool(status.get("encrypted")),
            "has_key": beacon.address in self._beacons().keys,
            "errors": status.get("errors") or [],
            "values": {name: value for name, value in status.items() if is_known(name)},
            "heard_by": {
                gateway: {"rssi": round(ear.rssi), "ts": int(ear.at)}
                for gateway, ear in home.ears.items()
                if allows(principal, SEE, gateway)
            },
        }

    def _visible(self, principal: Principal, gateway: str) -> str:
        device = self._fleet().devices.get(gateway)
        if device is None or not self._fleet().allows(principal, SEE, device.id):
            raise UnknownDevice(gateway)
        return device.id


async def stored_keys(fleet: Fleet) -> dict[str, bytes]:
    """Bind keys by address, as they were kept."""
    keys = {}
    for name in await fleet.kv.keys(_PREFIX):
        address, key = address_of(name.removeprefix(_PREFIX)), await fleet.kv.get(name)
        if address is not None and isinstance(key, str) and _KEY.fullmatch(key):
            keys[address] = bytes.fromhex(key)
    return keys
