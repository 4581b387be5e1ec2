"""A device that differs from its model or its dump: another MAC, an old firmware, a weak signal. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import orjson

from fleet_platform.simulator.device.blueprint import Blueprint, Origin
from fleet_platform.simulator.device.state import without_roaming
from plugin_sdk import JSON, JSONObject

_NEARBY = 4
"""A device's further radios have the MACs that follow its own (dumps)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alterations:
    """What is different; None leaves a thing as it is.

    Attributes:
        mac: Twelve upper-case hexadecimal digits; the id follows.
        name: What its owner calls it.
        version: Firmware version.
        location: ``{tz, lat, lon}``, as far as given.
        rssi: Signal in dBm; the device does not roam for a better one then.
        wakes_every_s: Wake-up period of a sleeper.
    """

    mac: str | None = None
    name: str | None = None
    version: str | None = None
    location: JSONObject | None = None
    rssi: int | None = None
    wakes_every_s: float | None = None


class Tailored:
    """An origin with alterations. Satisfies ``Origin``."""

    __slots__ = ("_alterations", "_origin")

    def __init__(self, origin: Origin, alterations: Alterations) -> None:
        self._origin = origin
        self._alterations = alterations

    @property
    def profiles(self) -> tuple[str, ...]:
        """Those of the origin."""
        return self._origin.profiles

    def blueprint(self, profile: str | None = None) -> Blueprint:
        """The origin's, altered."""
        return alter(self._origin.blueprint(profile), self._alterations)


def alter(blueprint: Blueprint, by: Alterations) -> Blueprint:
    """The blueprint with alterations; components and fields that a device does not have are not added."""
    if by.mac is not None:
        blueprint = _with_mac(blueprint, by.mac)
    info = dict(blueprint.info)
    sys, device = dict(blueprint.config.get("sys") or {}), dict(_object(blueprint.config.get("sys"), "device"))
    if by.name is not None:
        info["name"] = device["name"] = by.name
    if by.version is not None:
        info["ver"] = by.version
        info["fw_id"] = device["fw_id"] = f"{str(info.get('fw_id', '')).partition('/')[0]}/{by.version}"
    if by.location is not None:
        sys["location"] = {**_object(blueprint.config.get("sys"), "location"), **by.location}
    config = dict(blueprint.config)
    if "sys" in config:
        config["sys"] = {**sys, "device": device}
    if by.rssi is not None and "wifi" in config:
        config["wifi"] = without_roaming(config["wifi"])
    return replace(blueprint, info=info, config=config, status=_status(blueprint, by))


def _status(blueprint: Blueprint, by: Alterations) -> dict[str, JSONObject]:
    status = dict(blueprint.status)
    if by.rssi is not None and "wifi" in status:
        status["wifi"] = {**status["wifi"], "rssi": by.rssi}
    if by.wakes_every_s is not None and "wakeup_period" in status.get("sys", {}):
        status["sys"] = {**status["sys"], "wakeup_period": int(by.wakes_every_s)}
    return status


def _with_mac(blueprint: Blueprint, mac: str) -> Blueprint:
    """The blueprint with another MAC wherever the old one stands, in any of its spellings."""
    old = str(blueprint.info["id"]).rpartition("-")[2].upper()
    held = {"info": blueprint.info, "config": dict(blueprint.config), "status": dict(blueprint.status)}
    text = orjson.dumps({**held, "attrs": dict(blueprint.attrs), "replies": dict(blueprint.replies)})
    for was, becomes in _spellings(old, mac):
        text = text.replace(was.encode(), becomes.encode())
    return replace(blueprint, **orjson.loads(text))


def _spellings(old: str, new: str) -> list[tuple[str, str]]:
    if len(old) != len(new):
        return [(old, new), (old.lower(), new.lower())]
    pairs: list[tuple[str, str]] = []
    for further in range(_NEARBY):
        was, becomes = f"{int(old, 16) + further:012X}", f"{int(new, 16) + further:012X}"
        for each in ((was, becomes), (_colons(was), _colons(becomes))):
            pairs += [each, (each[0].lower(), each[1].lower())]
    return pairs


def _colons(mac: str) -> str:
    return ":".join(mac[at : at + 2] for at in range(0, 12, 2))


def _object(of: JSON, name: str) -> JSONObject:
    found = of.get(name) if isinstance(of, dict) else None
    return found if isinstance(found, dict) else {}
