"""Setups of devices: the registry ``configs``, and what of it fits one device. Pure.

``{"<profile>": {"<configuration>": {"<component>": {…settings…}}}}``
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from itertools import count

from plugin_sdk import JSON, JSONObject, component_id, component_type

REGISTRY = "configs"

_FIRST_ID = 1000


def calls_for(profiles: Mapping[str, JSON], components: Collection[str]) -> JSONObject:
    """Each configuration as calls that set up a device: ``{profile: {configuration: [text, …]}}``.

    Args:
        components: Keys of the components that the device has; what it has not is left out.
    """
    ids = count(_FIRST_ID)
    found = {
        profile: {
            name: [_call(next(ids), key, settings) for key, settings in fitting]
            for name, configuration in configurations.items()
            if (fitting := list(_fitting(configuration, components)))
        }
        for profile, configurations in profiles.items()
        if isinstance(configurations, Mapping)
    }
    return {profile: configurations for profile, configurations in found.items() if configurations}


def _fitting(configuration: JSON, components: Collection[str]) -> Iterator[tuple[str, JSON]]:
    if isinstance(configuration, Mapping):
        yield from ((key, settings) for key, settings in configuration.items() if key.lower() in components)


def _call(number: int, key: str, settings: JSON) -> str:
    """A frame as text. A device takes the number of a component in ``id``, not in the method's name."""
    instance = component_id(key)
    params = {"config": settings} if instance is None else {"id": instance, "config": settings}
    method = f"{component_type(key).lower()}.setconfig"
    frame = {"jsonrpc": "2.0", "id": number, "src": "FLEET_MANAGER", "method": method, "params": params}
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
