"""What one device is and knows: identity, settings and status of its components. No I/O, no clock.

Status objects belong to the device and change in place. Settings objects may be shared between devices of a model:
they are replaced, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from fleet_platform.simulator.device.blueprint import Blueprint
from fleet_platform.simulator.device.firmware import is_newer
from fleet_platform.simulator.models.firmware import firmware_id
from plugin_sdk import JSON, ComponentKey, JSONObject, component_type

_DYNAMIC_IDS = range(200, 300)
_UNSET: Mapping[str, JSON] = {"name": None, "auth_en": False, "auth_domain": None}
_REVISIONS = ("cfg_rev", "kvs_rev", "schedule_rev", "webhook_rev", "btrelay_rev", "bthc_rev", "virtual_rev")


class State:
    """A device's data.

    Attributes:
        addon: The add-on that it was started with: ``sensor``; None for none.
        info: Answer of ``Shelly.GetDeviceInfo``.
        config: Component key to settings.
        status: Component key to status.
        attrs: Dynamic component key to its attributes.
        unlisted: Dynamic components that the full status and settings leave out.
        replies: Recorded results of further methods, by name in lower case.
    """

    __slots__ = ("addon", "attrs", "config", "info", "replies", "status", "unlisted")

    def __init__(self, blueprint: Blueprint) -> None:
        self.info: JSONObject = dict(blueprint.info)
        self.config: dict[str, JSON] = dict(blueprint.config)
        self.status: dict[str, JSONObject] = orjson.loads(orjson.dumps(blueprint.status))
        self.attrs: dict[str, JSONObject] = dict(blueprint.attrs)
        self.unlisted = blueprint.unlisted
        self.replies: Mapping[str, JSON] = blueprint.replies
        self.addon = self.chosen_addon()

    @property
    def id(self) -> str:
        """The device's id."""
        return str(self.info["id"])

    @property
    def sys(self) -> JSONObject:
        """The status of ``sys``."""
        return self.status.setdefault("sys", {})

    def all_keys(self) -> list[str]:
        """Keys of all components, those without a status last."""
        return list(dict.fromkeys((*self.status, *self.config)))

    def keys(self, component_type: str) -> list[ComponentKey]:
        """Keys of all components of a type, in order."""
        prefix = f"{component_type}:"
        return [ComponentKey(key) for key in self.all_keys() if key == component_type or key.startswith(prefix)]

    def listed_status(self) -> JSONObject:
        """What the full status holds."""
        return {key: status for key, status in self.status.items() if key not in self.unlisted}

    def listed_config(self) -> JSONObject:
        """What the full settings hold."""
        return {key: config for key, config in self.config.items() if key not in self.unlisted}

    def chosen_addon(self) -> str | None:
        """The add-on that the settings are for; it runs from the next boot on."""
        sys = self.config.get("sys")
        device = sys.get("device") if isinstance(sys, dict) else None
        found = device.get("addon_type") if isinstance(device, dict) else None
        return found if isinstance(found, str) else None

    def is_dynamic(self, key: str) -> bool:
        """Whether a component was created at run time."""
        number = key.partition(":")[2]
        return key in self.attrs or (number.isdecimal() and int(number) in _DYNAMIC_IDS)

    def add(self, key: str, *, status: Mapping[str, JSON], config: Mapping[str, JSON], attrs: JSONObject) -> None:
        """Take a new dynamic component in; scripts are none, and listed like all else (dumps of four models)."""
        self.status[key] = dict(status)
        self.config[key] = dict(config)
        if component_type(key) != "script":
            self.attrs[key] = attrs
            self.unlisted |= {key}

    def remove(self, key: str) -> None:
        """Let a dynamic component go."""
        self.status.pop(key, None)
        self.config.pop(key, None)
        self.attrs.pop(key, None)
        self.unlisted -= {key}

    def _came_with_it(self, key: str) -> bool:
        """Whether a dynamic component is the maker's: what a service brings, and a radar's first zone."""
        config, radar = self.config.get(key), self.config.get("presence")
        owner = config.get("owner") if isinstance(config, dict) else None
        return str(owner or "").startswith("service:") or (isinstance(radar, dict) and radar.get("main_zone") == key)

    def count_up(self, revision: str) -> int:
        """A revision in ``sys``, one higher; the caller reports it."""
        return int(self.sys.get(revision) or 0) + 1

    def keep_setup_of(self, before: State) -> None:
        """Go on as the same device after a change of profile: its system, its network, its dynamic components."""
        profile = self.info.get("profile")
        made = [key for key in before.all_keys() if key in before.attrs or component_type(key) == "script"]
        for key, settings in before.config.items():
            if (":" not in key and key in self.config) or key in made:
                self.config[key] = settings
        for key in ("sys", *made):
            self.status[key] = before.status[key]
        self.info = {**before.info, "profile": profile}
        self.attrs, self.unlisted = before.attrs, before.unlisted
        revision = self.sys["cfg_rev"] = self.count_up("cfg_rev")
        sys = self.config["sys"]
        self.config["sys"] = {**sys, "device": {**sys["device"], "profile": profile}, "cfg_rev": revision}

    def stay_put(self) -> None:
        """Do not roam: there is no other access point."""
        self.config["wifi"] = without_roaming(self.config.get("wifi"))

    def install(self, version: str) -> None:
        """Run another firmware from the next boot on; only updates that are newer stay on offer."""
        self.wear(version, firmware_id(str(self.info.get("app", "")), version))
        offers = self.sys.get("available_updates")
        if isinstance(offers, dict):
            newer = {
                stage: offer for stage, offer in offers.items() if is_newer(str(offer.get("version", "")), version)
            }
            self.sys["available_updates"] = newer

    def wear(self, version: str, fw_id: str) -> None:
        """Show a firmware wherever a device shows its own."""
        self.info.update(ver=version, fw_id=fw_id)
        if "fw_id" in self.sys:
            self.sys.update(ver=version, fw_id=fw_id)
        sys = self.config.get("sys")
        if isinstance(sys, dict) and isinstance(sys.get("device"), dict):
            self.config["sys"] = {**sys, "device": {**sys["device"], "fw_id": fw_id}}

    def lose_setup(self) -> None:
        """Be as nobody has set it up: no name, no password, no dynamic components, revisions from the start."""
        made = [key for key in self.all_keys() if self.is_dynamic(key) or component_type(key) == "script"]
        for key in made:
            if not self._came_with_it(key):
                self.remove(key)
        self.info.update({name: unset for name, unset in _UNSET.items() if name in self.info})
        self.sys.update({name: 0 for name in _REVISIONS if name in self.sys})
        sys = self.config.get("sys")
        if isinstance(sys, dict):
            device = dict(sys.get("device") or {})
            self.config["sys"] = {
                **sys,
                "device": {**device, "name": None},
                **({"cfg_rev": 0} if "cfg_rev" in sys else {}),
            }


def without_roaming(wifi: JSON) -> JSON:
    """Settings of ``wifi`` with which a device stays at its access point, however weak it is."""
    roam = wifi.get("roam") if isinstance(wifi, dict) else None
    return {**wifi, "roam": {**roam, "interval": 0}} if isinstance(roam, dict) else wifi
