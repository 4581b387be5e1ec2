"""Mail over an SMTP server: sending, and finding out whether it works."""

from fleet_mail.plugin import Mail

__all__ = ["Mail"]
