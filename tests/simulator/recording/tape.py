"""Recordings made by hand: a device, and lines about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fleet_platform.simulator.recording.lines import Header, Kind, Line, encode_header, encode_line

PLUG = "shellyplus1pm-a8032ab12345"
SENSOR = "shellyplusht-a8032ab00001"


def dump(device: str = PLUG, **status: Any) -> dict[str, Any]:
    """A plug with one switch, or whatever the status says."""
    mac = device.rpartition("-")[2].upper()
    info = {"id": device, "mac": mac, "model": "SNSW-001P16EU", "gen": 2, "app": "Plus1PM", "ver": "1.4.4"}
    status = {
        "switch:0": {"id": 0, "output": False, "apower": 0.0},
        "sys": {"mac": mac, "uptime": 77, "cfg_rev": 3, "unixtime": 1_700_000_000},
        **status,
    }
    config = {"switch:0": {"id": 0, "name": "Lamp"}, "sys": {"device": {"name": None, "mac": mac}}}
    return {"info": info, "config": config, "status": status}


def line(t: float, kind: Kind, body: dict[str, Any] | None = None, device: str = PLUG, **said: Any) -> Line:
    """A line about the plug, or another device."""
    return Line(t=t, kind=kind, device=device, body=body or {}, **said)


def change(t: float, device: str = PLUG, **status: Any) -> Line:
    """A device tells a change: ``change(1, switch_0={"output": True})``."""
    params = {name.replace("_", ":"): part for name, part in status.items()}
    return line(t, "in", {"src": device, "dst": "ws", "method": "NotifyStatus", "params": {"ts": t, **params}}, device)


def event(t: float, component: str, name: str, device: str = PLUG, **data: Any) -> Line:
    """A device tells an event."""
    events = [{"component": component, "event": name, "ts": t, **data}]
    frame = {"src": device, "dst": "ws", "method": "NotifyEvent", "params": {"ts": t, "events": events}}
    return line(t, "in", frame, device)


def asked(t: float, number: int, method: str, params: Any, device: str = PLUG, **outcome: Any) -> list[Line]:
    """A device is asked and answers ``result`` or ``error``."""
    request = {"id": number, "method": method, **({} if params is None else {"params": params})}
    return [
        line(t, "out", request, device),
        line(t, "in", {"id": number, "src": device, "dst": "FLEET_MANAGER", **outcome}, device),
    ]


def write(path: Path, *lines: Line, version: int = 1) -> Path:
    """A recording of these lines."""
    header = Header(version=version, made_by="a test", started="2026-02-01T12:00:00Z", masked=False)
    path.write_bytes(encode_header(header) + b"".join(map(encode_line, lines)))
    return path
