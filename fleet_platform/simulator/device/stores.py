"""What a device keeps in flash beside its settings. Plain state, made on first use."""

from __future__ import annotations

from plugin_sdk import JSONObject


class Stores:
    """The contents of one device's flash.

    Attributes:
        kvs: Key to ``{etag, value}``.
        schedules: Jobs by number.
        webhooks: Hooks by number.
        components: Component key to what its behaviour keeps.
    """

    __slots__ = ("components", "kvs", "schedules", "webhooks")

    def __init__(self) -> None:
        self.kvs: dict[str, JSONObject] = {}
        self.schedules: dict[int, JSONObject] = {}
        self.webhooks: dict[int, JSONObject] = {}
        self.components: dict[str, JSONObject] = {}
