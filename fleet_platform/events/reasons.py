"""Why a status event was sent, per component, in the words that subscribers' rules are written in.

Source: the predecessor's rules, kept so that its clients' filters go on working.
"""

from __future__ import annotations

from plugin_sdk import JSON, component_type

_CONSUMPTION = frozenset({"apower", "voltage", "current"})


def reason_of(key: str, patch: JSON) -> str:
    """Reason of one component's patch.

    ``switch:output``, ``switch:consumption``, ``<type>:aenergy`` or ``<type>:generic``, the first that fits.
    """
    kind = component_type(key)
    if type(patch) is not dict:
        return f"{kind}:generic"
    if "aenergy" in patch:
        return f"{kind}:aenergy"
    if kind == "switch":
        if "output" in patch:
            return "switch:output"
        if not _CONSUMPTION.isdisjoint(patch):
            return "switch:consumption"
    return f"{kind}:generic"
