"""A device of a replay: says what was recorded, and answers from what it knew then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import orjson

from fleet_platform.simulator.device.blueprint import Blueprint, Origin
from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.device.dump import DumpOrigin
from fleet_platform.simulator.device.merge import apply_patch
from fleet_platform.simulator.device.power import Power
from fleet_platform.simulator.outbound.dialler import Address
from fleet_platform.simulator.recording.recording import events_of, read_of
from fleet_platform.simulator.world import World
from plugin_sdk import JSON, JSONObject
from plugin_sdk.simulation import DeviceFault

_NO_METHOD = 404


class Director(Protocol):
    """Who plays a device's part of a recording."""

    def connection_changed(self, *, connected: bool) -> None:
        """The device is connected, or no longer."""

    def was_asked(self, method: str, params: JSON) -> None:
        """The server asked the device for something."""

    def answer(self, method: str, params: JSON) -> JSONObject | None:
        """The recorded answer to a call: a frame; None if there is none."""

    def any_answer(self, method: str) -> JSONObject | None:
        """As :meth:`answer`, whatever the parameters were."""


class RecordedPower(Power):
    """Never sleeps by itself: when a device slept is in the recording."""

    __slots__ = ()

    @property
    def sleeper(self) -> bool:
        """No."""
        return False


class RecordedDevice(Device):
    """A played device whose clock, too, is that of the recording."""

    __slots__ = ("_director",)

    def __init__(
        self, world: World, origin: Origin, address: Address, *, director: Director, still: bool = True
    ) -> None:
        self._director = director
        super().__init__(world, origin, address, still=still)
        self.power = RecordedPower(self)

    def take_up(self, dump: JSONObject) -> None:
        """Be as a dump has it, from now on."""
        self.origin = DumpOrigin(blueprint_of(dump))
        self.become(None)
        self._run()

    def say(self, frame: JSONObject) -> None:
        """Send a notification as it was recorded, and know from now on what it tells."""
        self._learn(frame)
        self.send_text(orjson.dumps(frame))
        self.world.stats.notifications += 1

    def remember(self, key: str, part: str, value: JSONObject) -> None:
        """Know what the device answered about a component; see :class:`Replies`."""
        if part == "info":
            self.state.info = {**value, "id": self.id}
        elif part == "config":
            self.state.config[key] = value
        else:
            self.state.status[key] = orjson.loads(orjson.dumps(value))

    def call(self, method: str, params: Mapping[str, JSON] | None = None, *, source: str = "loopback") -> JSON:
        """Answer the server as was recorded, where a call is; anybody and anything else as any device does.

        Raises:
            DeviceFault: As the method answers to anybody.
        """
        if source != self.session.dialect.rpc_source:
            return super().call(method, params, source=source)
        self._director.was_asked(method, params)
        if read_of(method, params) is None and (found := self._director.answer(method, params)) is not None:
            return _outcome(found)
        try:
            return super().call(method, params, source=source)
        except DeviceFault as fault:
            found = self._director.any_answer(method) if fault.code == _NO_METHOD else None
            if found is None:
                raise
            return _outcome(found)

    def connection_changed(self, *, connected: bool) -> None:
        """Tell whoever plays it."""
        super().connection_changed(connected=connected)
        self._director.connection_changed(connected=connected)

    def _refresh(self) -> None:
        """Uptime and clock are what the recording says."""

    def _learn(self, frame: JSONObject) -> None:
        params = frame.get("params")
        if not isinstance(params, dict):
            return
        status: JSONObject = {key: part for key, part in params.items() if isinstance(part, dict | None)}
        if frame.get("method") == "NotifyFullStatus":
            kept = {key: part for key, part in self.state.status.items() if key in self.state.unlisted}
            self.state.status = {**kept, **{key: dict(part) for key, part in status.items() if part is not None}}
        elif frame.get("method") == "NotifyStatus":
            apply_patch(self.state.status, orjson.loads(orjson.dumps(status)))
        for event in events_of(frame):
            if event.get("event") == "component_removed" and isinstance(target := event.get("target"), str):
                self.state.remove(target)


def blueprint_of(dump: JSONObject) -> Blueprint:
    """The device in a dump of a recording, which has all components in one place."""
    config, status = (
        {key: part for key, part in dump[name].items() if isinstance(part, dict)} for name in ("config", "status")
    )
    if not isinstance(status.get("sys", {}).get("uptime", 0), int | float):
        # A clock is set by it.
        status["sys"] = {name: value for name, value in status["sys"].items() if name != "uptime"}
    return Blueprint(info=dump["info"], config=config, status=status)


def _outcome(frame: JSONObject) -> JSON:
    """The result in an answer.

    Raises:
        DeviceFault: The answer is an error.
    """
    error = frame.get("error")
    if isinstance(error, dict):
        code = error.get("code")
        raise DeviceFault(code if isinstance(code, int) else 0, str(error.get("message", "")))
    return frame.get("result")
