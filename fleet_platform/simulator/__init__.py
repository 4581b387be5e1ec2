"""Simulated Shelly devices: they connect, report, answer and reconnect as real ones do."""

from fleet_platform.simulator.descriptors import TooFewDescriptors
from fleet_platform.simulator.device.blueprint import Blueprint, Origin
from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.device.dump import BadDump
from fleet_platform.simulator.faults.table import BadFault
from fleet_platform.simulator.models import UnknownModel
from fleet_platform.simulator.outbound.dialler import BadUrl
from fleet_platform.simulator.outbound.link import Backoff
from fleet_platform.simulator.run import Progress, SimulateOptions, simulate
from fleet_platform.simulator.scenario import BadScenario
from fleet_platform.simulator.simulator import Simulator
from fleet_platform.simulator.world import Stats, Timing

__all__ = [
    "Backoff",
    "BadDump",
    "BadFault",
    "BadScenario",
    "BadUrl",
    "Blueprint",
    "Device",
    "Origin",
    "Progress",
    "SimulateOptions",
    "Simulator",
    "Stats",
    "Timing",
    "TooFewDescriptors",
    "UnknownModel",
    "simulate",
]
