"""The lines of a recording, each a JSON object, and their encoding. Pure.

::

    {"format": "fleet-platform recording", "version": 1, "made_by": "…", "started": "2026-02-01T…Z", "masked": true}
    {"t": 0.0, "device": "shellyplus1-…", "online": true, "dump": {"info": {…}, "config": {…}, "status": {…}}}
    {"t": 1.204, "device": "shellyplus1-…", "dir": "in", "frame": {…}}
    {"t": 7.9, "device": "shellyplus1-…", "event": "disconnect", "reason": "connection lost"}
    {"t": 9.1, "device": "shellyplus1-…", "event": "connect", "dump": {…}}
    {"t": 12.0, "event": "lost"}
    {"t": 14.2, "event": "resumed", "complete": true}
    {"t": 60.0, "event": "end"}

``t`` is in seconds since the start. ``in`` is what a device sent, ``out`` what it was asked. A device line after the
first messages says how things stand after messages were missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import orjson

from fleet_platform.text import MAX_DEPTH, JSONDecodeError, TooDeep, decode
from plugin_sdk import JSON, JSONObject

FORMAT = "fleet-platform recording"
VERSION = 1

Kind: TypeAlias = Literal["device", "connect", "disconnect", "in", "out", "lost", "resumed", "end"]

_MAX_DEPTH = MAX_DEPTH + 8
"""A line goes around a frame, or around the parts of a device."""

_DIRECTIONS: tuple[Kind, ...] = ("in", "out")
_MARKS: tuple[Kind, ...] = ("lost", "resumed", "end")
_EVENTS: tuple[Kind, ...] = ("connect", "disconnect", *_MARKS)


class BadLine(ValueError):
    """A line that cannot be understood; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line.

    Attributes:
        version: Of the format.
        made_by: The program.
        started: When, ISO 8601.
        masked: Whether names, addresses and the like were replaced.
    """

    version: int = VERSION
    made_by: str = ""
    started: str = ""
    masked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Any other line.

    Attributes:
        t: Seconds since the start.
        kind: What it is.
        device: Whom it is about; empty for a mark of the recording itself.
        body: The frame, or the dump of the device.
        online: Of a device: whether it is connected.
        reason: Of a disconnect: as the platform told it.
        complete: Of a resumed recording: whether nothing was missed.
    """

    t: float
    kind: Kind
    device: str = ""
    body: JSONObject = field(default_factory=dict)
    online: bool = False
    reason: str = ""
    complete: bool = False


def encode_header(header: Header) -> bytes:
    """The first line's text, with its end."""
    said = {"made_by": header.made_by, "started": header.started, "masked": header.masked}
    return orjson.dumps({"format": FORMAT, "version": header.version, **said}, option=orjson.OPT_APPEND_NEWLINE)


def decode_header(text: bytes) -> Header:
    """Read the first line.

    Raises:
        BadLine: It is not the first line of a recording.
    """
    said = _object(text)
    if said.get("format") != FORMAT or type(said.get("version")) is not int:
        raise BadLine("it does not begin as one")
    return Header(
        version=said["version"],
        made_by=str(said.get("made_by", "")),
        started=str(said.get("started", "")),
        masked=said.get("masked") is True,
    )


def encode_line(line: Line) -> bytes:
    """A line's text, with its end."""
    said: JSONObject = {"t": line.t}
    if line.kind not in _MARKS:
        said["device"] = line.device
    match line.kind:
        case "device":
            said.update(online=line.online, dump=line.body)
        case "in" | "out":
            said.update(dir=line.kind, frame=line.body)
        case "connect":
            said.update(event=line.kind, dump=line.body)
        case "disconnect":
            said.update(event=line.kind, reason=line.reason)
        case "resumed":
            said.update(event=line.kind, complete=line.complete)
        case "lost" | "end":
            said.update(event=line.kind)
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


def decode_line(text: bytes) -> Line:
    """Read a line.

    Raises:
        BadLine: It is none.
    """
    said = _object(text)
    kind, t, device = _kind(said), said.get("t"), said.get("device", "")
    if isinstance(t, bool) or not isinstance(t, int | float) or t < 0:
        raise BadLine("it has no time")
    if not isinstance(device, str) or (not device and kind not in _MARKS):
        raise BadLine("it names no device")
    body: JSONObject = {}
    if kind in _DIRECTIONS:
        body = _part(said, "frame")
    elif kind in ("device", "connect"):
        body = _part(said, "dump")
        for part in ("info", "config", "status"):
            _part(body, part)
    return Line(
        t=float(t),
        kind=kind,
        device=device,
        body=body,
        online=said.get("online") is True,
        reason=str(said.get("reason", "")),
        complete=said.get("complete") is True,
    )


def _kind(said: Mapping[str, JSON]) -> Kind:
    for kind in _DIRECTIONS:
        if said.get("dir") == kind:
            return kind
    for event in _EVENTS:
        if said.get("event") == event:
            return event
    if "dump" in said and "online" in said:
        return "device"
    raise BadLine("it says nothing that is known")


def _object(text: bytes) -> JSONObject:
    try:
        said = decode(text, max_depth=_MAX_DEPTH)
    except TooDeep as error:
        raise BadLine(f"it is {error.msg}") from error
    except JSONDecodeError as error:
        raise BadLine("it is no JSON") from error
    if not isinstance(said, dict):
        raise BadLine("it is no JSON object")
    return said


def _part(said: Mapping[str, JSON], name: str) -> JSONObject:
    part = said.get(name)
    if not isinstance(part, dict):
        raise BadLine(f"it has no {name}")
    return part
