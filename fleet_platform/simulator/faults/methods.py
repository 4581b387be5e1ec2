"""Whether devices have the RPC methods that somebody names, in a scenario or in a fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fleet_platform.simulator.device.machine import Machine
from fleet_platform.simulator.faults.fault import Fault
from fleet_platform.simulator.faults.faults import EVERY_METHOD
from fleet_platform.simulator.nearest import unknown
from fleet_platform.simulator.services import list_methods


def methods_of(device: Machine) -> Sequence[str]:
    """All methods that a device answers, as it spells them."""
    return (*device.state.replies, *list_methods(device, {})["methods"])


def method_in(fault: Fault) -> str | None:
    """The one method that a fault is about; None where it is about none, or about all."""
    return None if fault.concerns in ("", EVERY_METHOD) else fault.concerns


def unknown_method(method: str, known: Iterable[str]) -> str | None:
    """A sentence about a method that is not among the known; None if it is, in any case."""
    by_lower = {name.lower(): name for name in known}
    return None if method.lower() in by_lower else unknown("method", method, tuple(by_lower.values()))
