"""Behaviour of Shelly components in the simulator: type of component to what makes the behaviour of one.

Types that are not here do nothing by themselves; devices still answer ``GetStatus``, ``GetConfig`` and ``SetConfig``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet_shelly.simulation.alarms import Flood, Smoke
from fleet_shelly.simulation.bluetooth import BTHome, BTHomeDevice, BTHomeSensor
from fleet_shelly.simulation.circuits import Em, Em1, Em1Data, EmData, Pm1
from fleet_shelly.simulation.climate import BluTrv, Thermostat
from fleet_shelly.simulation.covers import Cover
from fleet_shelly.simulation.inputs import Input
from fleet_shelly.simulation.lights import Cct, Light, Rgb, Rgbw
from fleet_shelly.simulation.outputs import Output
from fleet_shelly.simulation.scripts import Script
from fleet_shelly.simulation.sensors import DevicePower, Humidity, Illuminance, Temperature, Voltmeter
from fleet_shelly.simulation.system import Breaker, Display, Media, Restarting, Sys, Wifi
from fleet_shelly.simulation.virtual import Boolean, Button, Enum, Group, Number, Object, Text
from plugin_sdk import ComponentKey
from plugin_sdk.simulation import Behaviour, SimulatedDevice

BEHAVIOURS: Mapping[str, Callable[[SimulatedDevice, ComponentKey], Behaviour]] = {
    "ble": Restarting,
    "blutrv": BluTrv,
    "boolean": Boolean,
    "bthome": BTHome,
    "bthomedevice": BTHomeDevice,
    "bthomesensor": BTHomeSensor,
    "button": Button,
    "cb": Breaker,
    "cct": Cct,
    "cover": Cover,
    "devicepower": DevicePower,
    "em": Em,
    "em1": Em1,
    "em1data": Em1Data,
    "emdata": EmData,
    "enum": Enum,
    "eth": Restarting,
    "flood": Flood,
    "group": Group,
    "humidity": Humidity,
    "illuminance": Illuminance,
    "input": Input,
    "knx": Restarting,
    "light": Light,
    "matter": Restarting,
    "media": Media,
    "modbus": Restarting,
    "mqtt": Restarting,
    "number": Number,
    "object": Object,
    "pm1": Pm1,
    "rgb": Rgb,
    "rgbw": Rgbw,
    "script": Script,
    "smoke": Smoke,
    "switch": Output,
    "sys": Sys,
    "temperature": Temperature,
    "text": Text,
    "thermostat": Thermostat,
    "ui": Display,
    "voltmeter": Voltmeter,
    "wifi": Wifi,
    "ws": Restarting,
    "zigbee": Restarting,
}

__all__ = ["BEHAVIOURS"]
