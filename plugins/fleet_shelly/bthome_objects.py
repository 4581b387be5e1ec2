"""What a BTHome object is: its name, its unit and how people see it.

Source: BTHome format version 2, "Sensor data", "Binary sensor data" and "Events"; units are spelt as the predecessor's
clients know them.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["sensor", "binary_sensor", "button", "dimmer"]


class BTHomeObject(NamedTuple):
    """One row of the table."""

    name: str
    unit: str = ""
    kind: Kind = "sensor"


def _binary(name: str) -> BTHomeObject:
    return BTHomeObject(name, kind="binary_sensor")


OBJECTS: Final = {
    0: BTHomeObject("packet_id"),
    1: BTHomeObject("battery", "%"),
    2: BTHomeObject("temperature", "°C"),
    3: BTHomeObject("humidity", "%"),
    4: BTHomeObject("pressure", "hPa"),
    5: BTHomeObject("illuminance", "lux"),
    6: BTHomeObject("mass_kg", "kg"),
    7: BTHomeObject("mass_lb", "lb"),
    8: BTHomeObject("dewpoint", "°C"),
    9: BTHomeObject("count"),
    10: BTHomeObject("energy", "kWh"),
    11: BTHomeObject("power", "W"),
    12: BTHomeObject("voltage", "V"),
    13: BTHomeObject("pm2.5", "ug/m3"),
    14: BTHomeObject("pm10", "ug/m3"),
    15: _binary("generic_boolean"),
    16: _binary("power_status"),
    17: _binary("opening"),
    18: BTHomeObject("co2", "ppm"),
    19: BTHomeObject("tvoc", "ug/m3"),
    20: BTHomeObject("moisture", "%"),
    21: _binary("battery_status"),
    22: _binary("battery_charging"),
    23: _binary("carbon_monoxide"),
    24: _binary("cold"),
    25: _binary("connectivity"),
    26: _binary("door"),
    27: _binary("garage_door"),
    28: _binary("gas"),
    29: _binary("heat"),
    30: _binary("light"),
    31: _binary("lock"),
    32: _binary("moisture"),
    33: _binary("motion"),
    34: _binary("moving"),
    35: _binary("occupancy"),
    36: _binary("plug"),
    37: _binary("presence"),
    38: _binary("problem"),
    39: _binary("running"),
    40: _binary("safety"),
    41: _binary("smoke"),
    42: _binary("sound"),
    43: _binary("tamper"),
    44: _binary("vibration"),
    45: _binary("window"),
    46: BTHomeObject("humidity", "%"),
    47: BTHomeObject("moisture", "%"),
    58: BTHomeObject("button", kind="button"),
    60: BTHomeObject("dimmer", kind="dimmer"),
    61: BTHomeObject("count"),
    62: BTHomeObject("count"),
    63: BTHomeObject("rotation", "°"),
    64: BTHomeObject("distance_mm", "mm"),
    65: BTHomeObject("distance_m", "m"),
    66: BTHomeObject("duration", "s"),
    67: BTHomeObject("current", "A"),
    68: BTHomeObject("speed", "m/s"),
    69: BTHomeObject("temperature", "°C"),
    70: BTHomeObject("uv_index"),
    71: BTHomeObject("volume", "L"),
    72: BTHomeObject("volume", "mL"),
    73: BTHomeObject("volume_flow_rate", "m3/hr"),
    74: BTHomeObject("voltage", "V"),
    75: BTHomeObject("gas", "m3"),
    76: BTHomeObject("gas", "m3"),
    77: BTHomeObject("energy", "kWh"),
    78: BTHomeObject("volume", "L"),
    79: BTHomeObject("water", "L"),
    80: BTHomeObject("timestamp"),
    81: BTHomeObject("acceleration", "m/s2"),
    82: BTHomeObject("gyroscope", "°/s"),
    83: BTHomeObject("text"),
    84: BTHomeObject("raw"),
    85: BTHomeObject("volume_storage", "L"),
    86: BTHomeObject("conductivity", "µS/cm"),
    87: BTHomeObject("temperature", "°C"),
    88: BTHomeObject("temperature", "°C"),
    89: BTHomeObject("count"),
    90: BTHomeObject("count"),
    91: BTHomeObject("count"),
    92: BTHomeObject("power", "W"),
    93: BTHomeObject("current", "A"),
    94: BTHomeObject("direction", "°"),
    95: BTHomeObject("precipitation", "mm"),
    96: BTHomeObject("channel"),
    97: BTHomeObject("rotational_speed", "rpm"),
    98: BTHomeObject("speed", "m/s"),
    99: BTHomeObject("acceleration", "m/s2"),
    100: BTHomeObject("light_level"),
}
"""Object id, decimal as in a BLU sensor's ``obj_id``, to what it is."""
