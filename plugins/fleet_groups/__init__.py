"""Groups of devices, listed or described by a query, and the tags and locations of devices."""

from fleet_groups.plugin import Groups

__all__ = ["Groups"]
