"""A model of device, as the catalogue describes it. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from fleet_platform.simulator.device.firmware import is_wall_display
from fleet_platform.simulator.models.firmware import firmware_id, read_version
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
        shown: Further names in the status of ``sys`` with their values.
        info: Further names in ``Shelly.GetDeviceInfo`` with their values.
        absent: Settings that others of its firmware have, as ``mqtt.use_client_cert``; a bare type is a component.
        sleeps_s: Wake-up period; None for a device that does not sleep.
        gateway: Whether Bluetooth devices come with it.
        ipv6: Whether it shows IPv6 addresses.
        channels: Whether ``sys`` lists its outputs.
        zigbee: Whether there is other firmware for it that speaks Zigbee.
    """

    app: str
    code: str
    name: str
    gen: int
    prefix: str
    profiles: Mapping[str, tuple[str, ...]]
    common: tuple[str, ...]
    version: str
    memory: tuple[int, int, int, int]
    device: JSONObject = field(default_factory=dict)
    shown: JSONObject = field(default_factory=dict)
    info: JSONObject = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    sleeps_s: int | None = None
    gateway: bool = False
    ipv6: bool = False
    channels: bool = False
    zigbee: bool = False

    @property
    def is_wall_display(self) -> bool:
        """Whether it is built on another platform than all others."""
        return is_wall_display(self.app)

    @property
    def fw_id(self) -> str:
        """``20260311-095847/1.7.5-g9979d16``."""
        return firmware_id(self.app, self.version)

    def at(self, version: str) -> Self:
        """The same model with another firmware.

        Raises:
            ValueError: That is no version.
        """
        read_version(version)
        return replace(self, version=version)
