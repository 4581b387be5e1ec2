"""Users with a name and a password, kept in the platform's own database."""

from fleet_local_users.plugin import LocalUsers

__all__ = ["LocalUsers"]
