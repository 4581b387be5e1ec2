"""Settings of plugins: from their models, the configuration and the database, the later winning.

A value is a frozen instance; a change replaces it. What ``SetConfig`` changed is kept as it was given, so that for
everything else a default or a line of the configuration stays in force. Secrets go in and never come out.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping

from pydantic import BaseModel, TypeAdapter, ValidationError

from fleet_platform.host.setting_values import freeze, make, merge, show, unknown
from fleet_platform.host.turns import Turns
from fleet_platform.storage.kv import KeyValueStore
from plugin_sdk import JSON, JSONObject, Settings
from plugin_sdk.errors import Conflict, InvalidParams, NotFound, PluginError

logger = logging.getLogger(__name__)

OWNER = "core"
PREFIX = "plugin:"
ENABLE = "enable"
"""A setting of every plugin: whether it takes part."""

_BOOL = TypeAdapter(bool)


class PluginSettings:
    """Settings of all plugins of one platform.

    Args:
        names: Plugins there are.
        overrides: Plugin name to what the configuration says.
        disabled: Plugins that the configuration switches off; nothing stored switches them on.
        turns: Where changes wait for one another.
        apply: ``(plugin, own)`` puts a change in force; ``own`` says that more than ``enable`` changed.
    """

    def __init__(
        self,
        *,
        kv: KeyValueStore,
        names: Collection[str],
        overrides: Mapping[str, Mapping[str, JSON]],
        disabled: Collection[str],
        turns: Turns,
        apply: Callable[[str, bool], Awaitable[None]],
    ) -> None:
        self._kv = kv
        self._names = names
        self._overrides = overrides
        self._disabled = disabled
        self._turns = turns
        self._apply = apply
        self._stored: dict[str, JSONObject] = {}
        self._models: dict[str, type[BaseModel]] = {}
        self._values: dict[str, BaseModel] = {}
        self._switched: dict[str, bool] = {}
        self.is_read = False

    async def read(self) -> None:
        """Learn what is stored.

        Raises:
            Unavailable: The database is away.
        """
        keys = await self._kv.keys(OWNER, PREFIX)
        stored = {key.removeprefix(PREFIX): await self._kv.get(OWNER, key) for key in keys}
        self._stored = {name: values for name, values in stored.items() if isinstance(values, dict)}
        self.is_read = True

    # ---- of one plugin ------------------------------------------------------------------------------------

    def is_enabled(self, name: str) -> bool:
        """Whether a plugin shall take part."""
        if name in self._disabled:
            return False
        configured = self._overrides.get(name, {}).get(ENABLE, True)
        wanted = self._switched.get(name, self._stored.get(name, {}).get(ENABLE, configured))
        try:
            return _BOOL.validate_python(wanted)
        except ValidationError:
            logger.warning("plugin %s is disabled: its setting enable is neither true nor false", name)
            return False

    def switch(self, name: str, *, on: bool) -> None:
        """Say whether a plugin shall take part, until the platform is started again.

        Raises:
            NotFound: There is no such plugin.
            Conflict: The configuration switches it off.
        """
        self._check(name, on=on)
        self._switched[name] = on

    def declare(self, name: str, settings: Settings | None) -> None:
        """Take a plugin's model and make its values.

        Raises:
            PluginError: What is configured or stored does not fit the model.
        """
        self._models.pop(name, None)
        self._values.pop(name, None)
        if settings is None:
            return
        model = self._models[name] = freeze(settings.model)
        for stray in unknown(model, self._own(self._overrides.get(name, {}))):
            logger.warning("the configuration of plugin %s names %s, which is none of its settings", name, stray)
        self.renew(name)

    def renew(self, name: str) -> bool:
        """Make a plugin's values anew from what is stored now; returns whether they changed.

        Raises:
            PluginError: What is stored does not fit; the values stay as they were.
        """
        if name not in self._models:
            return False
        try:
            values = self._make(name, self._stored.get(name, {}))
        except InvalidParams as error:
            fault = error.data["errors"][0]
            raise PluginError(f"its setting {fault['path']} cannot be used: {fault['message']}") from error
        changed = values != self._values.get(name)
        self._values[name] = values
        return changed

    def current(self, name: str) -> BaseModel | None:
        """A plugin's values, or None if it has no settings."""
        return self._values.get(name)

    # ---- for clients --------------------------------------------------------------------------------------

    def get_config(self, name: str) -> JSONObject:
        """All settings of a plugin and ``enable``. A secret is null, whether it is set or not.

        Of a plugin that was not loaded since the start ``enable`` alone is known.

        Raises:
            NotFound: There is no such plugin.
        """
        self._check(name)
        values = self._values.get(name)
        return {ENABLE: self.is_enabled(name), **(show(values) if values is not None else {})}

    async def set_config(self, name: str, patch: Mapping[str, JSON]) -> None:
        """Change settings of a plugin; durable and in force when this returns.

        Raises:
            NotFound: There is no such plugin.
            InvalidParams: A value does not fit, or there is no such setting; nothing was changed.
            Conflict: It shall be enabled, but the configuration switches it off.
            Unavailable: The database is away.
        """
        await self._turns.take(lambda: self._set(name, patch))

    async def _set(self, name: str, patch: Mapping[str, JSON]) -> None:
        enable = patch.get(ENABLE)
        self._check(name, on=enable is True)
        if ENABLE in patch and not isinstance(enable, bool):
            raise InvalidParams.at(ENABLE, "Input should be true or false")
        if not self.is_read:
            await self.read()
        own = self._own(patch)
        stored = self._stored.get(name, {})
        if own:
            stored = self._merged(name, stored, own)
        if ENABLE in patch:
            stored = {**stored, ENABLE: enable}
        await self._kv.set(OWNER, f"{PREFIX}{name}", stored)
        self._stored[name] = stored
        if ENABLE in patch:
            self._switched.pop(name, None)
        await self._apply(name, bool(own) and self.renew(name))

    def _check(self, name: str, *, on: bool = False) -> None:
        if name not in self._names:
            raise NotFound(plugin=name)
        if on and name in self._disabled:
            raise Conflict("the configuration switches this plugin off (disabled_plugins)", plugin=name)

    def _merged(self, name: str, stored: JSONObject, own: JSONObject) -> JSONObject:
        """What is stored after a patch, once it is known to fit."""
        if name not in self._models:
            raise InvalidParams.at(next(iter(own)), "The plugin has no settings, or is not loaded.")
        current = self._values.get(name) or self._models[name]()
        merged = merge(stored, own, current)
        self._make(name, merged)
        return merged

    def _make(self, name: str, stored: JSONObject) -> BaseModel:
        return make(self._models[name], self._own(self._overrides.get(name, {})), self._own(stored))

    @staticmethod
    def _own(values: Mapping[str, JSON]) -> JSONObject:
        return {key: value for key, value in values.items() if key != ENABLE}
