"""The devices of a scenario, tried out before it starts: which methods, gestures, fields and events they know.

Stand-ins are made of them in a world whose time never passes, one for each kind of device and only where somebody
asks. So a plugin's component answers for itself here, as it will in the run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from fleet_platform.simulator.component_types import load_component_types
from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.faults.methods import methods_of
from fleet_platform.simulator.models.parts import PARTS
from fleet_platform.simulator.outbound.dialler import read_url
from fleet_platform.simulator.scenario.cast import Role
from fleet_platform.simulator.world import Timing, World
from plugin_sdk import JSON, ComponentType, component_type

_log = logging.getLogger(__name__)

_NOWHERE = read_url("ws://127.0.0.1:1/shelly")

GESTURES = (
    *("single_push", "double_push", "triple_push", "long_push", "btn_down", "btn_up", "on", "off", "toggle"),
    *("percent 40", "count 10", "load 60", "load fridge", "load solar 2500", "load a 2000", "voltage 230"),
    *("temperature 20", "humidity 50", "lux 900", "daylight", "fault", "out of range", "well", "obstruct", "clear"),
    *("at 40", "lose b", "find b", "phase_sequence wrong", "phase_sequence right", "neutral 2", "battery 12"),
    *("usb on", "usb off", "alarm", "alarm_off", "mute", "test", "cable_unplugged", "cable_plugged", "away", "back"),
    *("decrypt_failed", "parse_failed", "not_calibrated", "not_mounted", "enter", "leave", "sta_disconnected"),
    *("sta_connect_fail", "roam", "disconnected", "connected", "commissioned", "removed", "update_available 1.8.0"),
)
"""Gestures to offer to somebody who wrote another; a component is asked which of these it takes."""

_NOW_AND_THEN = frozenset(
    {"errors", "flags", "timer_started_at", "timer_duration", "transition", "calibration", "source", "error_msg"}
    | {"started_at", "value", "live_track", "last_update_ts", "last_updated_ts", "packet_id", "fw_ver", "rpc", "rsv"}
    | {"available_updates", "available_updates.stable", "available_updates.beta", "restart_required"}
)
"""Fields that a status has only at times, so that no device fresh from its box shows them (notifications, dumps)."""

_EVERYWHERE = ("config_changed",)
_OF_A_USER = "script"
"""Its events have the names that a user's program gives them."""


class Rehearsal:
    """The stand-ins, as a context manager.

    Args:
        types: Component types; None for what the installed plugins contribute.
    """

    def __init__(self, types: Mapping[str, ComponentType] | None) -> None:
        self._types = types
        self._world: World | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._devices: dict[str, Device | None] = {}
        self._methods: dict[str, frozenset[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._world is not None:
            self._world.wheel.stop()
        if self._loop is not None:
            self._loop.close()

    def methods(self, roles: Iterable[Role]) -> frozenset[str]:
        """Methods that some of these answer, as they spell them."""
        found: set[str] = set()
        for role, device in self._stand_ins(roles):
            if role.kind not in self._methods:
                self._methods[role.kind] = frozenset(methods_of(device))
            found |= self._methods[role.kind]
        return frozenset(found)

    def takes(self, roles: Iterable[Role], key: str, gesture: str) -> bool:
        """Whether the component of some of these takes a gesture."""
        return any(_takes(device, key, gesture) for _, device in self._stand_ins(roles))

    def gestures(self, roles: Iterable[Role], key: str) -> Sequence[str]:
        """Gestures that are known to be taken by the component of some of these."""
        devices = [device for _, device in self._stand_ins(roles)]
        return [gesture for gesture in GESTURES if any(_takes(device, key, gesture) for device in devices)]

    def fields(self, roles: Iterable[Role], key: str) -> frozenset[str]:
        """Dotted paths of the fields that a component's status may have, of some of these; empty where it has none."""
        kind, found = component_type(key), set[str]()
        for _, device in self._stand_ins(roles):
            if key in device.state.status:
                found |= {*paths(device.state.status[key])}
        if not found:
            return frozenset()
        for part in PARTS.values():
            if part.type == kind:
                found |= {*paths(part.status or {})}
        described = self._known_types().get(kind)
        if described is not None:
            named = (*(field.path for field in described.fields), *(hook.path for hook in described.webhooks))
            found |= {above for path in named if path for above in _with_those_above(path)}
        return frozenset(found | _NOW_AND_THEN)

    def events(self, key: str) -> frozenset[str] | None:
        """Events that a component emits; None where it may emit any."""
        described = self._known_types().get(component_type(key))
        if described is None or described.type == _OF_A_USER:
            return None
        return frozenset((*described.events, *(hook.event for hook in described.webhooks if hook.event), *_EVERYWHERE))

    # ---- inside -----------------------------------------------------------------------------------------

    def _known_types(self) -> Mapping[str, ComponentType]:
        if self._types is None:
            self._types = load_component_types()
        return self._types

    def _stand_ins(self, roles: Iterable[Role]) -> Iterator[tuple[Role, Device]]:
        """A stand-in for each kind among these."""
        for role in {role.kind: role for role in roles}.values():
            if role.kind not in self._devices:
                self._devices[role.kind] = self._make(role)
            device = self._devices[role.kind]
            if device is not None:
                yield role, device

    def _make(self, role: Role) -> Device | None:
        try:
            return Device(self._stage(), role.origin, _NOWHERE, still=role.still)
        except Exception:
            # A dump may hold anything, and a behaviour is a plugin's code; the run will tell.
            _log.exception("no stand-in for simulated %s", role.id)
            return None

    def _stage(self) -> World:
        """The world of the stand-ins, on an event loop that never runs."""
        if self._world is None:
            self._loop = asyncio.new_event_loop()
            self._world = World(self._known_types(), Timing(), 0, loop=self._loop)
        return self._world


def paths(fields: Mapping[str, JSON], above: str = "") -> Iterator[str]:
    """Dotted paths of all fields of an object: ``aenergy``, ``aenergy.total``."""
    for name, value in fields.items():
        yield f"{above}{name}"
        if isinstance(value, dict):
            yield from paths(value, f"{above}{name}.")


def _with_those_above(path: str) -> Iterator[str]:
    """``aenergy.total`` → ``aenergy``, ``aenergy.total``."""
    words = path.split(".")
    return (".".join(words[: length + 1]) for length in range(len(words)))


def _takes(device: Device, key: str, gesture: str) -> bool:
    behaviour = device.behaviour(key)
    try:
        return behaviour is not None and behaviour.press(gesture)
    except Exception:
        # It knows the gesture, or its author's bug is no mistake of whoever wrote the scenario.
        _log.debug("stand-in for simulated %s failed at %s of %s", device.id, gesture, key, exc_info=True)
        return True
