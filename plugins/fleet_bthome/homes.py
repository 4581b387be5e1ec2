"""Which gateway a beacon belongs to: the one that hears it best, without going to and fro. Pure.

Several gateways hear the same beacon. Its component is to be on one of them, and to stay there unless another one is
clearly nearer, or the one it is on hears it no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

BETTER_DB = 8.0
"""How much stronger another gateway must hear it."""
OFTEN = 3
"""How many packets it must have heard, so that one lucky packet counts for nothing."""
SETTLE_S = 60.0
"""How long a beacon stays after a move."""
DEAF_S = 120.0
"""How long its gateway may hear nothing while others do."""
MAX_EARS = 16
"""Gateways remembered for a beacon; the one that was quiet longest is forgotten."""
_NEWEST_WEIGHS = 0.3


@dataclass(slots=True)
class Ear:
    """How one gateway hears a beacon.

    Attributes:
        rssi: Smoothed, in dBm.
        at: When it last did, in seconds.
        times: How many packets in all.
    """

    rssi: float
    at: float
    times: int = 1


@dataclass(slots=True)
class Home:
    """Where one beacon is.

    Attributes:
        gateway: Whose it is.
        since: When it came there, in seconds.
        alone: Packets that others heard since the gateway last did.
    """

    gateway: str
    since: float
    ears: dict[str, Ear] = field(default_factory=dict)
    alone: int = 0

    def hears(self, gateway: str, rssi: int | None, at: float) -> None:
        """A gateway hears the beacon; an unknown strength is taken for a weak one."""
        strength = -100.0 if rssi is None else float(rssi)
        ear = self.ears.get(gateway)
        if ear is None:
            if len(self.ears) >= MAX_EARS:
                others = (name for name in self.ears if name != self.gateway)
                del self.ears[min(others, key=lambda name: self.ears[name].at)]
            self.ears[gateway] = Ear(strength, at)
        else:
            ear.rssi += _NEWEST_WEIGHS * (strength - ear.rssi)
            ear.at, ear.times = at, ear.times + 1
        self.alone = 0 if gateway == self.gateway else self.alone + 1

    def better(self, at: float) -> str | None:
        """The gateway it should move to; None if it should stay."""
        here = self.ears.get(self.gateway)
        heard = self.since if here is None else here.at
        near = [
            (ear.rssi, name)
            for name, ear in self.ears.items()
            if name != self.gateway and ear.times >= OFTEN and at - ear.at < DEAF_S
        ]
        if not near:
            return None
        rssi, name = max(near)
        if self.alone >= OFTEN and at - heard > DEAF_S:
            return name
        if here is None or at - self.since <= SETTLE_S:
            return None
        return name if rssi >= here.rssi + BETTER_DB else None

    def move(self, gateway: str, at: float) -> None:
        """It is there from now on."""
        self.gateway, self.since, self.alone = gateway, at, 0

    def shift(self, seconds: float) -> None:
        """The clock was set: all that is remembered moves with it."""
        self.since += seconds
        for ear in self.ears.values():
            ear.at += seconds
