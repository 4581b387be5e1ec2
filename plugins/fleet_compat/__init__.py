"""HTTP addresses of the predecessor that other programs still call: ``/api/variables`` and ``/api/switch``."""

from fleet_compat.plugin import Compat

__all__ = ["Compat"]
