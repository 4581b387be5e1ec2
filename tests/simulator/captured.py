"""Frames that real devices were heard to send, and what of a frame counts when a simulated one is held against it.

Measurements, times, names, addresses and versions differ between any two devices; everything else counts: the method,
component keys, field names, the kind of each value, whether it is true, false or null, and the texts that name an
event, a source, a state or an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest

from tests.simulator.conftest import NOTIFICATIONS

Frame: TypeAlias = dict[str, Any]

_NAMING = frozenset({"component", "event", "msg", "source", "status", "boot", "cause", "method"})
"""Fields whose text is part of the protocol; so is every text in ``errors``."""

_EPOCH = 1_000_000_000
"""Smaller times are seconds since boot, by a device whose clock is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A frame that a real device sent.

    Attributes:
        frame: It, as far as the source shows it; some show no ``src`` and ``dst``, some only the event.
        truncated: Whether the source ends in the middle of it.
    """

    frame: Frame
    truncated: bool


def captured_frames() -> list[Captured]:
    """The frames in the order of their lines: the first is line 1."""
    if not NOTIFICATIONS.is_file():
        pytest.skip(f"no captured frames in {NOTIFICATIONS}")
    lines = map(json.loads, NOTIFICATIONS.read_text().splitlines())
    return [Captured(frame=line["frame"], truncated=line["note"].startswith("TRUNCATED")) for line in lines]


def differences(real: Captured, sent: Frame, *, inbound: bool) -> tuple[set[str], set[str]]:
    """Paths of what only a captured frame has, and of what only the sent one has.

    Args:
        real: The captured frame.
        sent: The other one.
        inbound: Whether the other one was heard in the device's own network, and not on its outbound websocket.
    """
    there = _likeness(real.frame if inbound else _outbound(real.frame))
    here = _likeness(_comparable(sent, real))
    only_there = {path for path, value in there.items() if here.get(path) != value}
    return only_there, {path for path, value in here.items() if there.get(path) != value}


def _outbound(frame: Frame) -> Frame:
    """A captured frame as the device would have sent it on its outbound websocket.

    The frames came through several channels, and only ``dst`` tells which: on the outbound websocket it is always
    ``ws``, on the inbound one the ``src`` of whoever asked last, over MQTT ``<topic prefix>/events``. A Wall Display
    says ``user_1`` everywhere. Answers go to the ``src`` of the request on every channel.

    Source: protocol reference A2.
    """
    return {**frame, "dst": "ws"} if "method" in frame and frame.get("dst") not in (None, "user_1") else frame


def _comparable(sent: Frame, real: Captured) -> Frame:
    """A sent frame without what the source of the captured one does not show."""
    kept = {name: value for name, value in sent.items() if name in real.frame or name not in ("src", "dst")}
    params = real.frame.get("params", {})
    if "params" in kept and "ts" not in params:
        kept["params"] = {name: value for name, value in kept["params"].items() if name != "ts"}
    return _as_far_as(kept, real.frame) if real.truncated else kept


def _as_far_as(sent: Frame, cut: Frame) -> Frame:
    """The beginning of an object, up to the place where the captured one was cut off."""
    kept: Frame = {}
    last = list(cut)[-1]
    for name, value in sent.items():
        kept[name] = _as_far_as(value, cut[name]) if name == last and isinstance(value, dict) else value
        if name == last:
            break
    return kept


def _likeness(frame: Frame) -> dict[str, str]:
    """What counts of a frame, as path to value or kind: ``{"params.switch:0.output": "true", …}``."""
    found = dict(_leaves(frame, ""))
    if "src" in frame:
        found["src"] = "the device"
    params = frame.get("params", {})
    if "ts" in params:
        found["params.ts"] = _moment(params["ts"]) + (", last" if list(params)[-1] == "ts" else "")
    for number, event in enumerate(params.get("events", ())):
        same = event["ts"] == params.get("ts", event["ts"])
        found[f"params.events.{number}.ts"] = f"{_moment(event['ts'])}, {'the same' if same else 'another'}"
    return found


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{number}")
    elif isinstance(value, str):
        yield from _text(value, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, "number"
    else:
        yield path, json.dumps(value)


def _text(value: str, path: str) -> Iterator[tuple[str, str]]:
    """A text of the protocol counts, with its numbers left out; of another only that it is one."""
    if path == "error.message" and value.startswith("{"):
        yield from _leaves(json.loads(value), path)
    elif path == "error.message":
        yield path, re.sub(r"(?<= in )\d+(?= ms)", "so many", value)
    elif path.rpartition(".")[2] in _NAMING or ".errors." in path or path == "dst":
        yield path, value
    else:
        yield path, "text"


def _moment(ts: float) -> str:
    kind = "UTC" if ts >= _EPOCH else "uptime"
    return f"{kind}, whole seconds" if isinstance(ts, int) else kind
