"""Radiator valves behind a Bluetooth gateway, which are called over the air: slowly, one call after the other.

Source: Shelly's documentation of the BLU TRV (``Trv.*``), dumps of a BLU Gateway Gen3 and of its remote settings; the
texts of refusals are not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.blu_devices import update_over_the_air
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import flag, invalid, mapping, number, required, text, whole
from plugin_sdk.simulation import Behaviour, Deferred, DeviceFault, Handler, SimulatedDevice

_FOREVER_S = 2_147_483_647
_LONGEST_S = 86_400
_COLDEST, _WARMEST = 4, 30

_ANSWERS_S = (0.5, 2.0)
_WEAK_DBM = -80
_WEAK_ANSWERS_S = (3.0, 12.0)
_GIVES_UP_S = 20.0
_QUEUE_S = 60.0
"""How far ahead calls may pile up; the firmware's own limit is not documented."""

_SHOWN = ("target_C", "current_C", "pos", "boost", "override")
_RULES = 10
_FLAGS = ("floor_heating", "accel", "auto_calibrate", "anticlog", "power_save", "silent_mode")
_LATEST = "20250101-000000/v1.2.1"
_BOOST_S, _OVERRIDE_S = 900, _FOREVER_S

_SETTINGS: JSONObject = {
    "id": 0,
    "enable": True,
    "override_enable": True,
    "min_valve_position": 0,
    "default_boost_duration": _BOOST_S,
    "default_override_duration": _OVERRIDE_S,
    "default_override_target_C": 8,
    "flags": ["auto_calibrate", "anticlog"],
}
_SYSTEM: JSONObject = {
    "device": {"name": ""},
    "location": {"lat": 42.6977, "lon": 23.3219},
    "ui": {"lock": False, "t_units": "C", "flip": False, "brightness": 7},
    "ble": {"interval_ms": 333, "beacon_count": 5},
}


