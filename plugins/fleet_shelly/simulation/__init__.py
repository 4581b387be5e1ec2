"""Behaviour of Shelly components in the simulator: type of component to what makes the behaviour of one.

Types that are not here do nothing by themselves; devices still answer ``GetStatus``, ``GetConfig`` and ``SetConfig``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet_shelly.simulation.alarms import Flood, Smoke
from fleet_shelly.simulation.appliances import Cury, Dali, Presence, PresenceZone
from fleet_shelly.simulation.ble import Ble
from fleet_shelly.simulation.blu_devices import BTHomeDevice, BTHomeSensor
from fleet_shelly.simulation.bluetooth import BTHome
from fleet_shelly.simulation.circuits import Em, Em1, Pm1
from fleet_shelly.simulation.climate import Thermostat
from fleet_shelly.simulation.covers import Cover
from fleet_shelly.simulation.inputs import Input
from fleet_shelly.simulation.integrations import Matter, Zigbee
from fleet_shelly.simulation.lights import Cct, Light, Rgb, Rgbcct, Rgbw
from fleet_shelly.simulation.network import Ethernet, Uplink, Wifi
from fleet_shelly.simulation.outputs import Output
from fleet_shelly.simulation.panel import Display, Media
from fleet_shelly.simulation.records import Em1Data, EmData
from fleet_shelly.simulation.scripts import Script
from fleet_shelly.simulation.sensors import DevicePower, Humidity, Illuminance, Temperature, Voltmeter
from fleet_shelly.simulation.system import Breaker, Restarting, Service, Sys
from fleet_shelly.simulation.valves import BluTrv
from fleet_shelly.simulation.virtual import Boolean, Button, Enum, Group, Number, Object, Text
from plugin_sdk import ComponentKey
from plugin_sdk.simulation import Behaviour, SimulatedDevice

BEHAVIOURS: Mapping[str, Callable[[SimulatedDevice, ComponentKey], Behaviour]] = {
    "ble": Ble,
    "blutrv": BluTrv,
    "boolean": Boolean,
    "bthome": BTHome,
    "bthomedevice": BTHomeDevice,
    "bthomesensor": BTHomeSensor,
    "button": Button,
    "cb": Breaker,
    "cct": Cct,
    "cloud": Uplink,
    "cover": Cover,
    "cury": Cury,
    "dali": Dali,
    "devicepower": DevicePower,
    "em": Em,
    "em1": Em1,
    "em1data": Em1Data,
    "emdata": EmData,
    "enum": Enum,
    "eth": Ethernet,
    "flood": Flood,
    "group": Group,
    "humidity": Humidity,
    "illuminance": Illuminance,
    "input": Input,
    "knx": Restarting,
    "light": Light,
    "matter": Matter,
    "media": Media,
    "modbus": Restarting,
    "mqtt": Uplink,
    "number": Number,
    "object": Object,
    "pm1": Pm1,
    "presence": Presence,
    "presencezone": PresenceZone,
    "rgb": Rgb,
    "rgbcct": Rgbcct,
    "rgbw": Rgbw,
    "script": Script,
    "service": Service,
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
    "zigbee": Zigbee,
}

__all__ = ["BEHAVIOURS"]
