"""Parts of actions that several component types share."""

from __future__ import annotations

from fleet_shelly.schemas import Schema, array, choice, number
from plugin_sdk import Action, Parameter


def parameter(schema: Schema, *, required: bool = False) -> Parameter:
    """A parameter that is called after its schema's title; a constant has none."""
    return Parameter(schema=schema, label=str(schema.get("title", "")), required=required)


TOGGLE_AFTER = parameter(number("Flip back after", unit="s", minimum=0))


def reset_counters(namespace: str, *counters: str) -> Action:
    """Set counters of a component to zero; offered where it has one of them."""
    return Action(
        name="reset_counters",
        method=f"{namespace}.ResetCounters",
        label="Reset counters",
        parameters={"type": parameter(array("Counters", choice("Counter", *counters)))},
        available=lambda view: any(view.status.get(name) is not None for name in counters),
    )
