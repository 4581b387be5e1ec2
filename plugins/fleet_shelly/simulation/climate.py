"""Heating: the Wall Display's thermostat and radiator valves behind a Bluetooth gateway."""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import mapping, number, required, text
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler

_FOREVER_S = 2_147_483_647


class Thermostat(Behaviour):
    """``thermostat:N``: switches its actuator by the temperature beside it."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Schedules, of which there are none."""
        return {
            "Schedule.ListProfiles": lambda _params: {"profiles": []},
            "Schedule.ListRules": lambda _params: {"rules": []},
        }

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Target and switch are part of the settings."""
        if "target_C" in changes:
            target = number(dict(changes), "target_C", 5, 35) or 5
            self._show(target_C=target, target_F=round(target * 9 / 5 + 32))
        if "enable" in changes:
            self._show(enable=changes["enable"])
        self._control()
        return False

    def minute(self) -> None:
        """Follow the room."""
        self._control()

    def _show(self, **patch: JSON) -> None:
        self.report(**{name: value for name, value in patch.items() if name in self.status})

    def _control(self) -> None:
        here = self.device.status(f"temperature:{self.index}").get("tC", self.status.get("current_C"))
        if not isinstance(here, int | float):
            return
        half = float(self.config.get("hysteresis") or 0.5)
        heating = bool(self.status.get("output"))
        target = float(self.status.get("target_C", 20))
        wanted = self.status.get("enable") is True and here < target + (half if heating else -half)
        self._show(current_C=here, current_F=round(here * 9 / 5 + 32), output=wanted)
        if wanted != heating and self.device.keys("switch"):
            self.device.call("Switch.Set", {"id": 0, "on": wanted}, source="THERMOSTAT")


class BluTrv(Behaviour):
    """``blutrv:N``: a valve that is called through its gateway."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Call the valve, and ask what the gateway knows of it."""
        return {
            "Call": self.call,
            "GetRemoteConfig": self.get_remote_config,
            "GetRemoteStatus": self.get_remote_status,
            "GetRemoteDeviceInfo": self.get_remote_device_info,
            "CheckForUpdates": lambda _params: {"fw_id": "20250101-000000/v1.2.1"},
            "UpdateFirmware": self.update_firmware,
            "Delete": self.delete,
        }

    def call(self, params: JSONObject) -> JSON:
        """Run one of the valve's own methods."""
        required(params, "method")
        method = text(params, "method") or ""
        if not self.status.get("connected", True):
            raise DeviceFault(-114, "Device is not reachable")
        own = {
            "trv.settarget": self._set_target,
            "trv.setposition": self._set_position,
            "trv.setexternaltemperature": self._set_external_temperature,
            "trv.setboost": self._set_boost,
            "trv.clearboost": self._clear_boost,
            "trv.calibrate": self._calibrate,
        }
        if method.lower() not in own:
            raise DeviceFault(404, f"No handler for {method}")
        own[method.lower()](mapping(params, "params") or {})
        return None

    def get_remote_config(self, _params: JSONObject) -> JSON:
        """The valve's own settings."""
        trv = {"id": 0, "enable": True, "override_enable": True, "min_valve_position": 0}
        defaults = {"default_boost_duration": 900, "default_override_duration": _FOREVER_S}
        flags = {"default_override_target_C": 8, "flags": ["auto_calibrate", "anticlog"]}
        config = {"temperature:0": {"id": 0, "offset_C": 0}, "trv:0": {**trv, **defaults, **flags}}
        return {"v": 14, "ts": int(self.device.now()), "config": config}

    def get_remote_status(self, _params: JSONObject) -> JSON:
        """The valve's own status."""
        shown = self.status
        trv = {"id": 0, "target_C": shown.get("target_C"), "pos": shown.get("pos"), "errors": shown.get("errors", [])}
        temperature: JSONObject = {"id": 0, "tC": shown.get("current_C"), "errors": []}
        status = {"trv:0": trv, "temperature:0": temperature}
        return {"v": shown.get("rsv", 0), "ts": int(self.device.now()), "status": status}

    def get_remote_device_info(self, _params: JSONObject) -> JSON:
        """The valve's identity."""
        info = {"id": f"shellyblutrv-{str(self.config.get('addr', '')).replace(':', '')}", "ver": "v1.2.1"}
        return {"v": 0, "ts": int(self.device.now()), "device_info": info}

    def update_firmware(self, _params: JSONObject) -> JSON:
        """Takes a few seconds; told by events of the valve's Bluetooth device."""
        told_by = str(self.config.get("trv") or self.key)
        self.device.emit(told_by, "ota_begin", msg="Updating")
        self.device.after(2, lambda: self.device.emit(told_by, "ota_progress", msg="Updating", progress_percent=100))
        self.device.after(3, lambda: self.device.emit(told_by, "ota_success", msg="Update applied"))
        return None

    def delete(self, _params: JSONObject) -> JSON:
        """Forget the valve."""
        self.device.remove(self.key)
        return None

    def vary(self) -> bool:
        """It reports over the air."""
        if "last_updated_ts" not in self.status:
            return False
        celsius = round(self.status.get("current_C", 21) + self.device.random.uniform(-0.3, 0.3), 1)
        self._heard(current_C=celsius)
        return True

    def _set_target(self, params: JSONObject) -> None:
        self._heard(target_C=number({"target_C": required(params, "target_C")}, "target_C", 4, 30))

    def _set_position(self, params: JSONObject) -> None:
        self._heard(pos=number({"pos": required(params, "pos")}, "pos", 0, 100))

    def _set_external_temperature(self, params: JSONObject) -> None:
        self._heard(current_C=number({"t_C": required(params, "t_C")}, "t_C", -20, 60))

    def _set_boost(self, params: JSONObject) -> None:
        duration = number(params, "duration", 1, 36_000) or 900
        self._heard(boost={"started_at": int(self.device.now()), "duration": duration}, pos=100)
        self.device.after(duration, lambda: self._clear_boost({}))

    def _clear_boost(self, _params: JSONObject) -> None:
        self._heard(boost=None, pos=0)

    def _calibrate(self, _params: JSONObject) -> None:
        self._heard(errors=None)

    def _heard(self, **patch: JSON) -> None:
        packet = (int(self.status.get("packet_id") or 0) + 1) % 256
        self.report(**patch, packet_id=packet, last_updated_ts=int(self.device.now()))
