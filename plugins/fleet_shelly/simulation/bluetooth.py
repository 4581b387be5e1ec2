"""Bluetooth: devices that a gateway hears, and their sensors.

Source: Shelly Gen2+ API, "BTHome"; shapes from dumps.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import invalid, mapping, number, required, whole
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler

_PUSHES = (
    "single_push",
    "double_push",
    "triple_push",
    "long_push",
    "long_double_push",
    "long_triple_push",
    "hold_press",
    "rotate_left",
    "rotate_right",
)


class BTHome(Behaviour):
    """``bthome``: finds, adds and removes what it hears."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Discovery, devices and sensors."""
        return {
            "AddDevice": self.add_device,
            "DeleteDevice": lambda params: self._delete("bthomedevice", params),
            "AddSensor": self.add_sensor,
            "DeleteSensor": lambda params: self._delete("bthomesensor", params),
            "StartDeviceDiscovery": self.start_device_discovery,
        }

    def add_device(self, params: JSONObject) -> JSON:
        """Take a device in by its address: ``{key}``."""
        config = _config(params, "addr")
        named = {"addr": config["addr"], "name": config.get("name"), "key": None, "meta": config.get("meta")}
        status = {"rssi": None, "battery": None, "packet_id": None, "last_updated_ts": None}
        more = {"paired": False, "rpc": False, "rsv": -1, "fw_ver": None}
        return self._add("bthomedevice", params, named, {**status, **more}, {"flags": 0, "model_id": 0})

    def add_sensor(self, params: JSONObject) -> JSON:
        """Take one measurement of a device in: ``{key}``."""
        config = _config(params, "addr", "obj_id")
        measured = {"obj_id": config["obj_id"], "idx": config.get("idx", 0)}
        named = {"addr": config["addr"], "name": config.get("name"), **measured, "meta": config.get("meta")}
        return self._add("bthomesensor", params, named, {"last_updated_ts": 0}, {})

    def start_device_discovery(self, params: JSONObject) -> JSON:
        """Listen for a while; one device is heard."""
        duration = number(params, "duration", 1, 120) or 30
        self.report(discovery={"started_at": int(self.device.now()), "duration": duration})
        heard = {"addr": "7c:c6:b6:00:00:01", "local_name": "SBBT-002C", "rssi": -60, "shelly_mfdata": {"model_id": 1}}
        self.device.after(duration / 3, lambda: self.device.emit(self.key, "device_discovered", device=heard))
        self.device.after(duration, self._discovery_done)
        return None

    def _discovery_done(self) -> None:
        self.report(discovery=None)
        self.device.emit(self.key, "discovery_done")

    def _add(self, kind: str, params: JSONObject, config: JSONObject, status: JSONObject, attrs: JSONObject) -> JSON:
        taken = self.device.keys(kind)
        free = whole(params, "id", 200, 299) or next(n for n in range(200, 300) if f"{kind}:{n}" not in taken)
        key = f"{kind}:{free}"
        if key in taken:
            raise invalid("id")
        self.device.add(key, status={"id": free, **status}, config={"id": free, **config}, attrs=attrs)
        return {"key": key}

    def _delete(self, kind: str, params: JSONObject) -> JSON:
        required(params, "id")
        key = f"{kind}:{whole(params, 'id')}"
        if key not in self.device.keys(kind):
            raise DeviceFault(-105, f"Bad id={params['id']}")
        self.device.remove(key)
        return None


class BTHomeDevice(Behaviour):
    """``bthomedevice:N``."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """What it measures, and new firmware for it."""
        return {"GetKnownObjects": self.get_known_objects, "UpdateFirmware": self.update_firmware}

    def get_known_objects(self, _params: JSONObject) -> JSON:
        """Measurements that were heard, with the sensor that shows each."""
        addr = self.config.get("addr")
        sensors = [(key, self.device.config(key)) for key in self.device.keys("bthomesensor")]
        objects = [
            {"obj_id": config["obj_id"], "idx": config["idx"], "component": key}
            for key, config in sensors
            if config.get("addr") == addr
        ]
        return {"id": self.index, "objects": objects}

    def update_firmware(self, _params: JSONObject) -> JSON:
        """Takes a few seconds; told by events."""
        self.device.emit(self.key, "ota_begin", msg="Updating")
        self.device.after(2, lambda: self.device.emit(self.key, "ota_progress", msg="Updating", progress_percent=100))
        self.device.after(3, lambda: self.device.emit(self.key, "ota_success", msg="Update applied"))
        return None

    def press(self, gesture: str) -> bool:
        """A gesture, with the number of the button after a space if it has several: ``single_push 1``."""
        name, _, idx = gesture.partition(" ")
        if name not in _PUSHES:
            return False
        self._heard()
        self.device.emit(self.key, name, idx=int(idx or 0))
        return True

    def vary(self) -> bool:
        """A packet comes in."""
        self._heard()
        return True

    def _heard(self) -> None:
        packet = (int(self.status.get("packet_id") or 0) + 1) % 256
        rssi = max(-95, min(-30, int(self.status.get("rssi") or -60) + self.device.random.randint(-2, 2)))
        self.report(rssi=rssi, packet_id=packet, last_updated_ts=int(self.device.now()))


class BTHomeSensor(Behaviour):
    """``bthomesensor:N``: one measurement; buttons have no value."""

    __slots__ = ()

    def vary(self) -> bool:
        """A packet comes in with a new value."""
        value = self.status.get("value")
        if value is None:
            return False
        self.report(value=self._next(value), last_updated_ts=int(self.device.now()))
        return True

    def _next(self, value: JSON) -> JSON:
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            return max(0, min(100, value + self.device.random.choice((-1, 0, 1))))
        return round(value + self.device.random.uniform(-0.3, 0.3), 1) if isinstance(value, float) else value


def _config(params: JSONObject, *names: str) -> JSONObject:
    """The ``config`` of a call, with names that must be in it."""
    required(params, "config")
    config = mapping(params, "config") or {}
    for name in names:
        required(config, name)
    return config
