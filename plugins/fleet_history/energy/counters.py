"""Which series count energy, and of what; none is counted twice. Pure.

Source: Shelly Gen2+ API: ``aenergy`` and ``ret_aenergy`` of Switch, Cover, Light, CCT, RGB, RGBW, PM1; EMData; EM1Data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from fleet_history.choice import Series
from plugin_sdk import component_type

Role: TypeAlias = Literal["used", "returned", "a", "b", "c", "a_returned", "b_returned", "c_returned"]
ROLES: Final[tuple[Role, ...]] = ("used", "returned", "a", "b", "c", "a_returned", "b_returned", "c_returned")
PHASES: Final = ("a", "b", "c")

FIELDS: Final = (
    *("aenergy.total", "ret_aenergy.total", "total_act_energy", "total_act_ret_energy", "total_act", "total_act_ret"),
    *(f"{phase}_total_act_{name}" for phase in PHASES for name in ("energy", "ret_energy")),
)
"""All fields that any role is made of."""

_PLAIN: Final[dict[str, Role]] = {"aenergy.total": "used", "ret_aenergy.total": "returned"}
_OF_TYPE: Final[dict[str, dict[str, Role]]] = {
    "em1data": {"total_act_energy": "used", "total_act_ret_energy": "returned"},
    "emdata": {"total_act": "used", "total_act_ret": "returned"},
}
_OF_PHASES: Final[dict[str, tuple[Role, Role]]] = {
    "a_total_act_energy": ("used", "a"),
    "b_total_act_energy": ("used", "b"),
    "c_total_act_energy": ("used", "c"),
    "a_total_act_ret_energy": ("returned", "a_returned"),
    "b_total_act_ret_energy": ("returned", "b_returned"),
    "c_total_act_ret_energy": ("returned", "c_returned"),
}


def roles(series: Iterable[Series], *, phases: bool, returned: bool) -> Iterator[tuple[Series, Role]]:
    """What each series counts; one may count for a total and for its phase.

    A meter of three phases has a total of its own. Where it has none, its phases are the total.
    """
    counters = [each for each in series if each.kind == "counter" and each.unit == "Wh"]
    has = {(each.device, each.component, each.field) for each in counters}
    for each in counters:
        kind = component_type(each.component)
        role = _OF_TYPE.get(kind, _PLAIN).get(each.field)
        if role is not None and (returned or role == "used"):
            yield each, role
        if kind == "emdata" and each.field in _OF_PHASES:
            total, phase = _OF_PHASES[each.field]
            if not returned and total == "returned":
                continue
            own = "total_act" if total == "used" else "total_act_ret"
            if (each.device, each.component, own) not in has:
                yield each, total
            if phases:
                yield each, phase