class BluTrv(Behaviour):
    """``blutrv:N``: a valve that is called through its gateway."""

    __slots__ = ("_free_at",)

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._free_at = 0.0

    def methods(self) -> Mapping[str, Handler]:
        """Call the valve, and ask what the gateway knows of it."""
        return {
            "Call": self.call,
            "GetRemoteConfig": lambda _params: self._over_the_air(self._remote_config),
            "GetRemoteStatus": lambda _params: self._over_the_air(self._remote_status),
            "GetRemoteDeviceInfo": lambda _params: self._over_the_air(self._remote_device_info),
            "CheckForUpdates": lambda _params: self._over_the_air(lambda: {"fw_id": _LATEST}),
            "UpdateFirmware": self.update_firmware,
            "Delete": self.delete,
        }

    def call(self, params: JSONObject) -> JSON | Deferred:
        """Run one of the valve's own methods."""
        required(params, "method")
        method = text(params, "method") or ""
        own = self._own_methods().get(method.lower())
        remote = mapping(params, "params") if params.get("params") is not None else None

        def run() -> JSON:
            if own is None:
                raise DeviceFault(404, f"No handler for {method}")
            return own(remote or {})

        return self._over_the_air(run)

    def update_firmware(self, _params: JSONObject) -> JSON:
        """Takes a few seconds; told by events of the valve's Bluetooth device."""
        update_over_the_air(self.device, str(self.config.get("trv") or self.key), reachable=self._is_reachable())
        return None

    def delete(self, _params: JSONObject) -> JSON:
        """Forget the valve."""
        self.device.remove(self.key)
        return None

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Settings that the gateway keeps have bounds."""
        checks.obey(changes, {"name": checks.text(64), "override_delay": checks.number(0, 3_600)})
        return False

    def press(self, gesture: str) -> bool:
        """``away`` takes it out of reach until ``back``; ``not_calibrated``, ``not_mounted`` last until ``clear``."""
        if gesture in ("away", "back"):
            self.report(connected=gesture == "back")
        elif gesture in ("not_calibrated", "not_mounted"):
            self.report(errors=[gesture])
        elif gesture == "clear":
            self.report(errors=[])
        else:
            return False
        return True

    def minute(self) -> None:
        """Warm the room, or let it cool; the valve regulates by itself."""
        here, target = self.status.get("current_C"), self.status.get("target_C")
        if not self._is_reachable() or not isinstance(here, int | float) or not isinstance(target, int | float):
            return
        opening = 100 if "boost" in self.status else max(0, min(100, round((target - here) * 25)))
        warmer = round(here + opening / 100 * 0.2 - 0.05, 1)
        changed = {"current_C": warmer} if warmer != here and warmer > _COLDEST else {}
        if opening != self.status.get("pos") and self._settings()["enable"]:
            changed["pos"] = opening
        if changed:
            self._heard(**changed)

    def vary(self) -> bool:
        """It reports over the air."""
        if "last_updated_ts" not in self.status or not self._is_reachable():
            return False
        celsius = round(float(self.status.get("current_C") or 21) + self.device.random.uniform(-0.3, 0.3), 1)
        self._heard(current_C=celsius)
        return True

    # ---- the way there ----------------------------------------------------------------------------------

    def _is_reachable(self) -> bool:
        return self.status.get("connected") is not False

    def _over_the_air(self, work: Callable[[], JSON]) -> Deferred:
        """Ask the valve, behind the calls that wait already; without an answer the gateway gives up."""
        weak = float(self.status.get("rssi") or -60) < _WEAK_DBM
        takes_s = self.device.random.uniform(*(_WEAK_ANSWERS_S if weak else _ANSWERS_S))
        now = self.device.now()
        waits_s = max(0.0, self._free_at - now)
        if waits_s > _QUEUE_S:
            # The clock may have been set meanwhile, and then nothing waits.
            waits_s = 0.0
        if not self._is_reachable():
            takes_s = _GIVES_UP_S
        self._free_at = now + waits_s + takes_s

        def ask() -> JSON:
            if not self._is_reachable():
                raise DeviceFault(-114, "Device is not reachable")
            return work()

        return Deferred.after(self.device, waits_s + takes_s, ask)

    # ---- the valve --------------------------------------------------------------------------------------

    def _own_methods(self) -> Mapping[str, Callable[[JSONObject], JSON]]:
        return {
            "trv.getconfig": lambda _params: self._settings(),
            "trv.setconfig": self._set_config,
            "trv.getstatus": lambda _params: self._status(),
            "trv.settarget": self._set_target,
            "trv.setposition": self._set_position,
            "trv.setexternaltemperature": self._set_external_temperature,
            "trv.setboost": self._set_boost,
            "trv.clearboost": lambda _params: self._clear("boost"),
            "trv.setoverride": self._set_override,
            "trv.clearoverride": lambda _params: self._clear("override"),
            "trv.calibrate": self._calibrate,
            "trv.setflag": lambda params: self._mark(params, present=True),
            "trv.clearflag": lambda params: self._mark(params, present=False),
            "trv.showmessage": lambda _params: None,
            "trv.pairingcomplete": lambda _params: None,
            "trv.listschedulerules": lambda _params: {"rules": list(self._rules())},
            "trv.addschedulerule": self._add_rule,
            "trv.updateschedulerule": self._update_rule,
            "trv.removeschedulerule": self._remove_rule,
        }

    def _remote_config(self) -> JSON:
        kept = self.device.storage(self.key)
        system = {**_SYSTEM, "cfg_rev": kept.get("rev", 1)}
        config = {"sys": system, "temperature:0": {"id": 0, "offset_C": 0}, "trv:0": self._settings()}
        return {"v": kept.get("rev", 1), "ts": int(self.device.now()), "config": config}

    def _remote_status(self) -> JSON:
        shown = self.status
        temperature: JSONObject = {"id": 0, "tC": shown.get("current_C"), "errors": []}
        status = {"trv:0": self._status(), "temperature:0": temperature}
        return {"v": shown.get("rsv", 0), "ts": int(self.device.now()), "status": status}

    def _remote_device_info(self) -> JSON:
        addr = str(self.config.get("addr", "")).replace(":", "")
        info = {"id": f"shellyblutrv-{addr}", "mac": addr.upper(), "fw_id": _LATEST, "ver": "v1.2.1", "app": "BluTRV"}
        return {"v": 0, "ts": int(self.device.now()), "device_info": info}

    def _settings(self) -> JSONObject:
        return {**_SETTINGS, **self.device.storage(self.key).get("settings", {})}

    def _change(self, **settings: JSON) -> None:
        kept = self.device.storage(self.key)
        kept["settings"] = {**kept.get("settings", {}), **settings}
        kept["rev"] = kept.get("rev", 1) + 1

    def _status(self) -> JSONObject:
        shown = self.status
        named: JSONObject = {name: shown[name] for name in _SHOWN if name in shown}
        return {"id": 0, **named, "errors": shown.get("errors", []), "schedule_rev": len(self._rules())}

    def _set_config(self, params: JSONObject) -> JSON:
        required(params, "config")
        config = mapping(params, "config") or {}
        wanted: JSONObject = {}
        for name in ("enable", "override_enable"):
            if name in config:
                wanted[name] = flag(config, name)
        for name, high in (("min_valve_position", 100), ("default_boost_duration", _LONGEST_S)):
            if name in config:
                wanted[name] = whole(config, name, 0, high)
        if wanted:
            self._change(**wanted)
        return {"restart_required": False}

    def _set_target(self, params: JSONObject) -> JSON:
        target = number({"target_C": required(params, "target_C")}, "target_C", _COLDEST, _WARMEST)
        self._heard(target_C=target)
        return None

    def _set_position(self, params: JSONObject) -> JSON:
        self._heard(pos=number({"pos": required(params, "pos")}, "pos", 0, 100))
        return None

    def _set_external_temperature(self, params: JSONObject) -> JSON:
        self._heard(current_C=number({"t_C": required(params, "t_C")}, "t_C", -20, 60))
        return None

    def _set_boost(self, params: JSONObject) -> JSON:
        duration = whole(params, "duration", 1, _LONGEST_S) or self._settings()["default_boost_duration"] or _BOOST_S
        self._for_a_while("boost", duration, pos=100)
        return None

    def _set_override(self, params: JSONObject) -> JSON:
        target = number(params, "target_C", _COLDEST, _WARMEST) or self._settings()["default_override_target_C"]
        self._for_a_while("override", whole(params, "duration", 1, _LONGEST_S) or _LONGEST_S, target_C=target)
        return None

    def _for_a_while(self, name: str, duration: int, **more: JSON) -> None:
        started_at = int(self.device.now())
        self._heard(**{name: {"started_at": started_at, "duration": duration}}, **more)

        def end() -> None:
            if self.status.get(name, {}).get("started_at") == started_at:
                self._clear(name)

        self.device.after(duration, end)

    def _clear(self, name: str) -> JSON:
        self._heard(**{name: None}, **({"pos": 0} if name == "boost" else {}))
        return None

    def _calibrate(self, _params: JSONObject) -> JSON:
        self._heard(errors=None)
        return None

    def _mark(self, params: JSONObject, *, present: bool) -> JSON:
        required(params, "flag")
        name = text(params, "flag") or ""
        if name not in _FLAGS:
            raise invalid("flag")
        others = [each for each in self._settings()["flags"] if each != name]
        self._change(flags=[*others, name] if present else others)
        return None

    def _rules(self) -> list[JSONObject]:
        found: list[JSONObject] = self.device.storage(self.key).setdefault("rules", [])
        return found

    def _add_rule(self, params: JSONObject) -> JSON:
        for name in ("timespec", "target_C"):
            required(params, name)
        rules = self._rules()
        if len(rules) >= _RULES:
            raise DeviceFault(-108, "Resource exhausted")
        number_ = next(n for n in range(len(rules) + 1) if all(each["rule_id"] != n for each in rules))
        rules.append({"rule_id": number_, "enable": True, **_rule(params)})
        return {"rule_id": number_}

    def _update_rule(self, params: JSONObject) -> JSON:
        self._rule(params).update(_rule(params))
        return None

    def _remove_rule(self, params: JSONObject) -> JSON:
        self._rules().remove(self._rule(params))
        return None

    def _rule(self, params: JSONObject) -> JSONObject:
        required(params, "rule_id")
        wanted = whole(params, "rule_id")
        found = next((each for each in self._rules() if each["rule_id"] == wanted), None)
        if found is None:
            raise DeviceFault(-105, f"Bad rule_id={wanted}")
        return found

    def _heard(self, **patch: JSON) -> None:
        packet = (int(self.status.get("packet_id") or 0) + 1) % 256
        self.report(**patch, packet_id=packet, last_updated_ts=int(self.device.now()))


def _rule(params: JSONObject) -> JSONObject:
    rule: JSONObject = {}
    if "timespec" in params:
        rule["timespec"] = text(params, "timespec")
    if "target_C" in params:
        rule["target_C"] = number(params, "target_C", _COLDEST, _WARMEST)
    if "enable" in params:
        rule["enable"] = flag(params, "enable")
    return rule
