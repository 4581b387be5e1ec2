"""Outputs that are on or off: relays and circuit breakers."""

from __future__ import annotations

from fleet_shelly.actions import TOGGLE_AFTER, parameter, reset_counters
from fleet_shelly.fields import (
    CURRENT,
    DEVICE_TEMPERATURE,
    ENERGY,
    FREQUENCY,
    OUTPUT,
    POWER,
    POWER_FACTOR,
    RETURNED_ENERGY,
    VOLTAGE,
    counter,
    state,
)
from fleet_shelly.schemas import AUTO_TIMERS, LIMITS, NAME, boolean, choice, form, integer, number
from plugin_sdk import Action, ComponentType, EntitySpec

SWITCH = ComponentType(
    type="switch",
    namespace="Switch",
    title="Switch",
    entity=EntitySpec(suffix="out", type="switch", label="Output"),
    fields=(
        OUTPUT,
        POWER,
        VOLTAGE,
        CURRENT,
        POWER_FACTOR,
        FREQUENCY,
        ENERGY,
        RETURNED_ENERGY,
        DEVICE_TEMPERATURE,
    ),
    actions=(
        Action(name="toggle", method="Switch.Toggle", label="Toggle"),
        Action(
            name="set",
            method="Switch.Set",
            label="Turn on or off",
            parameters={"on": parameter(boolean("On"), required=True), "toggle_after": TOGGLE_AFTER},
        ),
        reset_counters("Switch", "aenergy", "ret_aenergy"),
    ),
    settings=form(
        {
            "name": NAME,
            "in_mode": choice("Input mode", "momentary", "follow", "flip", "detached", "cycle", "activate"),
            "in_locked": boolean("Ignore the input"),
            "input_id": integer("Input", minimum=0),
            "initial_state": choice("State after power-on", "off", "on", "restore_last", "match_input"),
            **AUTO_TIMERS,
            **LIMITS,
            "autorecover_voltage_errors": boolean("Recover from voltage errors by itself"),
            "reverse": boolean("Reverse the direction of energy"),
        }
    ),
)

CIRCUIT_BREAKER = ComponentType(
    type="cb",
    namespace="CB",
    title="Circuit breaker",
    entity=EntitySpec(suffix="cb", type="cb", label="Circuit Breaker", label_always=True),
    fields=(OUTPUT, counter("total_cycles", "", "Cycles"), state("safety", "Safety lock"), DEVICE_TEMPERATURE),
    actions=(
        Action(
            name="set",
            method="CB.Set",
            label="Close or open",
            parameters={"output": parameter(boolean("Closed"), required=True)},
        ),
    ),
    settings=form(
        {
            "name": NAME,
            "voltage_limit": LIMITS["voltage_limit"],
            "undervoltage_limit": LIMITS["undervoltage_limit"],
            "reaction_delay": number("Reaction delay", minimum=0),
        }
    ),
)

COMPONENTS = (SWITCH, CIRCUIT_BREAKER)
