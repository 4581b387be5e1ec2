"""Permissions that are named one by one, in the predecessor's spelling.

A permission is a method's name, whose parts are separated by dots; case means nothing. ``*`` as a part stands for
whatever follows: ``device.*``, ``api:*``, ``*``. One more part names a device: ``device.get.shellyplus1-a8032abe54dc``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from plugin_sdk import Decision, DeviceId, Principal

SEE = "device.get"
LIST = "device.list"


@dataclass(frozen=True, slots=True)
class Named:
    """Permissions, ready to be looked up.

    Attributes:
        exact: Whole names.
        beginnings: What stands before a ``*``.
        picks: Some devices are named that may be seen, so that listing alone shows no others.
    """

    exact: frozenset[str]
    beginnings: tuple[str, ...]
    picks: bool

    def names(self, permission: str) -> bool:
        """Whether a permission is among them."""
        return permission in self.exact or permission.startswith(self.beginnings)

    def allow(self, permission: str, device: DeviceId | None) -> bool:
        """Whether they allow something."""
        if self.names(permission):
            return True
        if device is not None and self.names(f"{permission}.{device.lower()}"):
            return True
        if permission != SEE:
            return False
        # Who lists devices sees them, as with the predecessor; who may see one may ask for it.
        return self.picks if device is None else not self.picks and self.names(LIST)


def named(principal: Principal, permission: str, device: DeviceId | None) -> Decision:
    """Allow what ``permissions`` among the claims of a principal names."""
    given = principal.claims.get("permissions")
    if not isinstance(given, tuple | list) or not given:
        return None
    return "allow" if _compiled(tuple(map(str, given))).allow(permission, device) else None


@lru_cache(maxsize=1_000)
def _compiled(permissions: tuple[str, ...]) -> Named:
    return compile_permissions(permissions)


def compile_permissions(permissions: Iterable[str]) -> Named:
    """Make permissions ready to be looked up."""
    exact, beginnings = set(), set()
    for permission in permissions:
        beginning, star, _ = permission.strip().lower().partition("*")
        if not star:
            exact.add(beginning)
        elif not beginning or beginning[-1] in ".:":
            beginnings.add(beginning)
    picks = any(name.startswith(f"{SEE}.") for name in (*exact, *beginnings))
    return Named(frozenset(exact), tuple(sorted(beginnings)), picks)
