"""How statuses and settings are merged. Pure functions on JSON objects.

Status objects belong to one device and change in place. Settings are shared between devices of a model, so merging
them copies what changes and leaves the rest shared.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject


def apply_patch(status: JSONObject, patch: Mapping[str, JSON]) -> None:
    """Merge a patch into a status: objects deeply, arrays as a whole, None removes the key."""
    for name, value in patch.items():
        if value is None:
            status.pop(name, None)
        elif isinstance(value, dict):
            inner = status.get(name)
            if isinstance(inner, dict):
                apply_patch(inner, value)
            else:
                status[name] = without_nulls(value)
        else:
            status[name] = value


def without_nulls(value: Mapping[str, JSON]) -> JSONObject:
    """A copy of an object as a fresh status would show it."""
    return {
        name: without_nulls(inner) if isinstance(inner, dict) else inner
        for name, inner in value.items()
        if inner is not None
    }


def overlay_patch(patch: JSONObject, later: Mapping[str, JSON]) -> None:
    """Merge a later patch into an earlier one, so that the two may leave as one; nulls are kept."""
    for name, value in later.items():
        inner = patch.get(name)
        if isinstance(value, dict) and isinstance(inner, dict):
            merged = dict(inner)
            overlay_patch(merged, value)
            patch[name] = merged
        else:
            patch[name] = value


class UnfitSetting(ValueError):
    """A value of another kind than the setting's; the text is the setting's name."""


def merge_settings(settings: JSONObject, patch: Mapping[str, JSON]) -> tuple[JSONObject, JSONObject]:
    """Settings with a patch merged in, and what differs by that.

    Names that the settings do not have are ignored, as devices ignore them. Where nothing differs the same object
    comes back.

    Returns:
        The new settings and the differences, nested as in the settings; empty if there are none.

    Raises:
        UnfitSetting: A value is of another kind than the setting it is for.
    """
    changes: JSONObject = {}
    merged: JSONObject | None = None
    for name, value in patch.items():
        if name not in settings:
            continue
        old = settings[name]
        if not _fits(old, value):
            raise UnfitSetting(name)
        if isinstance(old, dict) and isinstance(value, dict) and old:
            new, difference = merge_settings(old, value)
        else:
            new, difference = value, value
            if old == value and isinstance(old, bool) == isinstance(value, bool):
                continue
        if new is old:
            continue
        merged = dict(settings) if merged is None else merged
        merged[name] = new
        changes[name] = difference
    return (settings if merged is None else merged), changes


def _fits(old: JSON, new: JSON) -> bool:
    """Whether a setting may take a value: of its own kind, or null where a text may be missing."""
    if isinstance(old, bool) or isinstance(new, bool):
        return type(old) is type(new) or old is None
    if isinstance(old, int | float):
        return isinstance(new, int | float)
    if isinstance(old, str):
        return new is None or isinstance(new, str)
    return old is None or type(old) is type(new)
