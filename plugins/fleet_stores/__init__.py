"""What devices store: key-value pairs, schedules, webhooks, scripts. Read when they change, told, and kept."""

from fleet_stores.plugin import Stores

__all__ = ["Stores"]
