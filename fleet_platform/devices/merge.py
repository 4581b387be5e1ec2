"""How a status patch changes a known status. Pure.

Objects merge key by key, everything else replaces: arrays whole, null stored (it means "not there"), an object over a
scalar and a scalar over an object. Source: Shelly Gen2+ API, "NotifyStatus".
"""

from __future__ import annotations

from plugin_sdk import JSONObject


def merge(target: JSONObject, patch: JSONObject) -> bool:
    """Merge ``patch`` into ``target``, in place; returns whether anything differs now.

    Parts of ``patch`` become parts of ``target``. Merging twice differs in nothing the second time.
    """
    changed = False
    for key, value in patch.items():
        if key not in target:
            target[key] = value
            changed = True
            continue
        known = target[key]
        if type(value) is dict and type(known) is dict:
            if merge(known, value):
                changed = True
            continue
        # True equals 1 in Python and not in JSON, so types are compared too.
        if known != value or type(known) is not type(value):
            changed = True
        target[key] = value
    return changed


def apply(status: JSONObject, patch: JSONObject) -> JSONObject:
    """Merge a status notification into a device's status, in place.

    Args:
        patch: ``params`` of ``NotifyStatus``; ``ts`` and whatever is no component are passed over.

    Returns:
        The part of the patch that changed something: component key to its patch, in order; empty if nothing did.
    """
    changes: JSONObject = {}
    for key, value in patch.items():
        if type(value) is not dict:
            continue
        known = status.get(key)
        if type(known) is not dict:
            status[key] = value
            changes[key] = value
        elif merge(known, value):
            changes[key] = value
    return changes


def differing(old: JSONObject, new: JSONObject) -> JSONObject:
    """Components of ``new`` that are not the same in ``old``."""
    return {key: value for key, value in new.items() if old.get(key) != value}
