"""Who a simulated device is: MAC, id, network figures. All of it follows from a seed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_VENDORS = ("A8032A", "441793", "C4D8D5", "08F9E0", "34987A", "543204", "84FCE6", "34B7DA", "8CBFEA", "D885AC")
"""First octets that real devices have."""

_WALL_DISPLAY_VENDOR = "000822"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One device among many of its model.

    Attributes:
        mac: Twelve upper-case hexadecimal digits.
        name: What its owner called it, or None.
        ip: Its address in the local network.
        rssi: Signal strength in dBm.
        random: For all further values that should differ between devices.
    """

    mac: str
    name: str | None
    ip: str
    rssi: int
    random: Random

    @property
    def bluetooth_mac(self) -> str:
        """The radio's address: two above the Wi-Fi one."""
        digits = f"{int(self.mac, 16) + 2:012x}"
        return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def identify(model: str, seed: int | str, name: str | None = None) -> Identity:
    """The identity of a model's device with a seed; the same in every run, whatever else is simulated."""
    random = Random(f"{model}:{seed}")  # noqa: S311 - plausible values, no secrets
    vendor = _WALL_DISPLAY_VENDOR if model.startswith("SAWD") else random.choice(_VENDORS)
    return Identity(
        mac=f"{vendor}{random.getrandbits(24):06X}",
        name=name,
        ip=f"192.168.{random.randint(1, 31)}.{random.randint(2, 254)}",
        rssi=-random.randint(42, 76),
        random=random,
    )
