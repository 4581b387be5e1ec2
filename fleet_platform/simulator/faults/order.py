"""A fault as it is ordered on the command line: ``slow:delay_s=2,for=30s@*plug*``. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_platform.simulator.duration import read_duration
from fleet_platform.simulator.faults.fault import Fault
from fleet_platform.simulator.faults.table import BadFault, read_fault
from fleet_platform.simulator.targets import ALL

_FOR = "for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A fault and whom it is for.

    Attributes:
        fault: With its parameters.
        on: Word for the devices; see :class:`~fleet_platform.simulator.targets.Targets`.
        for_s: Undone after so many seconds; None for never.
    """

    fault: Fault
    on: str
    for_s: float | None


def read_order(text: str) -> Order:
    """The order in a text ``NAME[:PARAMETER=VALUE,…][@DEVICES]``; ``for`` is how long.

    Raises:
        BadFault: It is none; the text says why, and what is nearest.
    """
    what, _, on = text.partition("@")
    name, _, listed = what.partition(":")
    given = dict(_pair(text, part) for part in listed.split(",") if part.strip())
    for_s = _read_for(given.pop(_FOR, None))
    return Order(fault=read_fault(name, given), on=on or ALL, for_s=for_s)


def _pair(text: str, part: str) -> tuple[str, str]:
    name, found, value = part.partition("=")
    if not found:
        raise BadFault([(None, f"{part.strip()!r} in {text!r} has no value; expected {part.strip()}=VALUE")])
    return name.strip(), value.strip()


def _read_for(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return read_duration(float(value) if value.replace(".", "", 1).isdecimal() else value)
    except ValueError as err:
        raise BadFault([(_FOR, f"{_FOR}: {value!r}: {err}")]) from err
