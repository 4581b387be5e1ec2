"""BTHome: how a gateway finds, takes in and lets go Bluetooth devices and their measurements.

A device that is taken in is heard a few seconds later; only then does the gateway know what it measures.

Source: Shelly Gen2+ API, "BTHome"; shapes from dumps. What ``device_discovered`` carries beside the address and the
strength of the signal is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fleet_shelly.bthome_objects import OBJECTS
from fleet_shelly.simulation import checks
from fleet_shelly.simulation.ble import nearby
from fleet_shelly.simulation.blu_models import BLU_MODELS
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import invalid, mapping, number, required, text, whole
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler

_DISCOVERY_S = 30
_FIRST_HEARD_S = (2.0, 6.0)
_PAGE = 10
_UNSEEN: JSONObject = {"rssi": None, "battery": None, "packet_id": None, "last_updated_ts": None}


class BTHome(Behaviour):
    """``bthome``: finds, adds and removes what it hears."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Discovery, devices and sensors."""
        return {
            "ResetEncryptionCounter": self.reset_encryption_counter,
            "GetObjectInfos": self.get_object_infos,
            "DeleteSensor": lambda params: self._delete("bthomesensor", params),
            "AddSensor": self.add_sensor,
            "DeleteDevice": self.delete_device,
            "AddDevice": self.add_device,
            "StartDeviceDiscovery": self.start_device_discovery,
        }

    def boot(self) -> None:
        """Bluetooth is on or off from now on; a discovery does not go on."""
        errors = ["bluetooth_disabled"] if self.device.config("ble").get("enable") is False else None
        if self.status.get("errors") != errors:
            self.report(errors=errors)
        if "discovery" in self.status:
            self.report(discovery=None)

    def add_device(self, params: JSONObject) -> JSON:
        """Take a device in by its address: ``{key}``. It is heard some seconds later, if it is there."""
        config = _config(params, "addr")
        addr = (text(config, "addr") or "").lower()
        if not _is_address(addr):
            raise invalid("addr")
        if any(self.device.config(key).get("addr") == addr for key in self.device.keys("bthomedevice")):
            raise invalid("addr")
        for name, rule in (("name", checks.text(64)), ("key", checks.text(32))):
            if not rule(config.get(name)):
                raise invalid(name)
        meta = mapping(config, "meta") if config.get("meta") is not None else None
        named = {"addr": addr, "name": config.get("name"), "key": config.get("key"), "meta": meta}
        more = {"paired": False, "rpc": False, "rsv": -1, "fw_ver": None}
        model = nearby(self.device).get(addr, (0, False))[0]
        added = self._add("bthomedevice", params, named, {**_UNSEEN, **more}, {"flags": 0, "model_id": model})
        heard_s = self.device.random.uniform(*_FIRST_HEARD_S)
        self.device.after(heard_s, lambda: self.device.signal(self.key, addr))
        return added

    def add_sensor(self, params: JSONObject) -> JSON:
        """Take one measurement of a device in: ``{key}``."""
        config = _config(params, "addr", "obj_id")
        addr = (text(config, "addr") or "").lower()
        if not any(self.device.config(key).get("addr") == addr for key in self.device.keys("bthomedevice")):
            raise invalid("addr")
        measured = {"obj_id": whole(config, "obj_id", 0, 255), "idx": whole(config, "idx", 0, 255) or 0}
        if not checks.text(64)(config.get("name")):
            raise invalid("name")
        meta = mapping(config, "meta") if config.get("meta") is not None else None
        named = {"addr": addr, "name": config.get("name"), **measured, "meta": meta}
        return self._add("bthomesensor", params, named, {"last_updated_ts": 0}, {})

    def delete_device(self, params: JSONObject) -> JSON:
        """Let a device go, and its sensors and its valve with it."""
        required(params, "id")
        key = f"bthomedevice:{whole(params, 'id')}"
        if key not in self.device.keys("bthomedevice"):
            raise DeviceFault(-105, f"Bad id={params['id']}")
        addr = self.device.config(key).get("addr")
        for kind in ("bthomesensor", "blutrv"):
            for other in [each for each in self.device.keys(kind) if self.device.config(each).get("addr") == addr]:
                self.device.remove(other)
        self.device.remove(key)
        return None

    def get_object_infos(self, params: JSONObject) -> JSON:
        """What measurements are called: ``{objects: [{obj_id, obj_name, type, unit}], offset, count, total}``."""
        required(params, "obj_ids")
        wanted = params["obj_ids"]
        if not isinstance(wanted, list) or not all(isinstance(each, int) for each in wanted):
            raise invalid("obj_ids")
        offset = whole(params, "offset") or 0
        known = [each for each in wanted if each in OBJECTS]
        infos = [
            {"obj_id": each, "obj_name": OBJECTS[each].name, "type": OBJECTS[each].kind, "unit": OBJECTS[each].unit}
            for each in known[offset : offset + _PAGE]
        ]
        return {"objects": infos, "offset": offset, "count": len(infos), "total": len(known)}

    def reset_encryption_counter(self, _params: JSONObject) -> JSON:
        """Count encrypted packets anew."""
        return None

    def start_device_discovery(self, params: JSONObject) -> JSON:
        """Listen for a while: an event for each device that is heard, and one at the end.

        Nobody is heard while Bluetooth is disabled.
        """
        duration = number(params, "duration", 1, 120) or _DISCOVERY_S
        self.report(discovery={"started_at": int(self.device.now()), "duration": duration})
        own = {self.device.config(key).get("addr") for key in self.device.keys("bthomedevice")}
        around = {} if self.status.get("errors") else nearby(self.device)
        heard = [(addr, model) for addr, (model, _) in around.items() if addr not in own]
        for number_heard, (addr, model) in enumerate(heard, 1):
            self.device.after(duration * number_heard / (len(heard) + 1), partial(self._found, addr, model))
        self.device.after(duration, lambda: self._discovered(len(heard)))
        return None

    def _found(self, addr: str, model: int) -> None:
        encrypts = nearby(self.device)[addr][1]
        rssi = self.device.random.randint(-88, -40)
        found = {"addr": addr, "local_name": BLU_MODELS[model].local_name, "rssi": rssi, "encryption": encrypts}
        self.device.emit(self.key, "device_discovered", device={**found, "model_id": model})

    def _discovered(self, count: int) -> None:
        self.report(discovery=None)
        self.device.emit(self.key, "discovery_done", device_count=count)

    def _add(self, kind: str, params: JSONObject, config: JSONObject, status: JSONObject, attrs: JSONObject) -> JSON:
        taken = self.device.keys(kind)
        free = next((n for n in range(200, 300) if f"{kind}:{n}" not in taken), None)
        chosen = whole(params, "id", 200, 299) or free
        if chosen is None:
            raise DeviceFault(-108, "Resource exhausted")
        key = f"{kind}:{chosen}"
        if key in taken:
            raise invalid("id")
        self.device.add(key, status={"id": chosen, **status}, config={"id": chosen, **config}, attrs=attrs)
        return {"key": key}

    def _delete(self, kind: str, params: JSONObject) -> JSON:
        required(params, "id")
        key = f"{kind}:{whole(params, 'id')}"
        if key not in self.device.keys(kind):
            raise DeviceFault(-105, f"Bad id={params['id']}")
        self.device.remove(key)
        return None


def _config(params: JSONObject, *names: str) -> JSONObject:
    """The ``config`` of a call, with names that must be in it."""
    required(params, "config")
    config = mapping(params, "config") or {}
    for name in names:
        required(config, name)
    return config


def _is_address(addr: str) -> bool:
    parts = addr.split(":")
    return len(parts) == 6 and all(len(part) == 2 and set(part) <= set("0123456789abcdef") for part in parts)
