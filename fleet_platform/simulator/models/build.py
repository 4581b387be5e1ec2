"""The blueprint of one device of a model.

Settings that do not depend on the single device are shared between all devices that have them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from fleet_platform.simulator.device.blueprint import Blueprint
from fleet_platform.simulator.models.identity import Identity, identify
from fleet_platform.simulator.models.model import Model
from fleet_platform.simulator.models.network import network_parts
from fleet_platform.simulator.models.parts import PARTS
from fleet_platform.simulator.models.radio import gateway_devices
from fleet_platform.simulator.models.system import device_info, system_part
from plugin_sdk import JSONObject

_SINGLETONS = frozenset(
    {"ble", "blugw", "bthome", "cloud", "eth", "ht_ui", "knx", "matter", "media", "modbus"}
    | {"plugs_ui", "plusrgbwpm", "ui", "ws", "zigbee"}
)


class ModelOrigin:
    """One device of a model. Satisfies ``Origin``."""

    __slots__ = ("_model", "_name", "_profile", "_seed")

    def __init__(self, model: Model, seed: int | str, *, name: str | None = None, profile: str | None = None) -> None:
        self._model = model
        self._seed = seed
        self._name = name
        self._profile = profile or next(iter(model.profiles))

    @property
    def profiles(self) -> tuple[str, ...]:
        """Profiles that it can be set to."""
        return tuple(name for name in self._model.profiles if name)

    def blueprint(self, profile: str | None = None) -> Blueprint:
        """The device in a profile; None is the one it started in."""
        return build(self._model, identify(self._model.code, self._seed, self._name), profile or self._profile)


def build(model: Model, identity: Identity, profile: str) -> Blueprint:
    """The blueprint of one device.

    Raises:
        KeyError: The model has no such profile.
    """
    info = device_info(model, identity, profile)
    config: dict[str, JSONObject] = {}
    status: dict[str, JSONObject] = {}
    for key, part in _keys((*model.common, *model.profiles[profile])):
        settings, shown = _built(part, key)
        if settings is not None:
            config[key] = _own(settings, str(info["id"])) if part == "thermostat" else settings
        if shown is not None:
            status[key] = shown
    for key, settings, shown in (
        *network_parts(model, identity, str(info["id"])),
        system_part(model, identity, info),
    ):
        config[key] = settings
        if shown is not None:
            status[key] = shown
    dynamic = gateway_devices(identity) if model.gateway else {}
    for key, (settings, shown, _) in dynamic.items():
        config[key], status[key] = settings, shown
    return Blueprint(
        info=info,
        config=dict(sorted(config.items())),
        status=dict(sorted(status.items())),
        attrs={key: attrs for key, (_, _, attrs) in dynamic.items()},
        unlisted=frozenset(dynamic),
    )


def _keys(parts: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Component keys with their parts: ``("2*switch.pm2",)`` → ``switch:0`` and ``switch:1``, both ``switch.pm2``."""
    counts: dict[str, int] = {}
    for entry in parts:
        times, _, part = entry.rpartition("*")
        kind = PARTS[part].type
        for _ in range(int(times or 1)):
            if kind in _SINGLETONS:
                yield kind, part
            else:
                number = counts.get(kind, 0)
                counts[kind] = number + 1
                yield f"{kind}:{number}", part


@cache
def _built(part: str, key: str) -> tuple[JSONObject | None, JSONObject | None]:
    """Settings and status of a part under a key, shared between all devices that have it."""
    found, number = PARTS[part], key.partition(":")[2]
    own: JSONObject = {"id": int(number)} if number else {}
    config = None if found.config is None else {**(own if found.config else {}), **found.config}
    return config, None if found.status is None else {**own, **found.status}


def _own(settings: JSONObject, device_id: str) -> JSONObject:
    return {
        name: value.replace("{id}", device_id.lower()) if isinstance(value, str) else value
        for name, value in settings.items()
    }
