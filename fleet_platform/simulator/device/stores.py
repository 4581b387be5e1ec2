"""What a device keeps in flash beside its settings. Plain state, made on first use."""

from __future__ import annotations

from collections.abc import Collection

from plugin_sdk import JSONObject


class Stores:
    """The contents of one device's flash.

    Attributes:
        kvs: Key to ``{etag, value}``.
        schedules: Jobs by number.
        webhooks: Hooks by number.
        components: Component key to what its behaviour keeps.
        ha1: Hash of the password of its own web server; None without one. Never to be shown.
    """

    __slots__ = ("components", "ha1", "kvs", "schedules", "webhooks")

    def __init__(self) -> None:
        self.kvs: dict[str, JSONObject] = {}
        self.schedules: dict[int, JSONObject] = {}
        self.webhooks: dict[int, JSONObject] = {}
        self.components: dict[str, JSONObject] = {}
        self.ha1: str | None = None

    def keep_for(self, keys: Collection[str]) -> None:
        """Keep what goes on with other components: not the jobs and hooks, nor what belongs to a component gone."""
        self.schedules.clear()
        self.webhooks.clear()
        self.components = {key: kept for key, kept in self.components.items() if ":" not in key or key in keys}
