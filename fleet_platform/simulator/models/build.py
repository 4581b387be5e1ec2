"""The blueprint of one device of a model.

Settings that do not depend on the single device are shared between all devices that have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from fleet_platform.simulator.device.blueprint import Blueprint
from fleet_platform.simulator.models.catalogue import MODELS
from fleet_platform.simulator.models.history import has, prune
from fleet_platform.simulator.models.identity import Identity, identify
from fleet_platform.simulator.models.model import Model
from fleet_platform.simulator.models.network import Furnished, network_parts
from fleet_platform.simulator.models.parts import PARTS
from fleet_platform.simulator.models.radio import gateway_devices
from fleet_platform.simulator.models.system import device_info, system_part
from fleet_platform.simulator.models.wall_display import wall_system_part
from fleet_platform.simulator.nearest import did_you_mean, nearest
from plugin_sdk import JSONObject, component_id

_SINGLETONS = frozenset(
    {"ble", "blugw", "bthome", "cloud", "dali", "eth", "ht_ui", "knx", "matter", "media", "modbus", "plugpm_ui"}
    | {"plugs_ui", "pluguk_ui", "plusrgbwpm", "powerstrip_ui", "presence", "ui", "wd_ui", "ws", "zigbee"}
)

_FIRST = dict.fromkeys(("boolean", "enum", "number", "object", "presencezone"), 200)
"""Where the numbers of dynamic components start."""

_FIRST_ADDON = 100
"""Where the numbers of an add-on's components start."""

_ADDON_TYPE = "addon_type"
"""In ``sys.device`` of models that take an add-on."""

ADDON = ("humidity", "input", "temperature")
"""Parts that an add-on can bring."""


class ModelOrigin:
    """One device of a model. Satisfies ``Origin``.

    Args:
        model: What it is.
        seed: Decides its MAC and all else that differs between devices.
        name: What its owner called it.
        profile: Profile that it starts in; default is the model's first.
        version: Firmware; default is the catalogue's.
        addon: Parts that a sensor add-on brings: ``("temperature", "temperature")``.
        components: Further components, such as those of a plugin: key to ``{status?, config?}``.

    Raises:
        ValueError: The version is none, or the model or an add-on has no such thing.
    """

    __slots__ = ("_addon", "_components", "_model", "_name", "_profile", "_seed")

    def __init__(
        self,
        model: Model,
        seed: int | str,
        *,
        name: str | None = None,
        profile: str | None = None,
        version: str | None = None,
        addon: tuple[str, ...] = (),
        components: Mapping[str, JSONObject] | None = None,
    ) -> None:
        if profile is not None and profile not in model.profiles:
            has_profiles = ", ".join(filter(None, model.profiles)) or "none"
            raise ValueError(f"{model.app} has no profile {profile!r}; it has: {has_profiles}")
        check_addon(model, addon)
        self._model = model if version is None else model.at(version)
        self._seed = seed
        self._name = name
        self._profile = next(iter(model.profiles)) if profile is None else profile
        self._addon = addon
        self._components = components or {}

    @property
    def profiles(self) -> tuple[str, ...]:
        """Profiles that it can be set to."""
        return tuple(name for name in self._model.profiles if name)

    def blueprint(self, profile: str | None = None) -> Blueprint:
        """The device in a profile; None is the one it started in."""
        identity = identify(self._model.code, self._seed, self._name)
        built = build(self._model, identity, self._profile if profile is None else profile, self._addon)
        return _with_more(built, self._components) if self._components else built


class BadAddon(ValueError):
    """A model takes no add-on, or no add-on brings such a part; the text says which.

    Attributes:
        instead: The nearest parts that it can have.
    """

    def __init__(self, text: str, instead: Sequence[str]) -> None:
        super().__init__(text)
        self.instead = instead


def check_addon(model: Model, addon: Sequence[str]) -> None:
    """See to it that a model can have an add-on that brings such parts.

    Raises:
        BadAddon: It cannot.
    """
    if addon and _ADDON_TYPE not in model.device:
        near = nearest(model.app, (each.app for each in MODELS.values() if _ADDON_TYPE in each.device))
        raise BadAddon(f"{model.app} takes no add-on" + (f"; {near} does" if near else ""), ())
    odd = [part for part in addon if part not in ADDON]
    if odd:
        texts = (f"an add-on brings no {part!r}{did_you_mean(part, ADDON)}" for part in odd)
        meant = [part if part in ADDON else nearest(part, ADDON) for part in addon]
        raise BadAddon(f"{'; '.join(texts)}; only: {', '.join(ADDON)}", [part for part in meant if part is not None])


