"""Components that models are put together from: settings and status as firmware 1.7 shows them. Constant data.

An instance's ``id`` is added where it is built. Values are those of a device fresh from the box, with a plausible load.

Source: real dumps and ``components.yaml`` of the protocol reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plugin_sdk import JSONObject

_AUTO: JSONObject = {"auto_on": False, "auto_on_delay": 60, "auto_off": False, "auto_off_delay": 60}
_WARM: JSONObject = {"temperature": {"tC": 47.5, "tF": 117.5}}
_COUNTER: JSONObject = {"total": 0, "by_minute": [0, 0, 0], "minute_ts": 0}
_BY_INPUT: JSONObject = {"in_mode": "follow", "in_locked": False, "initial_state": "match_input"}
_DIMMED: JSONObject = {
    "transition_duration": 3,
    "min_brightness_on_toggle": 3,
    "button_fade_rate": 3,
    "in_mode": "dim",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One component of a model.

    Attributes:
        type: ``switch``.
        config: Its settings without ``id``; None if it has none.
        status: Its status without ``id``; None if it has none.
    """

    type: str
    config: JSONObject | None
    status: JSONObject | None


def _switch(config: JSONObject, status: JSONObject) -> Part:
    return Part(
        type="switch",
        config={"name": None, **config, **_AUTO},
        status={"source": "init", "output": False, **status},
    )


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
        "aenergy": _COUNTER,
        "ret_aenergy": _COUNTER,
    }
    return {name: measured[name] for name in fields}


_BASIC = ("apower", "voltage", "current", "aenergy")
_TWO_WAY = ("apower", "voltage", "freq", "current", "aenergy", "ret_aenergy")
_FULL = ("apower", "voltage", "freq", "current", "pf", "aenergy", "ret_aenergy")


def _light(config: JSONObject, status: JSONObject, *, metered: bool, voltage: float = 230.4) -> Part:
    meter: JSONObject = {"aenergy": _COUNTER, "apower": 0, "current": 0, "voltage": voltage} if metered else {}
    night: JSONObject = {"enable": False, "brightness": 50, "active_between": []}
    presets: JSONObject = {"button_doublepush": {"brightness": 100}}
    return Part(
        type="light",
        config={
            "name": None,
            "initial_state": "restore_last",
            **_AUTO,
            **_DIMMED,
            "night_mode": night,
            "range_map": [0, 100],
            "button_presets": presets,
            **config,
        },
        status={"source": "init", "output": False, "brightness": 50, **_WARM, **meter, **status},
    )


def _rgb(config: JSONObject, voltage: float) -> Part:
    white = [255, 255, 255]
    return Part(
        type="rgb",
        config={
            "name": None,
            "initial_state": "restore_last",
            **_AUTO,
            **_DIMMED,
            "night_mode": {"enable": False, "brightness": 50, "rgb": white, "active_between": []},
            "button_presets": {"button_doublepush": {"brightness": 100, "rgb": white}},
            **config,
        },
        status={
            "source": "init",
            "output": False,
            "rgb": [255, 150, 60],
            "brightness": 60,
            **_WARM,
            "aenergy": _COUNTER,
            "apower": 0,
            "current": 0,
            "voltage": voltage,
        },
    )


def _plain(kind: str, config: JSONObject | None = None, status: JSONObject | None = None) -> Part:
    return Part(type=kind, config={} if config is None else config, status={} if status is None else status)


_STRIP_LIMITS: JSONObject = {"current_limit": 6, "power_limit": 350, "voltage_limit": 30}
_DIMMER_LIMITS: JSONObject = {
    "current_limit": 1.22,
    "power_limit": 230,
    "undervoltage_limit": 200,
    "voltage_limit": 280,
}
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
_PHASE: JSONObject = {"current": 0.412, "voltage": 230.4, "act_power": 71.2, "aprt_power": 94.9, "pf": 0.75, "freq": 50}
_LEDS: JSONObject = {
    "leds": {
        "mode": "power",
        "colors": {
            "switch:0": {"on": {"rgb": [0, 100, 0], "brightness": 100}, "off": {"rgb": [100, 0, 0], "brightness": 100}},
            "power": {"brightness": 100},
        },
        "night_mode": {"enable": False, "brightness": 100, "active_between": []},
    },
    "controls": {"switch:0": {"in_mode": "momentary"}},
}

