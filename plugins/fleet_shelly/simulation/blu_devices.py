"""Bluetooth devices that a gateway has taken in, and their sensors.

Source: Shelly Gen2+ API, "BTHome"; shapes from dumps.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fleet_shelly.bluetooth import BLU_PUSHES
from fleet_shelly.simulation import checks
from fleet_shelly.simulation.ble import nearby
from fleet_shelly.simulation.blu_models import BLU_MODELS
from plugin_sdk import JSON, ComponentKey, JSONObject, component_type
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, SimulatedDevice

_PUSH_OBJECT = 58

_WEAKEST, _STRONGEST = -95, -30
_EMPTIES = 1 / 43_200
"""How likely a battery loses a percent in a minute: once a month."""
_CHANGES = 0.25
"""How likely a measurement is another one than a minute ago."""

_CONTROLS = "bthomecontrol"
"""Where a device keeps which button controls which output; ``BTHomeControl.*`` writes it."""

_COMMANDS: Mapping[str, tuple[str, JSONObject]] = {
    "on": ("Set", {"on": True}),
    "off": ("Set", {"on": False}),
    "toggle": ("Toggle", {}),
    "dim_up": ("DimUp", {}),
    "dim_down": ("DimDown", {}),
    "open": ("Open", {}),
    "close": ("Close", {}),
    "step_up": ("GoToPosition", {"rel": 10}),
    "step_down": ("GoToPosition", {"rel": -10}),
}
"""What an action of a control calls."""


class BTHomeDevice(Behaviour):
    """``bthomedevice:N``: heard about once a minute, while it is within reach."""

    __slots__ = ("_away",)

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._away = False

    def methods(self) -> Mapping[str, Handler]:
        """What it measures, and new firmware for it."""
        return {
            "ResetCounter": lambda _params: None,
            "UpdateFirmware": self.update_firmware,
            "GetKnownObjects": self.get_known_objects,
        }

    def get_known_objects(self, _params: JSONObject) -> JSON:
        """Measurements that were heard, with the sensor that shows each, or null: ``{id, objects}``."""
        addr = self.config.get("addr")
        shown = {
            (config.get("obj_id"), config.get("idx")): key
            for key in self.device.keys("bthomesensor")
            if (config := self.device.config(key)).get("addr") == addr
        }
        heard = [(obj_id, idx) for obj_id, idx, _ in self._objects() if self.status.get("last_updated_ts")]
        objects = [
            {"obj_id": obj_id, "idx": idx, "component": shown.get((obj_id, idx))}
            for obj_id, idx in dict.fromkeys((*shown, *heard))
        ]
        return {"id": self.index, "objects": objects}

    def update_firmware(self, _params: JSONObject) -> JSON:
        """Takes a few seconds; told by events."""
        update_over_the_air(self.device, self.key, reachable=not self._away)
        return None

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A key that fits opens what was closed."""
        checks.obey(changes, {"name": checks.text(64), "key": checks.text(32)})
        if "key" in changes:
            self._note_encryption()
        return False

    def press(self, gesture: str) -> bool:
        """A push, with the number of the button after a space if it has several: ``single_push 1``.

        ``away`` and ``back`` take it out of reach; ``decrypt_failed`` and ``parse_failed`` spoil a packet, ``clear`` is
        a good one again.
        """
        name, _, idx = gesture.partition(" ")
        if name in ("away", "back"):
            self._away = name == "away"
        elif name in ("decrypt_failed", "parse_failed"):
            self.report(errors=[name])
        elif name == "clear":
            self._heard(errors=None)
        elif name in BLU_PUSHES and not self._away:
            self._heard()
            self.device.emit(self.key, name, idx=int(idx) if idx.isdecimal() else 0)
            self._control(name)
        else:
            return name in BLU_PUSHES
        return True

    def noticed(self, key: str, event: str) -> None:
        """The first packet of a device that was taken in is heard."""
        if key == "bthome" and event == self.config.get("addr"):
            self._heard_first()

    def minute(self) -> None:
        """A packet comes in; its battery empties by a percent a month or so."""
        if self._away:
            return
        if self.status.get("last_updated_ts") is None:
            self._heard_first()
            return
        battery = self.status.get("battery")
        if isinstance(battery, int) and battery > 1 and self.device.random.random() < _EMPTIES:
            self._heard(battery=battery - 1)
        else:
            self._heard()

    def vary(self) -> bool:
        """A packet comes in."""
        if self._away:
            return False
        self._heard()
        return True

    def _heard(self, **also: JSON) -> None:
        packet = (int(self.status.get("packet_id") or 0) + 1) % 256
        rssi = int(self.status.get("rssi") or -60) + self.device.random.randint(-2, 2)
        heard = {"rssi": max(_WEAKEST, min(_STRONGEST, rssi)), "packet_id": packet}
        self.report(**heard, **also, last_updated_ts=int(self.device.now()))

    def _heard_first(self) -> None:
        """The first packet tells what it is; nothing comes from an address that nobody has."""
        model, _ = nearby(self.device).get(self.config.get("addr", ""), (0, False))
        if model == 0 or self._away or self.device.config("ble").get("enable") is False:
            return
        known = BLU_MODELS[model]
        self._heard(battery=known.objects[0][2], fw_ver=known.fw_ver, paired=True)
        self._note_encryption()
        if "errors" in self.status:
            return
        values = {(obj_id, idx): value for obj_id, idx, value in known.objects if value is not None}
        for key in self.device.keys("bthomesensor"):
            config = self.device.config(key)
            value = values.get((int(config.get("obj_id") or 0), int(config.get("idx") or 0)))
            if config.get("addr") == self.config.get("addr") and value is not None:
                self.device.report(key, {"value": value, "last_updated_ts": int(self.device.now())})

    def _note_encryption(self) -> None:
        encrypts = nearby(self.device).get(self.config.get("addr", ""), (0, False))[1]
        has_key = bool(self.config.get("key"))
        errors = None
        if encrypts and not has_key:
            errors = ["key_missing_or_bad"]
        elif has_key and not encrypts:
            errors = ["unencrypted_data"]
        if self.status.get("errors") != errors:
            self.report(errors=errors)

    def _objects(self) -> tuple[tuple[int, int, JSON], ...]:
        model, _ = nearby(self.device).get(self.config.get("addr", ""), (0, False))
        return BLU_MODELS[model].objects if model in BLU_MODELS else ()

    def _control(self, push: str) -> None:
        """Do what this push is to control, or be learnt as the one that does."""
        kept = self.device.storage(_CONTROLS)
        learning = kept.get("learning")
        if learning is not None and learning["stage"] == "press":
            learning.update(stage="done", err=None)
            controls = kept.setdefault("controls", {})
            free = next(n for n in range(len(controls) + 1) if str(n) not in controls)
            event = {self.key: {f"{_PUSH_OBJECT}:0": {push: {"action": "toggle"}}}}
            controls[str(free)] = {"output": learning["output"], "inputs": [event]}
            return
        for control in kept.get("controls", {}).values():
            for each in control["inputs"]:
                for events in each.get(self.key, {}).values():
                    self._do(control["output"], (events.get(push) or {}).get("action"))

    def _do(self, output: str, action: str | None) -> None:
        kind = component_type(output)
        if action is None or output not in self.device.keys(kind):
            return
        if action == "cycle":
            action = "close" if self.device.status(output).get("current_pos", 100) else "open"
        verb, params = _COMMANDS[action]
        if kind == "cover" and self.device.status(output).get("state") in ("opening", "closing"):
            verb, params = "Stop", {}
        try:
            self.device.call(f"{kind}.{verb}", {"id": int(output.partition(":")[2]), **params}, source="bthome")
        except DeviceFault:
            # An output that is too hot or not calibrated refuses anybody.
            return