def build(model: Model, identity: Identity, profile: str, addon: tuple[str, ...] = ()) -> Blueprint:
    """The blueprint of one device.

    Raises:
        KeyError: The model has no such profile.
    """
    info = device_info(model, identity, profile)
    config: dict[str, JSONObject] = {}
    status: dict[str, JSONObject] = {}
    keys = [*_keys((*model.common, *model.profiles[profile])), *_keys(addon, first=_FIRST_ADDON)]
    for key, part in keys:
        settings, shown = _built(model.app, model.version, part, key)
        if settings is not None:
            config[key] = _own(settings, str(info["id"])) if part == "thermostat" else settings
        if shown is not None:
            status[key] = shown
    for key, settings, shown in _single(model, identity, info, [key for key, _ in keys], addon=bool(addon)):
        if settings is not None:
            config[key] = prune(model.app, model.version, key, "config", settings)
        if shown is not None:
            status[key] = prune(model.app, model.version, key, "status", shown)
    for path in model.absent:
        _leave_out(path, config, status)
    dynamic = gateway_devices(identity) if model.gateway else {}
    for key, (settings, shown, _) in dynamic.items():
        kind = key.partition(":")[0]
        config[key], status[key] = settings, prune(model.app, model.version, kind, "status", shown)
    return Blueprint(
        info=dict(status["sys"]) if model.is_wall_display else info,
        config=dict(sorted(config.items())),
        status=dict(sorted(status.items())),
        attrs={key: attrs for key, (_, _, attrs) in dynamic.items()},
        unlisted=frozenset(dynamic),
    )


def _with_more(blueprint: Blueprint, components: Mapping[str, JSONObject]) -> Blueprint:
    """A blueprint with components that the model does not have."""
    config, status = dict(blueprint.config), dict(blueprint.status)
    for key, given in components.items():
        number = component_id(key)
        own: JSONObject = {} if number is None else {"id": number}
        config[key] = {**own, **given.get("config", {})}
        status[key] = {**own, **given.get("status", {})}
    return replace(blueprint, config=dict(sorted(config.items())), status=dict(sorted(status.items())))


def _keys(parts: Iterable[str], first: int = 0) -> Iterator[tuple[str, str]]:
    """Component keys with their parts: ``("2*switch.pm2",)`` → ``switch:0`` and ``switch:1``, both ``switch.pm2``."""
    counts: dict[str, int] = {}
    for entry in parts:
        times, _, part = entry.rpartition("*")
        kind = PARTS[part].type
        for _ in range(int(times or 1)):
            if kind in _SINGLETONS:
                yield kind, part
            else:
                number = counts.get(kind, _FIRST.get(kind, first))
                counts[kind] = number + 1
                yield f"{kind}:{number}", part


@cache
def _built(app: str, version: str, part: str, key: str) -> tuple[JSONObject | None, JSONObject | None]:
    """Settings and status of a part under a key, shared between all devices that have it."""
    found, number = PARTS[part], key.partition(":")[2]
    if not has(app, version, found.type):
        return None, None
    own: JSONObject = {"id": int(number)} if number else {}
    config, status = found.config, found.status
    if config is not None:
        config = {**(own if config else {}), **prune(app, version, found.type, "config", config)}
    if status is not None:
        status = {**(own if found.numbered else {}), **prune(app, version, found.type, "status", status)}
    return config, status


def _single(model: Model, identity: Identity, info: JSONObject, keys: list[str], *, addon: bool) -> Iterator[Furnished]:
    """What depends on the single device."""
    yield from network_parts(model, identity, str(info["id"]))
    if model.is_wall_display:
        yield wall_system_part(model, identity, info, [key for key in keys if key.startswith("switch:")])
    else:
        yield system_part(model, identity, info, keys, addon=addon)


def _leave_out(path: str, config: dict[str, JSONObject], status: dict[str, JSONObject]) -> None:
    """Take away a component, or one of its settings: ``wifi.ap.range_extender``."""
    key, *names = path.split(".")
    if not names:
        config.pop(key, None)
        status.pop(key, None)
    elif len(names) == 1:
        config[key] = {name: value for name, value in config[key].items() if name != names[0]}
    else:
        inner = {name: value for name, value in config[key][names[0]].items() if name != names[1]}
        config[key] = {**config[key], names[0]: inner}


def _own(settings: JSONObject, device_id: str) -> JSONObject:
    return {
        name: value.replace("{id}", device_id.lower()) if isinstance(value, str) else value
        for name, value in settings.items()
    }
