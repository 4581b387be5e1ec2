"""Settings without what may be written and never read, such as the key of a Bluetooth device. Pure.

Most firmware answers null for it by itself; what another one tells is neither kept nor shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, ComponentType, JSONObject, component_type


def readable(settings: JSONObject, types: Mapping[str, ComponentType]) -> JSONObject:
    """Settings by component, with null for what the schema of a component marks ``writeOnly``."""
    return {key: _without(value, _schema(types.get(component_type(key)))) for key, value in settings.items()}


def _schema(kind: ComponentType | None) -> Mapping[str, JSON]:
    return (kind.settings if kind is not None else None) or {}


def _without(value: JSON, schema: Mapping[str, JSON]) -> JSON:
    if schema.get("writeOnly"):
        return None
    properties = schema.get("properties")
    if not isinstance(value, dict) or not isinstance(properties, Mapping):
        return value
    return {name: _without(each, properties.get(name, {})) for name, each in value.items()}
