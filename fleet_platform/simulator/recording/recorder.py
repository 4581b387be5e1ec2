"""From the platform's events to the lines of a recording. No I/O: events come in by calls, lines leave by one.

Order: :meth:`Recorder.begin` once, then whatever happens, then :meth:`Recorder.end`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Literal

from fleet_platform.simulator.recording.lines import Header, Kind, Line, encode_header, encode_line
from fleet_platform.simulator.recording.masking import Mask
from fleet_platform.simulator.targets import mac_of
from plugin_sdk import JSON, JSONObject

EVENTS = ("Shelly.Connect", "Shelly.Disconnect", "Shelly.Request", "Shelly.Message")
"""What to subscribe to, with a snapshot."""

_MAX_ASKED = 1_000


class Recorder:
    """Records what a platform tells.

    Args:
        write: Takes the text of each line, with its end.
        mask: What hides who and where; None to record as it is.
        devices: Only devices whose id fits this pattern, in any case: ``shellyplus*``.
        clock: Seconds on a monotonic scale.
        warn: Called with what whoever records should know.

    Attributes:
        devices: How many devices are recorded.
        frames: How many frames were.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        *,
        mask: Mask | None,
        devices: str = "*",
        clock: Callable[[], float] = time.monotonic,
        warn: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._write = write
        self._mask = mask
        self._pattern = devices.lower()
        self._clock = clock
        self._warn = warn
        self._started = clock()
        self._known: dict[str, str] = {}
        self._macs: dict[str, str] = {}
        self._asked: dict[str, set[JSON]] = {}
        self.frames = 0

    @property
    def devices(self) -> int:
        """How many devices are recorded."""
        return len(self._known)

    def begin(self, devices: Iterable[JSONObject], *, made_by: str, started: datetime | None = None) -> None:
        """Write the header and how things stand.

        Args:
            devices: As the platform shows them, for example in a snapshot; those that are not wanted are left out.
            made_by: The program, with its version.
            started: When; now if it is not said.
        """
        self._started = self._clock()
        moment = (started or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._write(encode_header(Header(made_by=made_by, started=moment, masked=self._mask is not None)))
        self._stand(devices)

    def take(self, event: str, params: JSON) -> None:
        """Record an event of one of the names of :data:`EVENTS`; others, and malformed ones, are passed over."""
        if not isinstance(params, dict) or not isinstance(device := params.get("shellyID"), str):
            return
        if not self._is_wanted(device):
            return
        match event, params:
            case "Shelly.Connect", {"device": dict(shown)}:
                self._connected(device, shown)
            case "Shelly.Disconnect", _ if device in self._known:
                self._put("disconnect", device, reason=str(params.get("reason", "")))
            case "Shelly.Request", {"id": int() | str() as number, "method": str(method)} if device in self._known:
                asked = self._asked.setdefault(device, set())
                if len(asked) >= _MAX_ASKED:
                    asked.clear()
                asked.add(number)
                self._frame("out", device, _request(number, method, params.get("params")), None)
            case "Shelly.Message", {"message": dict(frame)} if device in self._known and _is_sound(frame):
                self._message(device, frame, params.get("req"))
            case _:
                pass

    def lost(self) -> None:
        """The connection to the platform is lost."""
        self._put("lost")

    def resumed(self, *, complete: bool, devices: Iterable[JSONObject] = ()) -> None:
        """The connection is back.

        Args:
            complete: Whether all events that were missed follow.
            devices: How things stand, if not.
        """
        self._put("resumed", complete=complete)
        self._stand(devices)

    def end(self) -> None:
        """Nothing follows."""
        self._put("end")

    # ---- inside -----------------------------------------------------------------------------------------

    def _stand(self, devices: Iterable[JSONObject]) -> None:
        wanted = [device for device in devices if self._is_wanted(str(device.get("shellyID", "")))]
        dumps = {str(device["shellyID"]): dump_of(device) for device in wanted}
        if self._mask is not None:
            for name, dump in dumps.items():
                self._mask.learn(name, dump)
        for device in wanted:
            name = str(device["shellyID"])
            self._know(name)
            self._put("device", name, body=self._masked(dumps[name]), online=device.get("source") == "ws")

    def _connected(self, device: str, shown: JSONObject) -> None:
        dump = dump_of(shown)
        if device not in self._known and self._mask is not None:
            self._mask.learn(device, dump)
        self._know(device)
        self._asked.pop(device, None)
        self._put("connect", device, body=self._masked(dump))

    def _message(self, device: str, frame: JSONObject, request: JSON) -> None:
        if not isinstance(request, dict) or "method" in frame:
            self._frame("in", device, frame, None)
            return
        number, method = frame.get("id"), str(request.get("method", ""))
        asked = self._asked.get(device, set())
        if number in asked:
            asked.discard(number)
        else:
            # It was sent before the recording began.
            self._frame("out", device, _request(number, method, request.get("params")), None)
        self._frame("in", device, frame, method)

    def _frame(self, direction: Literal["in", "out"], device: str, frame: JSONObject, answers: str | None) -> None:
        self.frames += 1
        body = frame if self._mask is None else self._mask.frame(frame, answers)
        self._put(direction, device, body=body)

    def _put(self, kind: Kind, device: str = "", **said: JSON) -> None:
        t = round(self._clock() - self._started, 3)
        self._write(encode_line(Line(t=t, kind=kind, device=self._known.get(device, ""), **said)))

    def _masked(self, dump: JSONObject) -> JSONObject:
        return dump if self._mask is None else {part: self._mask.value(value) for part, value in dump.items()}

    def _know(self, device: str) -> None:
        if device in self._known:
            return
        self._known[device] = device if self._mask is None else self._mask.id(device)
        first = self._macs.setdefault(mac_of(device), device)
        if first != device:
            self._warn(f"{device} has the same MAC as {first}: a replay will leave it out")

    def _is_wanted(self, device: str) -> bool:
        return bool(device) and fnmatchcase(device.lower(), self._pattern)


def dump_of(device: Mapping[str, JSON]) -> JSONObject:
    """The dump in a device as the platform shows it: ``{info, config, status}``, dynamic components included."""
    info, settings, status = device.get("info"), device.get("settings"), device.get("status")
    return {
        "info": {"id": device.get("shellyID"), **(info if isinstance(info, dict) else {})},
        "config": settings if isinstance(settings, dict) else {},
        "status": {
            # A component that is gone may be null.
            key: value
            for key, value in (status if isinstance(status, dict) else {}).items()
            if value is not None
        },
    }


def _is_sound(frame: JSONObject) -> bool:
    """Whether a frame is one that an answer can be told from."""
    return "method" in frame or isinstance(frame.get("id"), int | str | None)


def _request(number: JSON, method: str, params: JSON) -> JSONObject:
    frame: JSONObject = {"id": number, "method": method}
    return frame if params is None else {**frame, "params": params}
