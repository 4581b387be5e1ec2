"""``Plugin.List`` and ``plugin:<name>.*``: what plugins there are, how they fare, their settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fleet_platform.devices.voice import Voice
from fleet_platform.host import Host
from plugin_sdk import JSONObject, Method
from plugin_sdk.errors import InvalidParams


class PluginMethods:
    """Handlers of ``Plugin.*``; one set of ``plugin:<name>.*`` per plugin that is installed."""

    def __init__(self, host: Host, voice: Voice) -> None:
        self._host = host
        self._voice = voice

    def methods(self) -> list[Method]:
        """Declare them."""
        found = [Method(name="Plugin.List", handler=self.list, read_only=True)]
        for name in self._host.records:
            found.extend(self._of(name))
        return found

    def _of(self, name: str) -> Iterable[Method]:
        component = f"plugin:{name}"

        def get_status() -> JSONObject:
            """State of the plugin, why it is in it, its counters, and the traceback of its last fault."""
            return self._host.records[name].to_json(traceback=True)

        def get_config() -> JSONObject:
            """Settings of the plugin, without secrets."""
            return self._host.settings.get_config(name)

        async def set_config(config: dict[str, Any]) -> JSONObject:
            """Change settings of the plugin; ``enable`` starts or stops it."""
            if not config:
                raise InvalidParams.at("config", "names at least one setting")
            await self._host.settings.set_config(name, config)
            self._voice.notify(component, "config_changed")
            return {"component": component, "event": "config_changed"}

        yield Method(name=f"{component}.GetStatus", handler=get_status, read_only=True)
        yield Method(name=f"{component}.GetConfig", handler=get_config, read_only=True)
        yield Method(name=f"{component}.SetConfig", handler=set_config)

    def list(self) -> Any:
        """All plugins, in the order of their names."""
        return [record.to_json() for _, record in sorted(self._host.records.items())]
