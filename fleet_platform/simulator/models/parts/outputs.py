"""Switches, covers and circuit breakers."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts.part import AUTO, COUNTER, WARM, Part, plain
from plugin_sdk import JSONObject

_BY_INPUT: JSONObject = {"in_mode": "follow", "in_locked": False, "initial_state": "match_input"}


def _switch(config: JSONObject, status: JSONObject) -> Part:
    return plain("switch", {"name": None, **config, **AUTO}, {"source": "init", "output": False, **status})


def _limits(power_w: int, current_a: float, **more: object) -> JSONObject:
    limits = {"power_limit": power_w, "voltage_limit": 280, "autorecover_voltage_errors": False}
    return {**limits, "current_limit": current_a, **more}


def _metered(*fields: str) -> JSONObject:
    measured: JSONObject = {
        "apower": 0,
        "voltage": 230.4,
        "freq": 50,
        "current": 0,
        "pf": 0,
        "aenergy": COUNTER,
        "ret_aenergy": COUNTER,
    }
    return {name: measured[name] for name in fields}


_BASIC = ("apower", "voltage", "current", "aenergy")
_TWO_WAY = ("apower", "voltage", "freq", "current", "aenergy", "ret_aenergy")
_FULL = ("apower", "voltage", "freq", "current", "pf", "aenergy", "ret_aenergy")

_SAFETY: JSONObject = {"enable": False, "direction": "both", "action": "stop", "allowed_move": None}
_OBSTRUCTION: JSONObject = {
    "enable": False,
    "direction": "both",
    "action": "stop",
    "power_thr": 1000,
    "holdoff": 1,
}
_SLAT: JSONObject = {
    "enable": False,
    "open_time": 1.5,
    "close_time": 1.5,
    "step": 20,
    "retain_pos": False,
    "precise_ctl": False,
}

PARTS: Mapping[str, Part] = {
    "switch": _switch(_BY_INPUT, WARM),
    "switch.plug": _switch(
        {"initial_state": "restore_last", "power_limit": 2500, "voltage_limit": 280, "current_limit": 12},
        {**_metered(*_BASIC), **WARM},
    ),
    "switch.plug_it": _switch({"initial_state": "off", **_limits(2300, 10)}, {**_metered(*_BASIC), **WARM}),
    "switch.plug_us": _switch({"initial_state": "on", **_limits(4480, 16)}, {**_metered(*_BASIC), **WARM}),
    "switch.plug_g3": _switch(
        {"initial_state": "restore_last", **_limits(2500, 12, reverse=False)}, {**_metered(*_TWO_WAY), **WARM}
    ),
    # Not one of its outputs shows a temperature.
    "switch.strip": _switch({"initial_state": "on", **_limits(3360, 12, reverse=False)}, _metered(*_FULL)),
    "switch.pm_basic": _switch({**_BY_INPUT, **_limits(4480, 16)}, {**_metered(*_BASIC), **WARM}),
    "switch.pm": _switch({**_BY_INPUT, **_limits(4480, 16, reverse=False)}, {**_metered(*_TWO_WAY), **WARM}),
    "switch.pm2": _switch(
        {**_BY_INPUT, **_limits(2800, 10, reverse=False), "undervoltage_limit": 0}, {**_metered(*_FULL), **WARM}
    ),
    "switch.pro1": _switch(
        {**_BY_INPUT, **_limits(4480, 16, reverse=False), "undervoltage_limit": 0, "input_id": 0},
        {**_metered(*_FULL), **WARM},
    ),
    "switch.contactor": _switch({"initial_state": "off"}, WARM),
    # Only the type of its outputs is known; that they neither meter nor show a temperature is not documented.
    "switch.uni": _switch(_BY_INPUT, {}),
    "cover": plain(
        "cover",
        {
            "name": None,
            "motor": {"idle_power_thr": 2, "idle_confirm_period": 0.25},
            "maxtime_open": 24,
            "maxtime_close": 24,
            "initial_state": "stopped",
            "invert_directions": False,
            "maintenance_mode": False,
            "in_mode": "dual",
            "in_locked": False,
            "swap_inputs": False,
            "safety_switch": _SAFETY,
            "power_limit": 2800,
            "voltage_limit": 280,
            "undervoltage_limit": 0,
            "current_limit": 10,
            "obstruction_detection": _OBSTRUCTION,
            "slat": _SLAT,
        },
        {
            "source": "limit_switch",
            "state": "open",
            "apower": 0,
            "voltage": 230.4,
            "current": 0,
            "pf": 0,
            "freq": 50,
            "aenergy": COUNTER,
            **WARM,
            "pos_control": True,
            "last_direction": "open",
            "current_pos": 100,
        },
    ),
    "cb": plain(
        "cb",
        {"name": None, "undervoltage_limit": 200, "voltage_limit": 250, "reaction_delay": 0},
        {"output": True, "source": "local", "total_cycles": 11, "safety": False, **WARM},
    ),
}
