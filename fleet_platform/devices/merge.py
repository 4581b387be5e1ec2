"""How a status patch changes a known status. Pure.

Objects merge key by key, everything else replaces: arrays whole, null stored (it means "not there"), an object over a
scalar and a scalar over an object. Source: Shelly Gen2+ API, "NotifyStatus".
"""

from __future__ import annotations

from plugin_sdk import JSON, JSONObject


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
        if not changed:
            # True equals 1 in Python and not in JSON, so what is equal is looked at once more.
            kind = type(value)
            changed = known != value or type(known) is not kind or (kind is list and not is_same(known, value))
        target[key] = value
    return changed


def apply(status: JSONObject, patch: JSONObject) -> JSONObject:
    """Merge a status notification into a device's status, in place.

    Args:
        patch: ``params`` of ``NotifyStatus``; ``ts`` and whatever is no component are passed over. Null is kept for
            a component that was there.

    Returns:
        The part of the patch that changed something: component key to its patch, in order; empty if nothing did. What
        was not there before, or is not any more, is the very value that ``status`` holds now.
    """
    changes: JSONObject = {}
    for key, value in patch.items():
        known = status.get(key)
        if type(value) is not dict:
            if value is not None or known is None:
                continue
            status[key] = changes[key] = None
        elif type(known) is not dict:
            status[key] = changes[key] = value
        elif merge(known, value):
            changes[key] = value
    return changes


def differing(old: JSONObject, new: JSONObject) -> JSONObject:
    """Components of ``new`` that are not the same in ``old``, and None for those that are gone."""
    changes = {key: value for key, value in new.items() if not is_same(old.get(key), value)}
    changes.update((key, None) for key in old if key not in new)
    return changes


def differences(old: JSON, new: JSON, path: str = "") -> dict[str, list[JSON]]:
    """What differs between two values: dotted path to what was there and what is there now, None for nothing."""
    if type(old) is dict and type(new) is dict:
        found: dict[str, list[JSON]] = {}
        for name in {**old, **new}:
            found.update(differences(old.get(name), new.get(name), f"{path}.{name}" if path else name))
        return found
    return {} if is_same(old, new) else {path: [old, new]}


def is_same(one: JSON, other: JSON) -> bool:
    """Equality as JSON has it: true equals 1 in Python and not there."""
    if type(one) is not type(other):
        return False
    if type(one) is dict:
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    if type(one) is list:
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)
