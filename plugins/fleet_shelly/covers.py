"""Covers: shutters, blinds, garage doors."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.actions import parameter, reset_counters
from fleet_shelly.fields import (
    CURRENT,
    DEVICE_TEMPERATURE,
    ENERGY,
    FREQUENCY,
    POWER,
    POWER_FACTOR,
    VOLTAGE,
    gauge,
    state,
)
from fleet_shelly.schemas import LIMITS, NAME, boolean, choice, form, integer, number, percent, section
from plugin_sdk import JSON, Action, ComponentType, ComponentView, EntitySpec

POSITION = percent("Position")
DURATION = parameter(number("For", unit="s", minimum=0.1))
DIRECTION = choice("Direction", "open", "close", "both")


def has_position(view: ComponentView) -> bool:
    """Whether the cover is calibrated, so that it knows where it is."""
    return view.status.get("pos_control") is True


def has_slats(view: ComponentView) -> bool:
    """Whether the cover turns its slats."""
    return has_position(view) and (view.settings.get("slat") or {}).get("enable") is True


def favourites(view: ComponentView) -> list[int]:
    """Favourite positions, in percent, sorted.

    They are kept where the device's own web page keeps them: ``sys.ui_data.cover`` is ``"25,50"`` for the
    first cover, ``cover1`` for the next. Source: real dumps, and the predecessor's entities.
    """
    key = f"cover{view.index or ''}"
    listed = (view.system.get("ui_data") or {}).get(key)
    if not isinstance(listed, str):
        return []
    positions = (part.strip() for part in listed.split(","))
    return sorted({int(position) for position in positions if position.isdecimal() and int(position) <= 100})


def _properties(view: ComponentView) -> Mapping[str, JSON]:
    return {"favorites": favourites(view)}


COVER = ComponentType(
    type="cover",
    namespace="Cover",
    title="Cover",
    entity=EntitySpec(suffix="cover", type="cover", label="Cover", label_always=True, properties=_properties),
    fields=(
        state("state", "State"),
        gauge("current_pos", "%", "Position"),
        gauge("slat_pos", "%", "Slat position"),
        POWER,
        VOLTAGE,
        CURRENT,
        POWER_FACTOR,
        FREQUENCY,
        ENERGY,
        DEVICE_TEMPERATURE,
    ),
    actions=(
        Action(name="open", method="Cover.Open", label="Open", parameters={"duration": DURATION}),
        Action(name="close", method="Cover.Close", label="Close", parameters={"duration": DURATION}),
        Action(name="stop", method="Cover.Stop", label="Stop"),
        Action(
            name="go_to_position",
            method="Cover.GoToPosition",
            label="Go to position",
            parameters={"pos": parameter(POSITION, required=True)},
            available=has_position,
        ),
        Action(
            name="turn_slats",
            method="Cover.GoToPosition",
            label="Turn slats",
            parameters={"slat_pos": parameter(percent("Slat position"), required=True)},
            available=has_slats,
        ),
        Action(name="calibrate", method="Cover.Calibrate", label="Calibrate"),
        reset_counters("Cover", "aenergy"),
    ),
    settings=form(
        {
            "name": NAME,
            "in_mode": choice("Input mode", "single", "dual", "detached"),
            "in_locked": boolean("Ignore the inputs"),
            "swap_inputs": boolean("Swap inputs"),
            "invert_directions": boolean("Swap directions"),
            "initial_state": choice("State after power-on", "open", "closed", "stopped"),
            "maintenance_mode": boolean("Maintenance mode"),
            "maxtime_open": number("Longest time to open", unit="s", minimum=0.1, maximum=300),
            "maxtime_close": number("Longest time to close", unit="s", minimum=0.1, maximum=300),
            "motor": section(
                "Motor",
                {
                    "idle_power_thr": number("Idle below", unit="W", minimum=0, maximum=50),
                    "idle_confirm_period": number("Idle for", unit="s", minimum=0.25, maximum=2),
                },
            ),
            "obstruction_detection": section(
                "Obstruction detection",
                {
                    "enable": boolean("Enable"),
                    "direction": DIRECTION,
                    "action": choice("Action", "stop", "reverse"),
                    "power_thr": number("Obstructed above", unit="W", minimum=0),
                    "holdoff": number("Ignored after start for", unit="s", minimum=0.1, maximum=300),
                },
            ),
            "safety_switch": section(
                "Safety switch",
                {
                    "enable": boolean("Enable"),
                    "direction": DIRECTION,
                    "action": choice("Action", "stop", "reverse", "pause"),
                    "allowed_move": choice("Still allowed", None, "reverse"),
                },
            ),
            "slat": section(
                "Slats",
                {
                    "enable": boolean("Enable"),
                    "open_time": number("Time to open", unit="s", minimum=0),
                    "close_time": number("Time to close", unit="s", minimum=0),
                    "step": integer("Step", unit="%", minimum=1, maximum=100),
                    "retain_pos": boolean("Keep position when the cover moves"),
                    "precise_ctl": boolean("Precise control"),
                },
            ),
            **LIMITS,
        }
    ),
)

COMPONENTS = (COVER,)
