"""What one device is and knows: identity, settings and status of its components. No I/O, no clock.

Status objects belong to the device and change in place. Settings objects may be shared between devices of a model:
they are replaced, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from fleet_platform.simulator.device.blueprint import Blueprint
from plugin_sdk import JSON, ComponentKey, JSONObject

_DYNAMIC_IDS = range(200, 300)


class State:
    """A device's data.

    Attributes:
        info: Answer of ``Shelly.GetDeviceInfo``.
        config: Component key to settings.
        status: Component key to status.
        attrs: Dynamic component key to its attributes.
        unlisted: Dynamic components that the full status and settings leave out.
        replies: Recorded results of further methods, by name in lower case.
    """

    __slots__ = ("attrs", "config", "info", "replies", "status", "unlisted")

    def __init__(self, blueprint: Blueprint) -> None:
        self.info: JSONObject = dict(blueprint.info)
        self.config: dict[str, JSON] = dict(blueprint.config)
        self.status: dict[str, JSONObject] = orjson.loads(orjson.dumps(blueprint.status))
        self.attrs: dict[str, JSONObject] = dict(blueprint.attrs)
        self.unlisted = blueprint.unlisted
        self.replies: Mapping[str, JSON] = blueprint.replies

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

    def is_dynamic(self, key: str) -> bool:
        """Whether a component was created at run time."""
        number = key.partition(":")[2]
        return key in self.attrs or (number.isdecimal() and int(number) in _DYNAMIC_IDS)

    def add(self, key: str, *, status: Mapping[str, JSON], config: Mapping[str, JSON], attrs: JSONObject) -> None:
        """Take a new dynamic component in."""
        self.status[key] = dict(status)
        self.config[key] = dict(config)
        self.attrs[key] = attrs
        self.unlisted |= {key}

    def remove(self, key: str) -> None:
        """Let a dynamic component go."""
        self.status.pop(key, None)
        self.config.pop(key, None)
        self.attrs.pop(key, None)
        self.unlisted -= {key}

    def count_up(self, revision: str) -> int:
        """A revision in ``sys``, one higher; the caller reports it."""
        return int(self.sys.get(revision) or 0) + 1

    def keep_setup_of(self, before: State) -> None:
        """Go on as the same device after a change of profile: its system, its network, its dynamic components."""
        profile = self.info.get("profile")
        for key, settings in before.config.items():
            if (":" not in key and key in self.config) or key in before.attrs:
                self.config[key] = settings
        for key in ("sys", *before.attrs):
            self.status[key] = before.status[key]
        self.info = {**before.info, "profile": profile}
        self.attrs, self.unlisted = before.attrs, before.unlisted
        revision = self.sys["cfg_rev"] = self.count_up("cfg_rev")
        sys = self.config["sys"]
        self.config["sys"] = {**sys, "device": {**sys["device"], "profile": profile}, "cfg_rev": revision}

    def install(self, version: str) -> None:
        """Run another firmware from the next boot on."""
        fw_id = f"{self.info.get('fw_id', '').partition('/')[0]}/{version}"
        self.info.update(ver=version, fw_id=fw_id)
        sys = self.config.get("sys")
        if isinstance(sys, dict) and isinstance(sys.get("device"), dict):
            self.config["sys"] = {**sys, "device": {**sys["device"], "fw_id": fw_id}}
        self.sys["available_updates"] = {}
