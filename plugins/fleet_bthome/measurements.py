"""What Bluetooth beacons measure, and the component type that shows it.

The names are those of the BTHome format; where it has two quantities of one name, the second is called apart.

Source: BTHome format version 2, "Sensor data", "Binary sensor data" and "Events".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plugin_sdk import JSON, ComponentType, ComponentView, EntitySpec, FieldKind, MeasuredField

BEACON = "bluadv"
"""Type of the component that shows a beacon: ``bluadv:200``."""

NUMBERS: Final[Mapping[str, tuple[str, FieldKind, str]]] = {
    "battery": ("%", "gauge", "Battery"),
    "temperature": ("°C", "gauge", "Temperature"),
    "humidity": ("%", "gauge", "Humidity"),
    "pressure": ("hPa", "gauge", "Pressure"),
    "illuminance": ("lx", "gauge", "Illuminance"),
    "mass": ("kg", "gauge", "Mass"),
    "mass_lb": ("lb", "gauge", "Mass"),
    "dew_point": ("°C", "gauge", "Dew point"),
    "count": ("", "counter", "Count"),
    "energy": ("kWh", "counter", "Energy"),
    "power": ("W", "gauge", "Power"),
    "voltage": ("V", "gauge", "Voltage"),
    "current": ("A", "gauge", "Current"),
    "pm25": ("µg/m³", "gauge", "PM2.5"),
    "pm10": ("µg/m³", "gauge", "PM10"),
    "carbon_dioxide": ("ppm", "gauge", "CO₂"),
    "volatile_organic_compounds": ("µg/m³", "gauge", "TVOC"),
    "moisture": ("%", "gauge", "Moisture"),
    "rotation": ("°", "gauge", "Rotation"),
    "distance": ("m", "gauge", "Distance"),
    "distance_mm": ("mm", "gauge", "Distance"),
    "duration": ("s", "gauge", "Duration"),
    "speed": ("m/s", "gauge", "Speed"),
    "uv_index": ("", "gauge", "UV index"),
    "volume": ("L", "counter", "Volume"),
    "volume_ml": ("mL", "counter", "Volume"),
    "volume_flow_rate": ("m³/h", "gauge", "Flow"),
    "volume_storage": ("L", "gauge", "Stored volume"),
    "gas": ("m³", "counter", "Gas"),
    "water": ("L", "counter", "Water"),
    "acceleration": ("m/s²", "gauge", "Acceleration"),
    "gyroscope": ("°/s", "gauge", "Gyroscope"),
    "conductivity": ("µS/cm", "gauge", "Conductivity"),
    "direction": ("°", "gauge", "Direction"),
    "precipitation": ("mm", "counter", "Precipitation"),
    "rotational_speed": ("rpm", "gauge", "Rotational speed"),
    "light_level": ("", "gauge", "Light level"),
}
"""Name to unit, kind and what people call it."""

STATES: Final[Mapping[str, str]] = {
    "generic": "State",
    "power_on": "Power on",
    "opening": "Open",
    "battery_low": "Battery low",
    "battery_charging": "Charging",
    "carbon_monoxide": "Carbon monoxide",
    "cold": "Cold",
    "connectivity": "Connected",
    "door": "Door open",
    "garage_door": "Garage door open",
    "gas_detected": "Gas detected",
    "heat": "Hot",
    "light": "Light",
    "lock": "Unlocked",
    "moisture_detected": "Wet",
    "motion": "Motion",
    "moving": "Moving",
    "occupancy": "Occupied",
    "plug": "Plugged in",
    "presence": "Present",
    "problem": "Problem",
    "running": "Running",
    "safety": "Unsafe",
    "smoke": "Smoke",
    "sound": "Sound",
    "tamper": "Tampered with",
    "vibration": "Vibration",
    "window": "Window open",
}
"""Name of what is true or false to what people call it when it is true."""

ALSO_STATES: Final[Mapping[str, str]] = {
    "battery": "battery_low",
    "power": "power_on",
    "gas": "gas_detected",
    "moisture": "moisture_detected",
}
"""Quantities whose name is also that of a state, and how that is called here."""

OTHERS: Final = frozenset({"text", "raw", "timestamp", "channel", "settings_revision"})
"""Values that are shown in the status and measured by nobody."""

PUSHES: Final = (
    "single_push",
    "double_push",
    "triple_push",
    "long_push",
    "long_double_push",
    "long_triple_push",
    "hold_press",
)
"""What BTHome's button codes 1 to 6 and 128 mean, as BLU buttons behind a gateway call it."""

EVENTS: Final = (*PUSHES, "hold_release", "rotate_left", "rotate_right", "command")
"""Everything that a beacon can tell of; with the number of the button as ``idx``."""


def is_known(name: str) -> bool:
    """Whether a value of that name, numbered (``temperature_2``) or not, is one that beacons measure."""
    plain, _, number = name.rpartition("_")
    bare = plain if number.isdecimal() and len(number) < 3 and plain else name
    return bare in NUMBERS or bare in STATES or bare in OTHERS


def label(view: ComponentView) -> str:
    """Its model, or what it calls itself, and the end of its address: ``BLU H&T [9A8E48]``."""
    name = view.status.get("model") or view.status.get("name") or "BLE Device"
    address = str(view.status.get("addr") or "").replace(":", "").upper()
    return f"{name} [{address[-6:]}]"


def properties(view: ComponentView) -> Mapping[str, JSON]:
    """Whose component it is: neither changes while the component is there."""
    return {"addr": view.status.get("addr"), "model": view.status.get("model")}


def _fields() -> tuple[MeasuredField, ...]:
    """The first of each quantity, and the second, which devices with two probes have."""
    fields = [MeasuredField(path="rssi", unit="dBm", kind="gauge", label="Signal strength")]
    for name, (unit, kind, text) in NUMBERS.items():
        fields.append(MeasuredField(path=name, unit=unit, kind=kind, label=text))
        if name != "battery":
            fields.append(MeasuredField(path=f"{name}_2", unit=unit, kind=kind, label=f"{text} 2"))
    fields += [MeasuredField(path=name, unit="", kind="state", label=text) for name, text in STATES.items()]
    return tuple(fields)


COMPONENT = ComponentType(
    type=BEACON,
    namespace="BluAdv",
    title="BLE beacon",
    dynamic=True,
    reported=True,
    entity=EntitySpec(suffix=BEACON, type=BEACON, label="BLE Beacon", label_for=label, properties=properties),
    fields=_fields(),
    events=EVENTS,
)
