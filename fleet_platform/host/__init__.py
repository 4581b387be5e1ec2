"""The plugin host: finds plugins, compiles what they bring, and keeps them running without harm to one another."""

from fleet_platform.host.host import Host
from fleet_platform.host.records import PluginRecord
from fleet_platform.host.services import HostServices
from fleet_platform.host.supervisor import Timing
from fleet_platform.host.tables import Tables

__all__ = ["Host", "HostServices", "PluginRecord", "Tables", "Timing"]
