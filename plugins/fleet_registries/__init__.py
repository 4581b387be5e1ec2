"""Registries: values that clients keep on the platform, such as dashboards, actions and setups of devices."""

from fleet_registries.plugin import RegistriesPlugin

__all__ = ["RegistriesPlugin"]
