"""Bluetooth: devices that gateways take in, and beacons whose advertisements scripts on gateways forward."""

from fleet_bthome.plugin import BTHome

__all__ = ["BTHome"]
