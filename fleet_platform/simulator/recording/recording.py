"""A recording as it is read: looked through once as a whole, then played line by line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path

import orjson

from fleet_platform.simulator.recording.lines import VERSION, BadLine, Header, Line, decode_header, decode_line
from fleet_platform.simulator.targets import mac_of
from plugin_sdk import JSON, JSONObject

_MAX_LINE = 64 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_READS = {"getconfig": "config", "getstatus": "status"}


class BadRecording(ValueError):
    """A file that cannot be played at all; the text says why."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a device answered, and the last line in which it did so before it answered something else."""

    line: int
    body: JSONObject


@dataclass(slots=True)
class Replies:
    """What one device answered in the course of a recording, in order.

    Attributes:
        reads: By component key and part (``config``; ``status``; ``info`` of ``sys``): the part.
        answers: To all other calls, by method in lower case and parameters in one spelling: the answer's frame.
    """

    reads: dict[tuple[str, str], list[Said]] = field(default_factory=dict)
    answers: dict[tuple[str, bytes], list[Said]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording that can be played.

    Attributes:
        path: The file.
        header: Its first line.
        devices: Device id to the line that has it first.
        left_out: Devices that are not played, for each has the MAC of one before it.
        replies: Device id to what it answered.
        lines: How many lines can be played, the first one included.
        duration_s: Time of the last of them.
        damage: Why it goes no further, naming the line; None if all of it can be played.
        ended: Whether whoever recorded it ended it in order.
    """

    path: Path
    header: Header
    devices: dict[str, int]
    left_out: frozenset[str]
    replies: dict[str, Replies]
    lines: int
    duration_s: float
    damage: str | None
    ended: bool

    def entries(self) -> Iterator[tuple[int, Line]]:
        """The lines after the first with their numbers, as far as the recording can be played.

        Raises:
            BadRecording: The file is not any more what it was.
        """
        try:
            with _open(self.path) as stream:
                stream.readline(_MAX_LINE)
                for number in range(2, self.lines + 1):
                    line = decode_line(stream.readline(_MAX_LINE))
                    if line.device not in self.left_out:
                        yield number, line
        except (OSError, EOFError, zlib.error, BadLine) as error:
            raise BadRecording(f"{self.path.name} was changed while it was played") from error


def open_recording(path: Path) -> Recording:
    """Look through a recording. Reads all of it.

    Raises:
        BadRecording: It is none, of a version that is not known, or has no device.
    """
    look = _Look()
    header: Header | None = None
    damage: str | None = None
    number = 0
    try:
        with _open(path) as stream:
            while True:
                try:
                    text = stream.readline(_MAX_LINE)
                except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                    raise BadLine("the file is cut off or damaged there") from error
                if not text:
                    break
                if header is None:
                    header = decode_header(text)
                    if header.version != VERSION:
                        raise BadRecording(
                            f"{path.name} is a recording of version {header.version}; this program plays {VERSION}"
                        )
                else:
                    look.at(number + 1, decode_line(text))
                number += 1
    except OSError as error:
        raise BadRecording(f"{path.name} cannot be read: {error.strerror or error}") from error
    except BadLine as error:
        if header is None:
            raise BadRecording(f"{path.name} is no recording: {error}") from error
        damage = f"line {number + 1} of {path.name} cannot be played: {error}"
    if header is None:
        raise BadRecording(f"{path.name} is no recording: it is empty")
    if not look.devices:
        raise BadRecording(damage or f"{path.name} has no device")
    return Recording(
        path=path,
        header=header,
        devices=look.devices,
        left_out=frozenset(look.left_out),
        replies=look.replies,
        lines=number,
        duration_s=look.last_s,
        damage=damage,
        ended=look.ended,
    )


class _Look:
    """Goes through the lines once and remembers what playing needs to know in advance."""

    def __init__(self) -> None:
        self.devices: dict[str, int] = {}
        self.left_out: set[str] = set()
        self.replies: dict[str, Replies] = {}
        self.last_s = 0.0
        self.ended = False
        self._macs: dict[str, str] = {}
        self._asked: dict[str, dict[JSON, JSONObject]] = {}
        self._added: set[tuple[str, str]] = set()

    def at(self, number: int, line: Line) -> None:
        """Take a line.

        Raises:
            BadLine: It does not fit those before it.
        """
        self.last_s = max(self.last_s, line.t)
        self.ended = line.kind == "end"
        if line.device in self.left_out:
            return
        if line.kind in ("device", "connect"):
            self._meet(number, line)
        elif line.device and line.device not in self.devices:
            raise BadLine(f"it is about {line.device}, which was not introduced")
        elif line.kind == "out":
            self._asked.setdefault(line.device, {})[_id_of(line)] = line.body
        elif line.kind == "in" and "method" not in line.body:
            self._reply(number, line)
        elif line.kind == "in":
            for event in events_of(line.body):
                if event.get("event") == "component_added":
                    self._added.add((line.device, str(event.get("target"))))

    def _meet(self, number: int, line: Line) -> None:
        if str(line.body["info"].get("id", "")).lower() != line.device.lower():
            raise BadLine(f"its dump is not of {line.device}")
        if self._macs.setdefault(mac_of(line.device), line.device) != line.device:
            self.left_out.add(line.device)
            return
        self.devices.setdefault(line.device, number)
        self._asked.pop(line.device, None)

    def _reply(self, number: int, line: Line) -> None:
        request = self._asked.get(line.device, {}).pop(_id_of(line), None)
        if request is None:
            return
        method, params = str(request.get("method", "")), request.get("params")
        known = self.replies.setdefault(line.device, Replies())
        read = read_of(method, params)
        if read is None:
            _add(known.answers.setdefault((method.lower(), spelled(params)), []), number, line.body)
        elif isinstance(result := line.body.get("result"), dict):
            if read[1] == "status" and (line.device, read[0]) not in self._added:
                return  # Its notifications tell its status; only that of a new component is looked up.
            self._added.discard((line.device, read[0]))
            _add(known.reads.setdefault(read, []), number, result)


def _id_of(line: Line) -> int | str | None:
    """What connects a question with its answer.

    Raises:
        BadLine: It is nothing of the kind.
    """
    number = line.body.get("id")
    if not isinstance(number, int | str | None):
        raise BadLine("the id of its frame is neither a number nor a text")
    return number


def _add(said: list[Said], number: int, body: JSONObject) -> None:
    if said and _told(said[-1].body) == _told(body):
        said[-1] = Said(number, body)
    else:
        said.append(Said(number, body))


def _told(body: JSONObject) -> JSONObject:
    """An answer without what differs between equal ones."""
    return {name: value for name, value in body.items() if name not in ("id", "src", "dst")} if "src" in body else body


def events_of(frame: JSONObject) -> list[JSONObject]:
    """The events in a notification."""
    params = frame.get("params")
    events = params.get("events") if isinstance(params, dict) else None
    return [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []


def read_of(method: str, params: JSON) -> tuple[str, str] | None:
    """Component key and part that a method reads; None for one that does something else.

    >>> read_of("Switch.GetConfig", {"id": 0})
    ('switch:0', 'config')
    >>> read_of("Shelly.GetDeviceInfo", None)
    ('sys', 'info')
    """
    namespace, _, verb = method.lower().partition(".")
    if namespace == "shelly":
        return ("sys", "info") if verb == "getdeviceinfo" else None
    part = _READS.get(verb)
    if part is None:
        return None
    number = params.get("id") if isinstance(params, dict) else None
    return (namespace if number is None else f"{namespace}:{number}"), part


def spelled(params: JSON) -> bytes:
    """Parameters in one spelling, however their members are ordered; none are an empty object."""
    return orjson.dumps(params or {}, option=orjson.OPT_SORT_KEYS)


def _open(path: Path) -> BufferedIOBase:
    with path.open("rb") as stream:
        packed = stream.read(len(_GZIP)) == _GZIP
    return gzip.open(path) if packed else path.open("rb")
