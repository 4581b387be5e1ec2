"""``Storage.*``: reading and changing registries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fleet_registries import dashboards, setups
from fleet_registries.access import Opened
from fleet_registries.items import item_of
from fleet_registries.names import DEFAULT, checked_key, registry_name
from fleet_registries.registries import check_value, length_of
from plugin_sdk import JSON, Call, Fleet, JSONObject, Method
from plugin_sdk.errors import InvalidParams, PermissionDenied

Name = Annotated[str, Field(max_length=200)]
Number = int | Annotated[str, Field(min_length=1, max_length=200)]

UI, DASHBOARDS = "ui", "dashboards"

CHANGED = "Storage.Changed"


class StorageSettings(BaseModel):
    """What ``Storage.SetConfig`` may change."""

    model_config = ConfigDict(extra="forbid")

    enable: bool | None = None
    items: dict[str, Any] | None = None


class StorageMethods:
    """Handlers of ``Storage.*``.

    Args:
        opened: The registries, while the plugin runs.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Storage.SetItem", handler=self.set_item),
            Method(name="Storage.GetItem", handler=self.get_item, read_only=True),
            Method(name="Storage.RemoveItem", handler=self.remove_item),
            Method(name="Storage.Keys", handler=self.keys, read_only=True),
            Method(name="Storage.GetAll", handler=self.get_all, read_only=True),
            Method(name="Storage.AddItem", handler=self.add_item),
            Method(name="Storage.RemoveWidget", handler=self.remove_widget),
            Method(name="Storage.GetUIConfig", handler=self.get_ui_config, read_only=True),
            Method(name="Storage.GetStatus", handler=self.get_status, read_only=True),
            Method(name="Storage.GetConfig", handler=self.get_config, read_only=True),
            Method(name="Storage.SetConfig", handler=self.set_config),
        ]

    # ---- any value ----------------------------------------------------------------------------------------

    async def set_item(self, fleet: Fleet, key: Name, value: Any, registry: Name = DEFAULT) -> JSONObject:
        """Store a value: `{updated: key}`. It is durable when this answers."""
        name, key = registry_name(registry), checked_key(key)
        if _is_dashboards(name, key):
            value = dashboards.as_map(value)
        await self._opened().put(name, key, value)
        self._tell(fleet, name, key)
        return {"updated": key}

    async def get_item(
        self,
        fleet: Fleet,
        call: Call,
        key: Name,
        registry: Name = DEFAULT,
        shape: Literal["map", "array"] = "map",
    ) -> Any:
        """A value, or null if there is none. `shape: "array"` gives `ui.dashboards` as an array."""
        name, key = registry_name(registry), checked_key(key)
        _check_readable(fleet, call, name)
        value = await self._opened().get(name, key)
        if _is_dashboards(name, key) and shape == "array":
            return dashboards.as_array(value)
        return value

    async def remove_item(self, fleet: Fleet, key: Name, registry: Name = DEFAULT, value: Any = None) -> JSONObject:
        """Remove a value: `{removed: key}`, also if there was none.

        With `value` one entry of it alone: the member or element of that id, or the element that equals it.
        """
        name, key = registry_name(registry), checked_key(key)
        if value is None:
            changed = await self._opened().remove(name, key)
        else:
            changed = await self._remove_entry(name, key, value)
        if changed:
            self._tell(fleet, name, key)
        return {"removed": key}

    async def _remove_entry(self, registry: str, key: str, entry: JSON) -> bool:
        before = await self._opened().get(registry, key)
        if _without(before, entry) == before:
            return False
        await self._opened().change(registry, key, lambda present: _without(present, entry))
        return True

    async def keys(self, registry: Name = DEFAULT) -> list[str]:
        """Keys of a registry, sorted."""
        return await self._opened().keys(registry_name(registry))

    async def get_all(self, fleet: Fleet, call: Call, registry: Name = DEFAULT) -> JSONObject:
        """All values of a registry: an object by key."""
        name = registry_name(registry)
        _check_readable(fleet, call, name)
        return await self._opened().all(name)

    # ---- dashboards ---------------------------------------------------------------------------------------

    async def add_item(
        self,
        fleet: Fleet,
        dashboard: Number,
        type: Number,  # noqa: A002  # the wire's name
        item: Number | dict[str, Any],
        registry: Name = UI,
        key: Name = DASHBOARDS,
        order: int | None = None,
        sub_item: Number | None = None,
    ) -> JSONObject:
        """Add an item to a dashboard: `{id}`.

        `type` is `device`, `entity`, `group`, `action` or `ui`, or 1 to 5; `item` is the id of what is shown, or its
        `data` as an object; of an entity that is named by its device, `sub_item` is the entity.
        """
        _check_dashboards(registry, key)
        made = item_of(fleet.devices, type, item, sub_item=sub_item, order=order)
        number = 0

        def add(present: JSON) -> JSON:
            nonlocal number
            changed, number = dashboards.add_item(present, dashboard, made)
            return changed

        await self._opened().change(UI, DASHBOARDS, add)
        self._tell(fleet, UI, DASHBOARDS)
        return {"id": number}

    async def remove_widget(
        self,
        fleet: Fleet,
        dashboard: Number,
        item_id: Annotated[Number, Field(alias="itemId")],
        registry: Name = UI,
        key: Name = DASHBOARDS,
    ) -> JSONObject:
        """Remove an item from a dashboard: `{removed: itemId}`."""
        _check_dashboards(registry, key)
        await self._opened().change(UI, DASHBOARDS, lambda present: dashboards.remove_item(present, dashboard, item_id))
        self._tell(fleet, UI, DASHBOARDS)
        return {"removed": item_id}

    async def get_ui_config(self) -> JSONObject:
        """Settings for web pages: what `ui.config` says, over `{node_red_enable: false}`."""
        config = await self._opened().get(UI, "config")
        return {"node_red_enable": False, **(config if isinstance(config, dict) else {})}

    # ---- the store itself ---------------------------------------------------------------------------------

    async def get_status(self) -> JSONObject:
        """`{length}`: bytes of the registry `memory`; `{registries}`: keys and bytes of each one."""
        sizes = await self._opened().sizes()
        keys = await self._opened().keys(DEFAULT)
        values = sizes[DEFAULT].bytes if DEFAULT in sizes else 0
        registries = {name: {"keys": size.keys, "bytes": size.bytes} for name, size in sizes.items()}
        return {"length": length_of(keys, values), "registries": registries}

    def get_config(self) -> JSONObject:
        """`{enable: true}`; the plugin `registries` is what can be switched off."""
        return {"enable": True}

    async def set_config(self, fleet: Fleet, config: StorageSettings) -> JSONObject:
        """Set values of the registry `memory` by `items`; none of them if one is no good."""
        if config.enable is False:
            raise InvalidParams.at("config.enable", "is changed by plugin:registries.SetConfig")
        if config.enable is None and config.items is None:
            raise InvalidParams.at("config", "names at least one setting")
        for key, value in (config.items or {}).items():
            check_value(value, f"config.items.{checked_key(key)}")
        for key, value in (config.items or {}).items():
            await self._opened().put(DEFAULT, key, value)
            self._tell(fleet, DEFAULT, key)
        return {"component": "storage", "event": "config_changed"}

    @staticmethod
    def _tell(fleet: Fleet, registry: str, key: str) -> None:
        # Never the value: it may hold a password.
        fleet.publish(CHANGED, {"registry": registry, "key": key})


def _check_readable(fleet: Fleet, call: Call, registry: str) -> None:
    """The passwords in setups are for those who may set up devices."""
    if registry != setups.REGISTRY:
        return
    if call.principal is None or not fleet.allows(call.principal, "device.getsetup"):
        raise PermissionDenied("setups hold passwords", permission="device.getsetup")


def _check_dashboards(registry: str, key: str) -> None:
    if not _is_dashboards(registry_name(registry), key):
        raise InvalidParams.at("key", "items are those of ui.dashboards; use Storage.SetItem for anything else")


def _is_dashboards(registry: str, key: str) -> bool:
    return (registry, key) == (UI, DASHBOARDS)


def _without(value: JSON, entry: JSON) -> JSON:
    """A value without one entry."""
    name = entry.get("id") if isinstance(entry, dict) else entry
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if key != str(name)}
    if isinstance(value, list):
        return [each for each in value if each != entry and not (isinstance(each, dict) and each.get("id") == name)]
    return value
