"""A model of device, as the catalogue describes it. Plain data."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from plugin_sdk import JSONObject


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """A model as the catalogue describes it.

    Attributes:
        app: Firmware application: ``Plus1PM``.
        code: Order number that ``model`` shows: ``SNSW-001P16EU``.
        name: What the shop calls it.
        gen: Generation.
        prefix: What device ids start with.
        profiles: Profile name to its parts (``"2*switch.pm2"``); the name is empty where there is only one.
        common: Parts of all profiles.
        version: Firmware version.
        memory: RAM, free RAM, flash, free flash; bytes.
        device: Further names in ``sys.device`` with their values.
        sleeps_s: Wake-up period; None for a device that does not sleep.
        gateway: Whether Bluetooth devices come with it.
    """

    app: str
    code: str
    name: str
    gen: int
    prefix: str
    profiles: Mapping[str, tuple[str, ...]]
    common: tuple[str, ...] = ("ble", "cloud")
    version: str = "1.7.5"
    memory: tuple[int, int, int, int] = (250_596, 127_644, 393_216, 126_976)
    device: JSONObject = field(default_factory=dict)
    sleeps_s: int | None = None
    gateway: bool = False

    @property
    def is_wall_display(self) -> bool:
        """Whether it is built on another platform than all others."""
        return self.app.startswith("WallDisplay")

    @property
    def fw_id(self) -> str:
        """``20260311-095847/1.7.5-g9979d16``; a Wall Display's hash has no ``g``."""
        second = zlib.crc32(self.app.encode()) % 60
        mark = "-06f6da23" if self.is_wall_display else "-g9979d16"
        return f"20260311-0958{second:02d}/{self.version}{mark}"
