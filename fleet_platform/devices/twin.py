"""The live twin of one device.

Only the status is kept decoded, because every notification changes it; info and settings rest as encoded bytes
and are decoded by who asks. That keeps an idle device small.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from fleet_platform.devices.frames import mac_of
from fleet_platform.text import Fragment, decode, encode, encode_to_keep
from plugin_sdk import JSON, DeviceId, JSONObject, Presence

if TYPE_CHECKING:
    from fleet_platform.devices.link import Link


class Revisions(NamedTuple):
    """Revision counters of a device's stored things, as its ``sys`` status tells them; None where it has none."""

    config: int | None = None
    kvs: int | None = None
    schedule: int | None = None
    webhook: int | None = None

    @classmethod
    def of(cls, status: JSONObject) -> Revisions:
        """The revisions in a status."""
        system = status.get("sys") or {}
        return cls(*(system.get(f"{name}_rev") for name in ("cfg", "kvs", "schedule", "webhook")))


class Twin:
    """What the platform knows of a device.

    Attributes:
        id: As the device spells it.
        internal_id: Number in the database, once stored.
        status: Component key to status; the live object, changed in place by the device's session alone.
        link: The connection, while there is one.
        asleep: Whether it is a sleeper that closed its connection and is expected back.
        last_report_ms: When it last reported, UTC epoch milliseconds; 0 for never.
        read: Whether info and settings were ever read.
        config_rev: ``sys.cfg_rev`` that the settings are of; None for devices without revisions.
        updating: An OTA event came since info was last read.
        entities: Component key and entity id of each of its entities.
        entities_json: The entities as clients see them, as the members of a JSON object; None when what they are made
            of changed and nobody has asked since.
    """

    __slots__ = (
        "_info",
        "_settings",
        "asleep",
        "config_rev",
        "entities",
        "entities_json",
        "id",
        "internal_id",
        "last_report_ms",
        "link",
        "read",
        "status",
        "updating",
    )

    def __init__(self, device: DeviceId, status: JSONObject) -> None:
        self.id = device
        self.internal_id: int | None = None
        self.status = status
        self.link: Link | None = None
        self.asleep = False
        self.last_report_ms = 0
        self.read = False
        self.config_rev: int | None = None
        self.updating = False
        self.entities: tuple[tuple[str, str], ...] = ()
        self.entities_json: bytes | None = None
        self._info = b"{}"
        self._settings = b"{}"

    @property
    def mac(self) -> str | None:
        """The MAC that is part of its id."""
        return mac_of(self.id)

    @property
    def presence(self) -> Presence:
        """A sleeper that is expected back counts as online."""
        return "online" if self.link is not None or self.asleep else "offline"

    @property
    def source(self) -> str:
        """How it is connected: ``ws``, or ``offline`` for not at all."""
        return "ws" if self.link is not None else "offline"

    @property
    def wakeup_period_s(self) -> float:
        """How often a sleeper wakes, in seconds; 0 for a device that does not sleep."""
        period = (self.status.get("sys") or {}).get("wakeup_period")
        return float(period) if isinstance(period, int | float) and period > 0 else 0.0

    @property
    def wake_expected_ts(self) -> float | None:
        """When a sleeper should next report, UTC epoch seconds."""
        period = self.wakeup_period_s
        return self.last_report_ms / 1000 + period if period else None

    def info(self) -> JSONObject:
        """Answer of ``Shelly.GetDeviceInfo``, decoded afresh."""
        decoded: JSONObject = decode(self._info)
        return decoded

    def settings(self) -> JSONObject:
        """Component key to settings, decoded afresh."""
        decoded: JSONObject = decode(self._settings)
        return decoded

    @property
    def revisions(self) -> Revisions:
        """Revisions of what is known: settings as they were read, the rest as the device last told."""
        return Revisions.of(self.status)._replace(config=self.config_rev)

    def name(self, settings: Mapping[str, JSON] | None = None) -> str:
        """What people call it: the name in its info, that in its ``sys`` settings (Wall Display), else its id.

        Args:
            settings: Its settings, from who has decoded them already.
        """
        name = self.info().get("name")
        if not name:
            system = (self.settings() if settings is None else settings).get("sys")
            device = system.get("device") if isinstance(system, dict) else None
            name = device.get("name") if isinstance(device, dict) else None
        return str(name or self.id)

    def set_info(self, info: JSONObject) -> None:
        """Replace the device info."""
        self._info = encode_to_keep(info)
        self.entities_json = None

    def set_settings(self, settings: JSONObject) -> None:
        """Replace all settings."""
        self._settings = encode_to_keep(settings)
        self.entities_json = None

    def load(self, *, info: bytes, settings: bytes, meta: JSONObject) -> None:
        """Take what was stored."""
        self._info = info
        self._settings = settings
        self.entities_json = None
        self.last_report_ms = int(meta.get("lastReportTs") or 0)
        self.read = bool(meta.get("read"))
        self.config_rev = meta.get("configRev")
        self.updating = bool(meta.get("updating"))

    # ---- what is stored (``storage.twins.Storable``) and sent ------------------------------------------------

    def info_json(self) -> bytes:
        """Device info as JSON."""
        return self._info

    def settings_json(self) -> bytes:
        """Settings as JSON."""
        return self._settings

    def status_json(self) -> bytes:
        """Status as JSON."""
        return encode(self.status)

    def meta_json(self) -> bytes:
        """What else must survive a restart."""
        meta: dict[str, JSON] = {"lastReportTs": self.last_report_ms}
        if self.read:
            meta.update(read=True, configRev=self.config_rev)
        if self.updating:
            meta["updating"] = True
        return encode(meta)

    def to_json(self) -> JSONObject:
        """The device as clients see it.

        ``{shellyID, id, source, info, status, presence, settings, entities: [id…], meta: {lastReportTs, …}}``;
        info and settings are fragments, so the result is for encoding only.
        """
        meta: JSONObject = {"lastReportTs": self.last_report_ms}
        if self.wakeup_period_s:
            meta["asleep"] = self.asleep
            meta["wakeExpectedTs"] = self.wake_expected_ts
        return {
            "shellyID": self.id,
            "id": self.internal_id,
            "source": self.source,
            "info": Fragment(self._info),
            "status": self.status,
            "presence": self.presence,
            "settings": Fragment(self._settings),
            "entities": [entity for _, entity in self.entities],
            "meta": meta,
        }
