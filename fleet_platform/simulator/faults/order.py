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
    what, has_devices, on = text.partition("@")
    name, has_parameters, listed = what.partition(":")
    if not name.strip():
        raise _bad(text, "names no fault; expected NAME[:PARAMETER=VALUE,…][@DEVICES]")
    if has_devices and not on.strip():
        raise _bad(text, "names no devices behind @; leave it out for all")
    given = _parameters(text, listed) if has_parameters else {}
    for_s = _read_for(given.pop(_FOR, None))
    return Order(fault=read_fault(name, given), on=on or ALL, for_s=for_s)


def _parameters(text: str, listed: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in listed.split(","):
        name, has_value, value = (piece.strip() for piece in part.partition("="))
        if not name:
            raise _bad(text, "lacks a parameter behind : or a comma; expected PARAMETER=VALUE")
        if not has_value:
            raise _bad(text, f"gives {name!r} no value; expected {name}=VALUE")
        if name in given:
            raise _bad(text, f"gives {name!r} a second time")
        given[name] = value
    return given


def _bad(text: str, what: str) -> BadFault:
    return BadFault([(None, f"{text!r} {what}")])


def _read_for(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return read_duration(float(value) if value.replace(".", "", 1).isdecimal() else value)
    except ValueError as err:
        raise BadFault([(_FOR, f"{_FOR}: {value!r}: {err}")]) from err
