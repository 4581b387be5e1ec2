"""Devices in the local network: finding them, pointing them here, and carrying mDNS from one network to another."""

from fleet_discovery.plugin import Discovery

__all__ = ["Discovery"]
