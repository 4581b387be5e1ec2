"""Inputs: wall switches, buttons, analogue values and pulse counters."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.actions import reset_counters
from fleet_shelly.fields import counter, gauge, state
from fleet_shelly.schemas import EXPRESSION, NAME, boolean, choice, form, integer, number, section
from plugin_sdk import JSON, ComponentType, ComponentView, EntitySpec

PUSHES = ("single_push", "double_push", "triple_push", "long_push")


def _properties(view: ComponentView) -> Mapping[str, JSON]:
    kind = view.settings.get("type")
    scaled = view.settings.get("xpercent") or {}
    return {"type": kind, "unit": (scaled.get("unit") or "%") if kind == "analog" else ""}


INPUT = ComponentType(
    type="input",
    namespace="Input",
    title="Input",
    entity=EntitySpec(suffix="input", type="input", label="Input", label_always=True, properties=_properties),
    fields=(
        state("state", "State"),
        gauge("percent", "%", "Level"),
        gauge("xpercent", "", "Scaled level"),
        counter("counts.total", "", "Count"),
        counter("counts.xtotal", "", "Scaled count"),
        gauge("freq", "Hz", "Frequency"),
        gauge("xfreq", "", "Scaled frequency"),
    ),
    actions=(reset_counters("Input", "counts"),),
    events=("btn_down", "btn_up", *PUSHES),
    settings=form(
        {
            "name": NAME,
            "type": choice("Type", "switch", "button", "analog", "count"),
            "enable": boolean("Enable"),
            "invert": boolean("Invert"),
            "factory_reset": boolean("May reset the device"),
            "xpercent": section("Scaled level", EXPRESSION),
            "count_rep_thr": integer("Report every so many counts", minimum=1),
            "freq_window": number("Frequency window", unit="s", minimum=0),
            "freq_rep_thr": number("Report changes of frequency above", unit="Hz", minimum=0),
            "xcounts": section("Scaled count", EXPRESSION),
            "xfreq": section("Scaled frequency", EXPRESSION),
        }
    ),
)

COMPONENTS = (INPUT,)
