"""What happened to devices and to the platform, and what a device was like at a time that is past."""

from fleet_journal.plugin import Journal

__all__ = ["Journal"]
