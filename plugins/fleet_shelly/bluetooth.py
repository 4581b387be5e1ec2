"""Bluetooth: the radio, the gateway, and the BLU devices behind it."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.actions import parameter
from fleet_shelly.bthome_objects import OBJECTS, BTHomeObject
from fleet_shelly.fields import BATTERY, SIGNAL, gauge, state
from fleet_shelly.schemas import NAME, Schema, array, boolean, constant, form, integer, number, percent, section, text
from plugin_sdk import JSON, Action, ComponentType, ComponentView, EntitySpec, Parameter

BLU_PUSHES = (
    *("single_push", "double_push", "triple_push", "long_push", "long_double_push", "long_triple_push", "hold_press"),
    *("rotate_left", "rotate_right"),
)
"""What BLU buttons and knobs notice."""

TARGET_TEMPERATURE = number("Target temperature", unit="°C", minimum=4, maximum=30)


def _object(view: ComponentView) -> BTHomeObject | None:
    number = view.settings.get("obj_id")
    return OBJECTS.get(number) if isinstance(number, int) else None


def _sensor_properties(view: ComponentView) -> Mapping[str, JSON]:
    known = _object(view)
    return {"unit": known.unit, "sensorType": known.kind} if known else {"unit": "", "sensorType": ""}


def _sensor_label(view: ComponentView) -> str:
    known = _object(view)
    what = known.name if known else view.settings.get("obj_id", "unknown")
    return f"{what}[{view.settings.get('idx', 0)}] BLU Sensor"


def _model(view: ComponentView) -> str | None:
    """What a device calls itself, where whoever added it noted that: ``SBHT-003C``."""
    meta = view.settings.get("meta")
    shown = meta.get("ui") if isinstance(meta, dict) else None
    noted = shown.get("local_name") if isinstance(shown, dict) else None
    name = noted or view.settings.get("local_name")
    return name if isinstance(name, str) else None


def _device_label(view: ComponentView) -> str:
    """Model and end of the address, as Shelly itself calls them: ``SBHT-003C [9A8E48]``."""
    model = _model(view) or "BLU Device"
    address = str(view.settings.get("addr") or "").replace(":", "").upper()
    return f"{model} [{address[-6:]}]" if address else model


def _device_properties(view: ComponentView) -> Mapping[str, JSON]:
    return {"addr": view.settings.get("addr"), "model": _model(view)}


def _remote(
    method: str, properties: Mapping[str, Schema], *, required: tuple[str, ...] = ()
) -> Mapping[str, Parameter]:
    """Parameters of ``BluTrv.Call``, which hands a method on to the valve; there it is always ``trv:0``."""
    params = section("Parameters", {"id": constant(0), **properties}, required=("id", *required))
    return {
        "method": parameter(constant(method), required=True),
        "params": parameter(params, required=True),
    }


BLE = ComponentType(
    type="ble",
    namespace="BLE",
    title="Bluetooth",
    singleton=True,
    actions=(
        Action(
            name="start_pairing",
            method="BLE.StartPairing",
            label="Let others pair",
            parameters={"timeout": parameter(integer("For", unit="s", minimum=1, maximum=3_600))},
            available=lambda view: not view.status.get("pairing"),
        ),
        Action(
            name="stop_pairing",
            method="BLE.StopPairing",
            label="Let nobody pair",
            available=lambda view: bool(view.status.get("pairing")),
        ),
    ),
    settings=form(
        {
            "enable": boolean("Enable"),
            "rpc": section("Remote calls", {"enable": boolean("Enable")}),
            "observer": section("Observer", {"enable": boolean("Enable")}),
        }
    ),
)

BLU_GATEWAY = ComponentType(
    type="blugw",
    namespace="BluGw",
    title="BLU gateway",
    singleton=True,
    settings=form({"sys_led_enable": boolean("Status light")}),
)

BTHOME = ComponentType(
    type="bthome",
    namespace="BTHome",
    title="BTHome",
    singleton=True,
    actions=(
        Action(
            name="discover",
            method="BTHome.StartDeviceDiscovery",
            label="Look for devices",
            parameters={"duration": parameter(integer("For", unit="s", minimum=1))},
        ),
    ),
    events=("device_discovered", "discovery_done"),
)

BTHOME_CONTROL = ComponentType(type="bthomecontrol", namespace="BTHomeControl", title="BTHome remotes", singleton=True)

BTHOME_DEVICE = ComponentType(
    type="bthomedevice",
    namespace="BTHomeDevice",
    title="BLU device",
    dynamic=True,
    entity=EntitySpec(
        suffix="bthomedevice",
        type="bthomedevice",
        label="BLU Device",
        label_for=_device_label,
        properties=_device_properties,
    ),
    fields=(SIGNAL, BATTERY, state("paired", "Paired")),
    actions=(
        Action(
            name="update_firmware",
            method="BTHomeDevice.UpdateFirmware",
            label="Update firmware",
            # Only what can be called over the air can be updated by its gateway.
            available=lambda view: view.status.get("rpc") is True,
        ),
    ),
    events=(*BLU_PUSHES, "ota_begin", "ota_progress", "ota_success"),
    settings=form({"name": NAME, "key": text("Bind key", max_length=32, nullable=True, secret=True)}),
    slow_methods=("BTHomeDevice.UpdateFirmware",),
)

BTHOME_SENSOR = ComponentType(
    type="bthomesensor",
    namespace="BTHomeSensor",
    title="BLU sensor",
    dynamic=True,
    entity=EntitySpec(
        suffix="bthomesensor",
        type="bthomesensor",
        label="BLU Sensor",
        label_for=_sensor_label,
        properties=_sensor_properties,
    ),
    # The unit follows from the object the sensor reports.
    fields=(gauge("value", "", "Value"),),
    settings=form({"name": NAME}),
)

BLU_TRV = ComponentType(
    type="blutrv",
    namespace="BluTrv",
    title="BLU radiator valve",
    dynamic=True,
    entity=EntitySpec(
        suffix="blutrv", type="blutrv", label="BLU TRV", label_always=True, properties=_device_properties
    ),
    fields=(
        gauge("current_C", "°C", "Temperature"),
        gauge("target_C", "°C", "Target temperature"),
        gauge("pos", "%", "Valve position"),
        state("connected", "Connected"),
        SIGNAL,
        BATTERY,
    ),
    actions=(
        Action(
            name="set_target",
            method="BluTrv.Call",
            label="Target temperature",
            parameters=_remote("Trv.SetTarget", {"target_C": TARGET_TEMPERATURE}, required=("target_C",)),
        ),
        Action(
            name="set_position",
            method="BluTrv.Call",
            label="Valve position",
            parameters=_remote("Trv.SetPosition", {"pos": percent("Valve position")}, required=("pos",)),
            # A valve that regulates by itself refuses a position.
            available=lambda view: view.settings.get("enable") is not True,
        ),
        Action(
            name="boost",
            method="BluTrv.Call",
            label="Boost",
            parameters=_remote("Trv.SetBoost", {"duration": integer("For", unit="s", minimum=1)}),
        ),
        Action(
            name="stop_boost",
            method="BluTrv.Call",
            label="Stop boost",
            parameters=_remote("Trv.ClearBoost", {}),
            available=lambda view: bool(view.status.get("boost")),
        ),
        Action(
            name="override",
            method="BluTrv.Call",
            label="Override",
            parameters=_remote(
                "Trv.SetOverride",
                {"target_C": TARGET_TEMPERATURE, "duration": integer("For", unit="s", minimum=1)},
            ),
        ),
        Action(
            name="stop_override",
            method="BluTrv.Call",
            label="Stop override",
            parameters=_remote("Trv.ClearOverride", {}),
            available=lambda view: bool(view.status.get("override")),
        ),
        Action(
            name="set_external_temperature",
            method="BluTrv.Call",
            label="Temperature measured elsewhere",
            parameters=_remote(
                "Trv.SetExternalTemperature",
                {"t_C": number("Temperature", unit="°C", minimum=-20, maximum=60)},
                required=("t_C",),
            ),
        ),
        Action(
            name="calibrate",
            method="BluTrv.Call",
            label="Calibrate",
            parameters=_remote("Trv.Calibrate", {}),
        ),
        Action(name="check_for_updates", method="BluTrv.CheckForUpdates", label="Check for updates"),
        Action(name="update_firmware", method="BluTrv.UpdateFirmware", label="Update firmware"),
    ),
    events=("ota_begin", "ota_progress", "ota_success"),
    settings=form(
        {
            "name": NAME,
            "temp_sensors": array("Temperature sensors", text("Component key")),
            "dw_sensors": array("Door and window sensors", text("Component key")),
            "override_delay": integer("Reaction to an open window after", minimum=0),
        }
    ),
    slow_methods=(
        "BluTrv.Call",
        "BluTrv.GetRemoteConfig",
        "BluTrv.GetRemoteStatus",
        "BluTrv.GetRemoteDeviceInfo",
        "BluTrv.CheckForUpdates",
        "BluTrv.UpdateFirmware",
    ),
)

COMPONENTS = (BLE, BLU_GATEWAY, BTHOME, BTHOME_CONTROL, BTHOME_DEVICE, BTHOME_SENSOR, BLU_TRV)
