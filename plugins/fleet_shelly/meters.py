"""Meters of electricity.

A three-phase meter is two components: ``em`` measures, ``emdata`` counts. A meter of single phases has ``em1`` and
``em1data`` in the same way. ``pm1`` does both.
"""

from __future__ import annotations

from fleet_shelly.actions import reset_counters
from fleet_shelly.fields import (
    CURRENT,
    ENERGY,
    FREQUENCY,
    POWER,
    POWER_FACTOR,
    RETURNED_ENERGY,
    VOLTAGE,
    counter,
    gauge,
)
from fleet_shelly.schemas import EXPRESSION, NAME, boolean, choice, form, number, section, text
from plugin_sdk import Action, ComponentType, EntitySpec, MeasuredField

PHASES = ("a", "b", "c")
CURRENT_TRANSFORMER = text("Current transformer")


def _phase(phase: str) -> tuple[MeasuredField, ...]:
    name = f"phase {phase.upper()}"
    return (
        gauge(f"{phase}_voltage", "V", f"Voltage {name}"),
        gauge(f"{phase}_current", "A", f"Current {name}"),
        gauge(f"{phase}_act_power", "W", f"Active power {name}"),
        gauge(f"{phase}_aprt_power", "VA", f"Apparent power {name}"),
        gauge(f"{phase}_pf", "", f"Power factor {name}"),
        gauge(f"{phase}_freq", "Hz", f"Frequency {name}"),
    )


def _phase_energy(phase: str) -> tuple[MeasuredField, ...]:
    name = f"phase {phase.upper()}"
    return (
        counter(f"{phase}_total_act_energy", "Wh", f"Energy {name}"),
        counter(f"{phase}_total_act_ret_energy", "Wh", f"Returned energy {name}"),
    )


def _reset(namespace: str) -> Action:
    return Action(name="reset_counters", method=f"{namespace}.ResetCounters", label="Reset counters")


PM1 = ComponentType(
    type="pm1",
    namespace="PM1",
    title="Power meter",
    entity=EntitySpec(suffix="pm1", type="pm1", label="Power Meter", label_always=True),
    fields=(POWER, VOLTAGE, CURRENT, POWER_FACTOR, FREQUENCY, ENERGY, RETURNED_ENERGY),
    actions=(reset_counters("PM1", "aenergy", "ret_aenergy"),),
    settings=form({"name": NAME, "reverse": boolean("Reverse the direction of energy")}),
)

EM = ComponentType(
    type="em",
    namespace="EM",
    title="Energy meter, three phases",
    entity=EntitySpec(suffix="em", type="em", label="Energy Meter", label_always=True),
    fields=(
        *(field for phase in PHASES for field in _phase(phase)),
        gauge("n_current", "A", "Current neutral"),
        gauge("total_current", "A", "Current total"),
        gauge("total_act_power", "W", "Active power total"),
        gauge("total_aprt_power", "VA", "Apparent power total"),
    ),
    settings=form(
        {
            "name": NAME,
            "ct_type": CURRENT_TRANSFORMER,
            "phase_selector": choice("The light shows phase", *PHASES, "all"),
            "blink_mode_selector": choice("The light shows", "active_energy", "apparent_energy"),
            "monitor_phase_sequence": boolean("Watch the phase sequence"),
            "reverse": section("Reverse the direction of energy", {phase: boolean(phase.upper()) for phase in PHASES}),
        }
    ),
)

EMDATA = ComponentType(
    type="emdata",
    namespace="EMData",
    title="Energy counters, three phases",
    entity=EntitySpec(suffix="emdata", type="emdata", label="Energy", label_always=True),
    fields=(
        *(field for phase in PHASES for field in _phase_energy(phase)),
        counter("total_act", "Wh", "Energy total"),
        counter("total_act_ret", "Wh", "Returned energy total"),
    ),
    actions=(_reset("EMData"),),
    events=("data",),
)

EM1 = ComponentType(
    type="em1",
    namespace="EM1",
    title="Energy meter, one phase",
    entity=EntitySpec(suffix="em1", type="em1", label="Energy Meter"),
    fields=(
        gauge("act_power", "W", "Active power"),
        gauge("aprt_power", "VA", "Apparent power"),
        VOLTAGE,
        CURRENT,
        POWER_FACTOR,
        FREQUENCY,
    ),
    settings=form(
        {"name": NAME, "ct_type": CURRENT_TRANSFORMER, "reverse": boolean("Reverse the direction of energy")}
    ),
)

EM1DATA = ComponentType(
    type="em1data",
    namespace="EM1Data",
    title="Energy counters, one phase",
    entity=EntitySpec(suffix="em1data", type="em1data", label="Energy", label_always=True),
    fields=(
        counter("total_act_energy", "Wh", "Energy"),
        counter("total_act_ret_energy", "Wh", "Returned energy"),
    ),
    actions=(_reset("EM1Data"),),
    events=("data",),
)

VOLTMETER = ComponentType(
    type="voltmeter",
    namespace="Voltmeter",
    title="Voltmeter",
    entity=EntitySpec(suffix="voltmeter", type="voltmeter", label="Voltmeter", label_always=True),
    fields=(VOLTAGE, gauge("xvoltage", "", "Scaled voltage")),
    settings=form(
        {
            "name": NAME,
            "report_thr": number("Report changes above", unit="V", minimum=0),
            "xvoltage": section("Scaled voltage", EXPRESSION),
        }
    ),
)

COMPONENTS = (PM1, EM, EMDATA, EM1, EM1DATA, VOLTMETER)
