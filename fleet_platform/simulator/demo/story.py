"""What is worth finding in the demo hotel: troubles that a person who looks after devices knows. Plain data.

===========================================  ===========================================================
device                                       what is wrong
===========================================  ===========================================================
Outside / Garden / Fountain                  a signal of -88 dBm; loses its connection now and then
Floor 2 / Room 203 / Blind                   was connected once and is not there any more
Floor 2 / Room 202 / Lights                  light has been on since yesterday in a room nobody has booked
Ground floor / Kitchen / Cold room           the door is open and the compressor never rests
Basement / Sauna / Heater                    switched off by itself: the heater draws too much
Basement / Laundry / Washing machine         firmware of years ago, with an update at hand
===========================================  ===========================================================

The last three need no more than what ``hotel`` says of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleet_platform.simulator.demo.acts import Act, Press
from fleet_platform.simulator.demo.hotel import EMPTY_ROOM, FLOOR_2, OUTSIDE


@dataclass(frozen=True, slots=True)
class Flaky:
    """A device that loses its connection now and then.

    Attributes:
        up_s: It is there for so many seconds at least, and at most twice as many.
        down_s: It is away for so many seconds, likewise.
    """

    up_s: float
    down_s: float


FLAKY: Mapping[str, Flaky] = {f"{OUTSIDE} / Garden / Fountain": Flaky(up_s=240, down_s=15)}
"""Devices with a bad connection."""

LOST: Mapping[str, float] = {f"{FLOOR_2} / Room 203 / Blind": 20.0}
"""Devices that lose power for good, so many seconds after they were connected for the first time.

So a platform with an empty database knows all about them, and shows them as offline.
"""

FORGOTTEN: Sequence[Act] = (Press(f"{EMPTY_ROOM} / Lights", "input:0", "on"),)
"""What somebody did before the demo began, and nobody has undone."""