class BTHomeSensor(Behaviour):
    """``bthomesensor:N``: one measurement; buttons have no value."""

    __slots__ = ()

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A name has its length."""
        checks.obey(changes, {"name": checks.text(64)})
        return False

    def press(self, gesture: str) -> bool:
        """A packet comes in: ``on`` and ``off`` for what is true or false, such as a window that is opened."""
        if gesture not in ("on", "off") or not isinstance(self.status.get("value"), bool):
            return False
        self.report(value=gesture == "on", last_updated_ts=int(self.device.now()))
        return True

    def vary(self) -> bool:
        """A packet comes in with a new value."""
        value = self.status.get("value")
        if value is None:
            return False
        self.report(value=self._next(value), last_updated_ts=int(self.device.now()))
        return True

    def minute(self) -> None:
        """Measurements that drift are told with the packet of the minute, once in a while."""
        value = self.status.get("value")
        if isinstance(value, int | float) and not isinstance(value, bool) and self.device.random.random() < _CHANGES:
            self.vary()

    def _next(self, value: JSON) -> JSON:
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            return max(0, min(100, value + self.device.random.choice((-1, 0, 1))))
        return round(value + self.device.random.uniform(-0.3, 0.3), 1) if isinstance(value, float) else value


def update_over_the_air(device: SimulatedDevice, told_by: str, *, reachable: bool) -> None:
    """New firmware for a Bluetooth device, told by events of its component.

    Source: captured event of a BLU TRV (notifications.jsonl); ``ota_error`` and its text are not documented.
    """
    device.emit(told_by, "ota_begin", msg="Updating")
    if not reachable:
        device.after(8, lambda: device.emit(told_by, "ota_error", msg="Device is not reachable"))
        return
    for at_s, percent in ((1, 33), (2, 66), (3, 100)):
        told = partial(device.emit, told_by, "ota_progress", msg="Updating", progress_percent=percent)
        device.after(at_s, told)
    device.after(4, lambda: device.emit(told_by, "ota_success", msg="Update applied"))
