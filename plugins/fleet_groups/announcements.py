"""Telling the world who joined and left: one event a group for all that happened together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fleet_groups.memberships import Group
from plugin_sdk import Fleet

MAX_IDS = 1_000
"""Devices that one event names; what is more comes in further events."""

MAX_GROUPS = 25
"""Groups that one flush tells of; a plugin may publish a thousand events a second, and there are twenty flushes."""

ALL = 5_000
"""Of so many devices metadata is asked anew when they next report, not at once."""


@dataclass(slots=True)
class _News:
    name: str
    reason: str
    devices: dict[str, bool] = field(default_factory=dict)


class Announcements:
    """What is to be told.

    Attributes:
        silent: Nothing is told while the members are first worked out; metadata is renewed all the same.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.silent = True
        self._fleet = fleet
        self._news: dict[int, _News] = {}
        self._renew: set[str] = set()

    def changed(self, group: Group, device: str, joined: bool, reason: str) -> None:
        """A device joined or left; one that is back before anybody was told did neither."""
        self._renew.add(device)
        if self.silent:
            return
        devices = self._of(group, reason).devices
        if devices.get(device) is (not joined):
            del devices[device]
        else:
            devices[device] = joined

    def edited(self, group: Group) -> None:
        """Somebody changed the group, which is told even if no member came or went."""
        self._of(group, "edited")

    def forget(self, group: Group) -> None:
        """The group is gone; its members have other metadata now."""
        self._news.pop(group.id, None)
        self._renew.update(group.members)

    def renew(self, devices: Iterable[str]) -> None:
        """Metadata of devices changed for another reason."""
        self._renew.update(devices)

    @property
    def waiting(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._news or self._renew)

    def flush(self) -> None:
        """Tell it."""
        self._renew_metadata()
        for number in list(self._news)[:MAX_GROUPS]:
            self._tell(number, self._news.pop(number))

    def _of(self, group: Group, reason: str) -> _News:
        news = self._news.get(group.id)
        if news is not None and news.reason != reason:
            self._tell(group.id, self._news.pop(group.id))
            news = None
        if news is None:
            news = self._news[group.id] = _News(group.name, reason)
        news.name = group.name
        return news

    def _tell(self, number: int, news: _News) -> None:
        if not news.devices and news.reason != "edited":
            return
        ids = [(self._spelt(device), joined) for device, joined in news.devices.items()]
        for start in range(0, max(len(ids), 1), MAX_IDS):
            part = ids[start : start + MAX_IDS]
            self._fleet.publish(
                "Group.Changed",
                {
                    "id": number,
                    "name": news.name,
                    "added": [device for device, joined in part if joined],
                    "removed": [device for device, joined in part if not joined],
                    "reason": news.reason,
                },
            )

    def _renew_metadata(self) -> None:
        if not self._renew:
            return
        devices, self._renew = self._renew, set()
        known = [device.id for key in devices if (device := self._fleet.devices.get(key)) is not None]
        if len(known) > ALL:
            self._fleet.renew_metadata()
        elif known:
            self._fleet.renew_metadata(*known)

    def _spelt(self, key: str) -> str:
        device = self._fleet.devices.get(key)
        return key if device is None else str(device.id)
