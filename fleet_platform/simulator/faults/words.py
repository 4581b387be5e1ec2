"""Frames that a fault has a device say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_platform.simulator.outbound.outbox import encode_notification
from plugin_sdk import JSON

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


def full_status(device: Machine) -> bytes:
    """A ``NotifyFullStatus``, as after connecting."""
    return _notification(device, "NotifyFullStatus", device.full_status())


def event(device: Machine, key: str, name: str, **data: JSON) -> bytes:
    """A ``NotifyEvent``."""
    body = {"component": key, "event": name, **data, "ts": _timestamp(device)}
    return _notification(device, "NotifyEvent", {"events": [body]})


def _notification(device: Machine, method: str, params: dict[str, JSON]) -> bytes:
    return encode_notification(device.session.src, method, params, device.session.dialect, _timestamp(device))


def _timestamp(device: Machine) -> float:
    return int(device.now() * 100) / 100
