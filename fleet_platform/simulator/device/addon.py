"""Components that come and go with an add-on on a device's back: instances 100-199. Pure.

What is plugged in is kept in flash, and shows as components from the next boot on.

Source: Shelly Gen2+ API, "SensorAddon"; settings from the dump of a Shelly 1 Gen3 with one.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.device.state import State
from fleet_platform.simulator.device.stores import Stores
from plugin_sdk import JSONObject, component_id, component_type

ADDON = "addon"
"""Where it is kept: ``{peripherals: {type: {component key: attributes}}}``."""

IDS = range(100, 200)

_TEMPERATURE: JSONObject = {"name": None, "report_thr_C": 0.5, "offset_C": 0}
_HUMIDITY: JSONObject = {"name": None, "report_thr": 1, "offset": 0}
_INPUT: JSONObject = {"name": None, "type": "switch", "enable": True, "invert": False, "factory_reset": False}
_ANALOG: JSONObject = {
    "name": None,
    "type": "analog",
    "enable": True,
    "invert": False,
    "report_thr": 1,
    "range": 0,
    "range_map": [0, 100],
    "xpercent": {"expr": None, "unit": None},
}
_VOLTMETER: JSONObject = {"name": None, "report_thr": 0.1, "range": 0, "xvoltage": {"expr": None, "unit": None}}

PARTS: Mapping[str, Mapping[str, tuple[JSONObject, JSONObject]]] = {
    "ds18b20": {"temperature": (_TEMPERATURE, {"tC": 19.6, "tF": 67.3})},
    "dht22": {"temperature": (_TEMPERATURE, {"tC": 20.4, "tF": 68.7}), "humidity": (_HUMIDITY, {"rh": 44.5})},
    "digital_in": {"input": (_INPUT, {"state": False})},
    "analog_in": {"input": (_ANALOG, {"percent": 37.5})},
    "voltmeter": {"voltmeter": (_VOLTMETER, {"voltage": 4.82})},
}
"""Type of peripheral to the component types that it becomes, with settings and status."""


def fit_addon(state: State, stores: Stores | None) -> None:
    """Have the components of what is plugged in, and no others of an add-on; for the boot.

    A device where nothing was ever plugged in or out keeps what it has, as a played dump with an add-on does. What no
    add-on has, as a doctored backup may bring it in, is passed over.
    """
    state.addon = state.chosen_addon()
    kept = stores.components.get(ADDON) if stores is not None else None
    if kept is None or "peripherals" not in kept:
        return
    plugged = kept["peripherals"] if state.addon == "sensor" else {}
    wanted = {key: kind for kind, components in plugged.items() for key in components if _may_be(key, kind)}
    for key in [key for key in state.all_keys() if (component_id(key) or 0) in IDS and key not in wanted]:
        state.status.pop(key, None)
        state.config.pop(key, None)
    for key, kind in wanted.items():
        if key not in state.config:
            config, status = PARTS[kind][component_type(key)]
            own = {"id": component_id(key)}
            state.config[key] = {**own, **config}
            state.status[key] = {**own, **status}


def _may_be(key: str, kind: str) -> bool:
    return component_type(key) in PARTS.get(kind, {}) and (component_id(key) or 0) in IDS