PARTS: Mapping[str, Part] = {
    # outputs
    "switch": _switch(_BY_INPUT, _WARM),
    "switch.plug": _switch(
        {"initial_state": "restore_last", "power_limit": 2500, "voltage_limit": 280, "current_limit": 12},
        {**_metered(*_BASIC), **_WARM},
    ),
    "switch.plug_it": _switch({"initial_state": "off", **_limits(2300, 10)}, {**_metered(*_BASIC), **_WARM}),
    "switch.plug_g3": _switch(
        {"initial_state": "restore_last", **_limits(2500, 12, reverse=False)}, {**_metered(*_TWO_WAY), **_WARM}
    ),
    "switch.strip": _switch(
        {"initial_state": "restore_last", **_limits(3680, 16, reverse=False)}, {**_metered(*_FULL), **_WARM}
    ),
    "switch.pm_basic": _switch({**_BY_INPUT, **_limits(4480, 16)}, {**_metered(*_BASIC), **_WARM}),
    "switch.pm": _switch({**_BY_INPUT, **_limits(4480, 16, reverse=False)}, {**_metered(*_TWO_WAY), **_WARM}),
    "switch.pm2": _switch(
        {**_BY_INPUT, **_limits(2800, 10, reverse=False), "undervoltage_limit": 0}, {**_metered(*_FULL), **_WARM}
    ),
    "switch.pro1": _switch(
        {**_BY_INPUT, **_limits(4480, 16, reverse=False), "undervoltage_limit": 0, "input_id": 0},
        {**_metered(*_FULL), **_WARM},
    ),
    "switch.contactor": _switch({"initial_state": "off"}, _WARM),
    "switch.wall": Part(
        type="switch",
        config={"auto_off": False, "auto_on_delay": 0, "initial_state": "off", "in_mode": "detached", "name": None},
        status={"output": False, "source": "Auto power on (off)"},
    ),
    "light.010v": _light({}, {}, metered=False),
    "light.010v_g3": _light(
        {"op_mode": 0, "current_limit": 16, "power_limit": 4480, "voltage_limit": 280}, {}, metered=True
    ),
    "light.dimmer": _light(_DIMMER_LIMITS, {}, metered=True),
    "light.strip": Part(
        type="light",
        config=_light({}, {}, metered=False).config,
        status={**(_light({}, {}, metered=False).status or {}), "voltage": 24.3, "flags": ["no_load"]},
    ),
    "rgb.plus": _rgb({"current_limit": 10}, 24.2),
    "rgb.pro": _rgb(_STRIP_LIMITS, 24.2),
    "rgbw": Part(
        type="rgbw",
        config=_rgb({"current_limit": 10}, 24.2).config,
        status={**(_rgb({}, 24.2).status or {}), "white": 0},
    ),
    "cct.pro": Part(
        type="cct",
        config={
            "name": None,
            "initial_state": "restore_last",
            **_AUTO,
            **_DIMMED,
            "night_mode": {"enable": False, "brightness": 50, "ct": 4600, "active_between": []},
            "range_map": [0, 100],
            "ct_range": [2700, 6500],
            "button_presets": {"button_doublepush": {"brightness": 100, "ct": 4600}},
            **_STRIP_LIMITS,
        },
        status={
            "source": "init",
            "output": False,
            "brightness": 50,
            "ct": 4600,
            **_WARM,
            "aenergy": _COUNTER,
            "apower": 0,
            "current": 0,
            "voltage": 24.2,
        },
    ),
    "cover": Part(
        type="cover",
        config={
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
        status={
            "source": "limit_switch",
            "state": "open",
            "apower": 0,
            "voltage": 230.4,
            "current": 0,
            "pf": 0,
            "freq": 50,
            "aenergy": _COUNTER,
            **_WARM,
            "pos_control": True,
            "last_direction": "open",
            "current_pos": 100,
        },
    ),
    "cb": Part(
        type="cb",
        config={"name": None, "undervoltage_limit": 200, "voltage_limit": 250, "reaction_delay": 0},
        status={"output": True, "source": "local", "total_cycles": 11, "safety": False, **_WARM},
    ),
    "thermostat": Part(
        type="thermostat",
        config={
            "enable": True,
            "sensor": "shelly://{id}/c/temperature:0",
            "type": "heating",
            "actuator": "shelly://{id}/c/switch:0",
            "hysteresis": 0.5,
            "invert_output": False,
            "display_unit": "C",
            "target_C": 21,
            "target_F": 70,
            "failure_detection": True,
            "name": None,
        },
        status={
            "enable": True,
            "target_C": 21,
            "target_F": 70,
            "current_C": 21.4,
            "current_F": 71,
            "output": False,
            "errors": [],
            "schedules": {"enable": False},
        },
    ),
    # inputs
    "input": _plain(
        "input",
        {"name": None, "type": "switch", "enable": True, "invert": False, "factory_reset": True},
        {"state": False},
    ),
    "input.button": _plain(
        "input",
        {"name": None, "type": "button", "enable": True, "invert": False, "factory_reset": True},
        {"state": None},
    ),
    "input.pro": _plain("input", {"name": None, "type": "switch", "enable": True, "invert": False}, {"state": False}),
    "input.pro_button": _plain(
        "input", {"name": None, "type": "button", "enable": True, "invert": False}, {"state": None}
    ),
    "input.wall": _plain(
        "input", {"type": "switch", "invert": False, "factory_reset": True, "name": None}, {"state": False}
    ),
    # meters
    "pm1": _plain(
        "pm1",
        {"name": None, "reverse": False},
        {
            "voltage": 230.4,
            "current": 0.043,
            "apower": 4.4,
            "freq": 50,
            "aenergy": _COUNTER,
            "ret_aenergy": _COUNTER,
        },
    ),
    "em": _plain(
        "em",
        {
            "name": None,
            "blink_mode_selector": "active_energy",
            "phase_selector": "all",
            "monitor_phase_sequence": False,
            "ct_type": "120A",
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
    ),
    "emdata": _plain(
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
    "em1": _plain("em1", {"name": None, "reverse": False, "ct_type": "50A"}, {**_PHASE, "calibration": "factory"}),
    "em1data": _plain("em1data", {}, {"total_act_energy": 43644.87, "total_act_ret_energy": 0}),
    "voltmeter": _plain(
        "voltmeter",
        {"name": None, "report_thr": 5, "xvoltage": {"expr": None, "unit": None}},
        {"voltage": 231.9},
    ),
    # sensors
    "temperature": _plain("temperature", {"name": None, "report_thr_C": 0.5, "offset_C": 0}, {"tC": 21.4, "tF": 70.5}),
    "humidity": _plain("humidity", {"name": None, "report_thr": 1, "offset": 0}, {"rh": 46.5}),
    "illuminance": _plain(
        "illuminance",
        {"bright_thr": 200, "dark_thr": 30, "name": None},
        {"lux": 120, "illumination": "twilight"},
    ),
    "devicepower": _plain("devicepower", {}, {"battery": {"V": 5.92, "percent": 93}}),
    "devicepower.usb": _plain(
        "devicepower", {}, {"battery": {"V": 5.64, "percent": 81}, "external": {"present": False}}
    ),
    "devicepower.wall": Part(type="devicepower", config=None, status={"external": {"present": True}}),
    "smoke": _plain("smoke", {"name": None}, {"alarm": False, "mute": False}),
    "flood": _plain(
        "flood", {"name": None, "alarm_mode": "normal", "report_holdoff": 0}, {"alarm": False, "mute": False}
    ),
    # singletons
    "ble": _plain("ble", {"enable": False, "rpc": {"enable": False}}),
    "ble.on": _plain("ble", {"enable": True, "rpc": {"enable": False}}),
    "ble.wall": _plain("ble", {"enable": True, "observer": {"enable": True}, "rpc": {"enable": True}}),
    "blugw": _plain("blugw", {"sys_led_enable": True}),
    "bthome": _plain("bthome", {}, {"errors": ["bluetooth_disabled"]}),
    "bthome.on": _plain("bthome"),
    "cloud": _plain("cloud", {"enable": False, "server": "iot.shelly.cloud:6012/jrpc"}, {"connected": False}),
    "eth": _plain(
        "eth",
        {
            "enable": True,
            "server_mode": False,
            "ipv4mode": "dhcp",
            "ip": None,
            "netmask": None,
            "gw": None,
            "nameserver": None,
        },
        {"ip": None, "ip6": None},
    ),
    "ht_ui": _plain("ht_ui", {"temperature_unit": "C"}),
    "knx": _plain("knx", {"enable": False, "ia": "15.15.255", "routing": {"addr": "224.0.23.12:3671"}}),
    "matter": _plain("matter", {"enable": False}, {"num_fabrics": 0, "commissionable": False}),
    "media": _plain(
        "media",
        {"rev": 0},
        {
            "playback": {"enable": False, "buffering": False, "volume": 5},
            "total_size": 3885854,
            "total_size_h": "3.706 MB",
            "item_counts": {"audio": 0, "alert": 0, "ringtone": 10, "photo": 0, "video": 0},
        },
    ),
    "modbus": _plain("modbus", {"enable": False}),
    "plugs_ui": _plain("plugs_ui", _LEDS),
    "plusrgbwpm": _plain("plusrgbwpm", {"hf_mode": False}),
    "ui": _plain("ui", {"idle_brightness": 30}),
    "ui.wall": Part(
        type="ui",
        config={
            "brightness": {
                "auto": True,
                "level": 27,
                "min_level": 1,
                "auto_off": {"enable": False, "by_lux": False, "timeout": 0},
                "auto_dim": {"enable": True, "timeout": 5},
            },
            "lock_type": "none",
            "disable_gestures_when_locked": False,
            "use_F": False,
            "screen_saver": {"enable": False, "timeout": 10, "priority_element": "CLOCK"},
            "relay_state_overlay": {"enable": True, "always_visible": False},
        },
        status=None,
    ),
    "ws.wall": Part(type="ws", config={"enable": True, "ssl_ca": "*"}, status=None),
    "zigbee": _plain("zigbee", {"enable": False}, {"network_state": "disabled"}),
}
