"""The component types of Shelly Gen2+ devices: what people see of them, what they measure, what they can do."""

from fleet_shelly.plugin import Shelly

__all__ = ["Shelly"]
