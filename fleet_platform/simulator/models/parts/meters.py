"""Meters of power, energy and voltage."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts.part import COUNTER, Part, plain
from plugin_sdk import JSONObject

_PHASE: JSONObject = {"current": 0.412, "voltage": 230.4, "act_power": 71.2, "aprt_power": 94.9, "pf": 0.75, "freq": 50}


def _em(ct_type: str) -> Part:
    return plain(
        "em",
        {
            "name": None,
            "blink_mode_selector": "active_energy",
            "phase_selector": "all",
            "monitor_phase_sequence": False,
            "ct_type": ct_type,
            "reverse": {},
        },
        {
            **{f"{phase}_{name}": value for phase in "abc" for name, value in _PHASE.items()},
            "n_current": None,
            "total_current": 1.236,
            "total_act_power": 213.6,
            "total_aprt_power": 284.7,
            "user_calibrated_phase": [],
        },
    )


def _em1(ct_type: str) -> Part:
    return plain("em1", {"name": None, "reverse": False, "ct_type": ct_type}, {**_PHASE, "calibration": "factory"})


_UNLIMITED = [None, None]

PARTS: Mapping[str, Part] = {
    "pm1": plain(
        "pm1",
        {"name": None, "reverse": False},
        {
            "voltage": 230.4,
            "current": 0.043,
            "apower": 4.4,
            "freq": 50,
            "aenergy": COUNTER,
            "ret_aenergy": COUNTER,
        },
    ),
    "em": _em("120A"),
    "em.63": _em("63A"),
    "em.400": _em("400A"),
    "em.g3": _em("3EMG3"),
    "emdata": plain(
        "emdata",
        {},
        {
            **{
                f"{phase}_total_{name}": value
                for phase in "abc"
                for name, value in (("act_energy", 15078.9), ("act_ret_energy", 0))
            },
            "total_act": 45236.7,
            "total_act_ret": 0,
        },
    ),
    "em1": _em1("120A"),
    "em1.50": _em1("50A"),
    "em1.63": _em1("63A"),
    "em1.400": _em1("400A"),
    "em1.g3": _em1("3EMG3"),
    # Its transformer is built in.
    "em1.mini": plain(
        "em1",
        {
            "name": None,
            "reverse": False,
            "alarms": {"voltage": _UNLIMITED, "current": _UNLIMITED, "power": _UNLIMITED},
        },
        {"voltage": 230.4, "current": 0.412, "act_power": 71.2, "freq": 50, "calibration": "factory"},
    ),
    "em1data": plain("em1data", {}, {"total_act_energy": 43644.87, "total_act_ret_energy": 0}),
    "voltmeter": plain(
        "voltmeter",
        {"name": None, "report_thr": 5, "xvoltage": {"expr": None, "unit": None}},
        {"voltage": 231.9},
    ),
}
