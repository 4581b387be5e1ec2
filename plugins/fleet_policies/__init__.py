"""The rules every installation starts with: administrators and plugins may do everything, others what is named.

All rules only ever allow; what they have no opinion on, another plugin's policy may allow, and what they allow,
another's ``deny`` takes away.
"""

from __future__ import annotations

from fleet_policies.permissions import named
from plugin_sdk import Decision, DeviceId, Policy, Principal, hookimpl

ADMINISTRATORS = "admin"
"""The group whose members may do everything, whichever auth provider says that they belong to it."""


class Policies:
    """The plugin ``policies``."""

    @hookimpl
    def fleet_register_policies(self) -> list[Policy]:
        """One policy for administrators, one for plugins, one for everybody else."""
        return [
            Policy(name="administrators", decide=_administrators),
            Policy(name="plugins", decide=_plugins),
            Policy(name="permissions", decide=named),
        ]


def _administrators(principal: Principal, _permission: str, _device: DeviceId | None) -> Decision:
    return "allow" if ADMINISTRATORS in principal.groups else None


def _plugins(principal: Principal, _permission: str, _device: DeviceId | None) -> Decision:
    # A plugin runs inside the platform with full rights anyway; refusing its calls would protect nobody.
    return "allow" if principal.provider == "plugin" else None
