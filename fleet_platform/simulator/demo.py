"""The demo fleet: the devices of a small hotel, and what happens there by itself.

Everything is a plain list that a reader can change; the names are what a guest of the demo sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.simulator import Simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One device of the demo.

    Attributes:
        model: As for :meth:`Simulator.add`.
        name: What the hotel calls it.
        profile: Profile; None for the model's first.
    """

    model: str
    name: str
    profile: str | None = None


def _room(number: int) -> tuple[Guest, ...]:
    return (
        Guest(model="Plus2PM", name=f"Room {number} lights"),
        Guest(model="S2PMG3", name=f"Room {number} blind", profile="cover"),
        Guest(model="PlugSG3", name=f"Room {number} minibar"),
        Guest(model="PlusI4", name=f"Room {number} bedside buttons"),
    )


HOTEL: Sequence[Guest] = (
    *_room(101),
    *_room(102),
    *_room(201),
    Guest(model="Pro4PM", name="Corridor lights"),
    Guest(model="SPDM-001PE01EU", name="Lobby chandelier"),
    Guest(model="PlusRGBWPM", name="Bar shelf", profile="rgb"),
    Guest(model="PlusRGBWPM", name="Terrace strip", profile="light"),
    Guest(model="Pro3EM", name="Main meter"),
    Guest(model="EMG3", name="Sauna meter"),
    Guest(model="S1PMG4", name="Kitchen dishwasher"),
    Guest(model="OutdoorPlugSG3", name="Garden fountain"),
    Guest(model="WallDisplay", name="Reception display"),
    Guest(model="BluGwG3", name="Conference room gateway"),
    Guest(model="PlusSmoke", name="Kitchen smoke alarm"),
    Guest(model="PlusHT", name="Wine cellar climate"),
    Guest(model="FloodSensorG4", name="Laundry flood sensor"),
)

_FIRST_SEED = 100
_NAP_S = 90
"""Wake-up period of the demo's sleepers: theirs of hours would show nothing."""


async def check_in(simulator: Simulator) -> list[Device]:
    """Add all devices of the hotel; returns at once, they connect meanwhile."""
    devices = []
    for number, guest in enumerate(HOTEL):
        device = await simulator.add(
            guest.model, seed=_FIRST_SEED + number, name=guest.name, profile=guest.profile, wait=False
        )
        if device.power.sleeper:
            device.state.sys["wakeup_period"] = _NAP_S
        devices.append(device)
    return devices


def happenings(devices: Sequence[Device], random: Random) -> Callable[[], None]:
    """What happens in the hotel: returns a function to call every second or so.

    Loads drift all the time; now and then somebody switches a light, moves a blind or presses a button.
    """
    awake = [device for device in devices if not device.power.sleeper]

    def happen() -> None:
        for device in random.sample(awake, k=4):
            device.vary()
        if random.random() < _SOMEBODY_ACTS:
            _act(random.choice(awake), random)

    return happen


_SOMEBODY_ACTS = 0.25


def _act(device: Device, random: Random) -> None:
    """Somebody uses a device."""
    for cover in device.keys("cover"):
        moving = device.status(cover).get("state") in ("opening", "closing")
        verb = "Stop" if moving else random.choice(("Open", "Close"))
        device.call(f"Cover.{verb}", {"id": device.config(cover)["id"]}, source="SHC")
        return
    outputs = [key for kind in ("switch", "light", "rgb") for key in device.keys(kind)]
    if outputs:
        namespace, _, number = random.choice(outputs).partition(":")
        device.call(f"{namespace}.Toggle", {"id": int(number)}, source="SHC")
        return
    for button in device.keys("input"):
        device.press(button, random.choice(("single_push", "double_push")))
        return
