"""``BTHomeControl.*``: Bluetooth buttons that control the device's outputs.

A control is a mapping ``{output: "switch:0", inputs: [{"bthomedevice:200": {"58:0": {"single_push": {"action":
"toggle"}}}}]}``. Mappings are kept in flash and counted in ``sys.bthc_rev``; the devices' behaviour follows them.

Source: names from ``Shelly.ListMethods`` of a Shelly 2PM Gen3; shapes from the types of taulfsime/shelly-rpc-ts.
How real firmware learns (which events it takes, how long) and the texts of refusals are not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.arguments import choice, invalid, mapping, required, text, whole
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_STORE = "bthomecontrol"
"""Where a device keeps them: ``{controls: {id: mapping}, mode, learning}``; its Bluetooth devices read it too."""

_LIMIT = 20
_PAGE = 5
_LEARN_S = 60

_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "switch": ("on", "off", "toggle"),
    "light": ("on", "off", "toggle", "dim_up", "dim_down"),
    "cover": ("open", "close", "cycle", "step_up", "step_down"),
}


def offered(device: Machine) -> bool:
    """Devices that count a revision of it."""
    return "bthc_rev" in device.state.sys


def create(device: Machine, params: JSONObject) -> JSON:
    """A new control: ``{id}``."""
    control = _read(device, params)
    controls = _controls(device)
    if len(controls) >= _LIMIT:
        raise DeviceFault(-108, "Resource exhausted")
    number = next(n for n in range(len(controls) + 1) if str(n) not in controls)
    controls[str(number)] = control
    device.bump("bthc_rev")
    return {"id": number}


def update(device: Machine, params: JSONObject) -> JSON:
    """Replace a control."""
    number = _existing(device, params)
    _controls(device)[number] = _read(device, params)
    device.bump("bthc_rev")
    return None


def list_control(device: Machine, params: JSONObject) -> JSON:
    """One control with a page of its inputs: ``{id, offset, total, output, inputs}``."""
    number = _existing(device, params)
    control, offset = _controls(device)[number], whole(params, "offset") or 0
    inputs = control["inputs"]
    page = inputs[offset : offset + _PAGE]
    return {"id": int(number), "offset": offset, "total": len(inputs), "output": control["output"], "inputs": page}


def delete_all(device: Machine, params: JSONObject) -> JSON:
    """Remove one control by ``id``, or all without."""
    if "id" in params:
        del _controls(device)[_existing(device, params)]
    else:
        _controls(device).clear()
    device.bump("bthc_rev")
    return None


def enumerate_controls(device: Machine, _params: JSONObject) -> JSON:
    """Which output has which control: ``{"switch:0": 0}``; null if there are none."""
    return {control["output"]: int(number) for number, control in _controls(device).items()} or None


def start_learning(device: Machine, params: JSONObject) -> JSON:
    """Wait for a press of a paired button, which from then on toggles the output of ``component_key``.

    The output may be named by its input too: ``input_id``.
    """
    if "component_key" in params:
        output = text(params, "component_key") or ""
    else:
        required(params, "input_id")
        number = whole(params, "input_id")
        output = next((f"{kind}:{number}" for kind in _ACTIONS if f"{kind}:{number}" in device.keys(kind)), "")
    _check_output(device, output)
    kept = device.storage(_STORE)
    kept["learning"] = {"output": output, "stage": "press", "ts": int(device.now()), "duration": _LEARN_S}
    device.after(_LEARN_S, lambda: _give_up(kept, output))
    return None


def stop_learning(device: Machine, _params: JSONObject) -> JSON:
    """Wait no more."""
    device.storage(_STORE).pop("learning", None)
    return None


def get_status(device: Machine, params: JSONObject) -> JSON:
    """``{id, learning?: {stage, err, ts, duration}}``."""
    number = whole(params, "id") or 0
    learning = device.storage(_STORE).get("learning")
    if learning is None:
        return {"id": number}
    shown = {name: learning.get(name) for name in ("stage", "err", "ts", "duration")}
    return {"id": number, "learning": shown}


def get_config(device: Machine, params: JSONObject) -> JSON:
    """``{id, blu_remote_cover_mode}``: whether a remote moves a cover in steps."""
    return {"id": whole(params, "id") or 0, "blu_remote_cover_mode": device.storage(_STORE).get("mode", 0)}


def set_config(device: Machine, params: JSONObject) -> JSON:
    """Change that: ``{restart_required}``."""
    required(params, "config")
    mode = whole(mapping(params, "config") or {}, "blu_remote_cover_mode", 0, 1)
    kept = device.storage(_STORE)
    if mode is not None and mode != kept.get("mode", 0):
        kept["mode"] = mode
        device.config_changed("bthomecontrol")
    return {"restart_required": False}


def _read(device: Machine, params: JSONObject) -> JSONObject:
    """The control in a call."""
    for name in ("output", "inputs"):
        required(params, name)
    output = text(params, "output") or ""
    _check_output(device, output)
    inputs = params["inputs"]
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise invalid("inputs")
    for each in inputs:
        for key, objects in each.items():
            if component_type(key) != "bthomedevice" or not isinstance(objects, dict):
                raise invalid("inputs")
            for name in objects:
                for event in mapping(objects, name) or {}:
                    choice(mapping(objects[name], event) or {}, "action", _ACTIONS[component_type(output)])
    return {"output": output, "inputs": inputs}


def _check_output(device: Machine, output: str) -> None:
    if component_type(output) not in _ACTIONS or output not in device.keys(component_type(output)):
        raise DeviceFault(-105, f"Argument 'output', value '{output}' not found!")


def _existing(device: Machine, params: JSONObject) -> str:
    required(params, "id")
    number = str(whole(params, "id"))
    if number not in _controls(device):
        raise DeviceFault(-105, f"Bad id={number}")
    return number


def _controls(device: Machine) -> dict[str, JSONObject]:
    found: dict[str, JSONObject] = device.storage(_STORE).setdefault("controls", {})
    return found


def _give_up(kept: JSONObject, output: str) -> None:
    learning = kept.get("learning")
    if learning is not None and learning["output"] == output and learning["stage"] == "press":
        learning.update(stage="error", err={"code": -104, "msg": "Timeout"})


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "BTHomeControl.Enumerate": enumerate_controls,
    "BTHomeControl.DeleteAll": delete_all,
    "BTHomeControl.List": list_control,
    "BTHomeControl.Update": update,
    "BTHomeControl.Create": create,
    "BTHomeControl.SetConfig": set_config,
    "BTHomeControl.GetConfig": get_config,
    "BTHomeControl.GetStatus": get_status,
    "BTHomeControl.StopLearning": stop_learning,
    "BTHomeControl.StartLearning": start_learning,
}
