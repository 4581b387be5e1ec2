"""The schedule of a Wall Display's thermostat: profiles with rules, of which one profile is followed.

Source: methods and parameters from the sources of ShellyScanner and the type definitions taulfsime/shelly-rpc-ts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from fleet_shelly.simulation.heating_rules import is_rule_time, rule_at
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import flag, invalid, mapping, number, required, text, whole
from plugin_sdk.local_time import utc_offset_s
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, clock_is_set

COLDEST, WARMEST = 5, 35
"""What a target may be, in °C."""

_PROFILES, _RULES = 10, 50
"""How many there may be; the firmware's own limits are not documented."""

_NO_CHANGE: JSONObject = {"restart_required": False}


class Timetable:
    """One thermostat's schedule, kept in its flash."""

    __slots__ = ("_thermostat",)

    def __init__(self, thermostat: Behaviour) -> None:
        self._thermostat = thermostat

    def methods(self) -> Mapping[str, Handler]:
        """Profiles and rules; some methods have two names."""
        return {
            "Schedule.SetConfig": self.set_schedule,
            "Schedule.ListProfiles": self.list_profiles,
            "Schedule.AddProfile": self.add_profile,
            "Schedule.CreateProfile": self.add_profile,
            "Schedule.RenameProfile": self.rename_profile,
            "Schedule.DeleteProfile": self.delete_profile,
            "Schedule.ListRules": self.list_rules,
            "Schedule.AddRule": self.add_rule,
            "Schedule.CreateRule": self.add_rule,
            "Schedule.ChangeRule": self.change_rule,
            "Schedule.UpdateRule": self.change_rule,
            "Schedule.DeleteRule": self.delete_rule,
            "Schedule.DeleteAllRules": self.delete_all_rules,
        }

    def due(self) -> JSONObject | None:
        """The rule that comes due in this minute, if the schedule is followed."""
        device = self._thermostat.device
        if not self._is_followed() or not clock_is_set(device):
            return None
        return rule_at(self._rules(self._profile_id()), time.gmtime(device.now() + utc_offset_s(device, device.now())))

    def set_schedule(self, params: JSONObject) -> JSON:
        """Follow a profile, or none: ``{config: {enable?, profile_id?}}``."""
        required(params, "config")
        config = mapping(params, "config") or {}
        shown: JSONObject = {}
        if "profile_id" in config:
            profile = self._profile({"profile_id": config["profile_id"]})
            shown |= {"profile_id": profile["id"], "profile_name": profile["name"]}
        enable = flag(config, "enable")
        if enable is not None:
            shown["enable"] = enable
        if shown:
            self._thermostat.report(schedules={**self._thermostat.status.get("schedules", {}), **shown})
            self._thermostat.device.config_changed(self._thermostat.key)
        return _NO_CHANGE

    def list_profiles(self, _params: JSONObject) -> JSON:
        """``{profiles: [{id, name}]}``."""
        return {"profiles": list(self._profiles())}

    def add_profile(self, params: JSONObject) -> JSON:
        """A new profile: ``{restart_required, profile_id}``."""
        name, profiles = _name(params), self._profiles()
        if len(profiles) >= _PROFILES:
            raise DeviceFault(-108, "Resource exhausted")
        number_ = next(n for n in range(len(profiles) + 1) if all(each["id"] != n for each in profiles))
        profiles.append({"id": number_, "name": name})
        return {**_NO_CHANGE, "profile_id": number_}

    def rename_profile(self, params: JSONObject) -> JSON:
        """Call a profile otherwise."""
        self._profile(params)["name"] = _name(params)
        return _NO_CHANGE

    def delete_profile(self, params: JSONObject) -> JSON:
        """Let a profile go, and its rules with it."""
        gone = self._profile(params)
        kept = self._kept()
        kept["profiles"] = [each for each in self._profiles() if each is not gone]
        kept["rules"] = [each for each in self._all_rules() if each["profile_id"] != gone["id"]]
        return _NO_CHANGE

    def list_rules(self, params: JSONObject) -> JSON:
        """``{rules: [{rule_id, enable, target_C, profile_id, timespec}]}``."""
        return {"rules": self._rules(self._profile(params)["id"])}

    def add_rule(self, params: JSONObject) -> JSON:
        """A new rule: ``{restart_required, new_rule}``; ``config`` holds it, or the call itself does."""
        given = (mapping(params, "config") if "config" in params else params) or {}
        for name in ("profile_id", "target_C", "timespec"):
            required(given, name)
        rules = self._all_rules()
        if len(rules) >= _RULES:
            raise DeviceFault(-108, "Resource exhausted")
        taken = {each["rule_id"] for each in rules}
        rule: JSONObject = {"rule_id": next(str(n) for n in range(1, _RULES + 2) if str(n) not in taken)}
        rule |= {"enable": True, "profile_id": self._profile(given)["id"], **_rule(given)}
        rules.append(rule)
        return {**_NO_CHANGE, "new_rule": rule}

    def change_rule(self, params: JSONObject) -> JSON:
        """Change what ``config`` names of a rule, with its ``rule_id``."""
        given = (mapping(params, "config") if "config" in params else params) or {}
        self._rule(given).update(_rule(given))
        return _NO_CHANGE

    def delete_rule(self, params: JSONObject) -> JSON:
        """Let a rule go."""
        self._all_rules().remove(self._rule(params))
        return _NO_CHANGE

    def delete_all_rules(self, params: JSONObject) -> JSON:
        """Let all rules of a profile go."""
        number_ = self._profile(params)["id"]
        self._kept()["rules"] = [each for each in self._all_rules() if each["profile_id"] != number_]
        return _NO_CHANGE

    def _is_followed(self) -> bool:
        return (self._thermostat.status.get("schedules") or {}).get("enable") is True

    def _profile_id(self) -> int | None:
        found = (self._thermostat.status.get("schedules") or {}).get("profile_id")
        return found if isinstance(found, int) else None

    def _profiles(self) -> list[JSONObject]:
        found: list[JSONObject] = self._kept().setdefault("profiles", [])
        return found

    def _all_rules(self) -> list[JSONObject]:
        found: list[JSONObject] = self._kept().setdefault("rules", [])
        return found

    def _rules(self, profile_id: int | None) -> list[JSONObject]:
        return [each for each in self._all_rules() if each["profile_id"] == profile_id]

    def _profile(self, params: JSONObject) -> JSONObject:
        required(params, "profile_id")
        wanted = whole(params, "profile_id")
        found = next((each for each in self._profiles() if each["id"] == wanted), None)
        if found is None:
            raise DeviceFault(-105, f"Argument 'profile_id', value {wanted} not found!")
        return found

    def _rule(self, params: JSONObject) -> JSONObject:
        required(params, "rule_id")
        wanted = str(params["rule_id"])
        found = next((each for each in self._all_rules() if each["rule_id"] == wanted), None)
        if found is None:
            raise DeviceFault(-105, f"Argument 'rule_id', value '{wanted}' not found!")
        return found

    def _kept(self) -> JSONObject:
        return self._thermostat.device.storage(self._thermostat.key)


def _name(params: JSONObject) -> str:
    required(params, "name")
    name = text(params, "name") or ""
    if not 0 < len(name) <= 64:
        raise invalid("name")
    return name


def _rule(given: JSONObject) -> JSONObject:
    """What a call says of a rule."""
    rule: JSONObject = {}
    if "enable" in given:
        rule["enable"] = flag(given, "enable")
    if "target_C" in given:
        rule["target_C"] = number(given, "target_C", COLDEST, WARMEST)
    if "timespec" in given:
        timespec = text(given, "timespec") or ""
        if not is_rule_time(timespec):
            raise invalid("timespec")
        rule["timespec"] = timespec
    return rule
