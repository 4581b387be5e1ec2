"""Who a simulated device is: MAC, id, network figures. All of it follows from a seed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from random import Random

_VENDORS: Mapping[str, tuple[str, ...]] = {
    "SN": ("A8032A", "441793", "C4D8D5", "08F9E0", "CC7B5C", "E465B8", "348518", "30C922", "80646F", "E86BEA"),
    "SP": ("34987A", "EC6260", "A0DD6C", "AC1518", "8813BF", "2CBCBB"),
    "S3": ("543204", "84FCE6", "34B7DA", "8CBFEA", "34CDB0", "E4B323", "DCDA0C"),
    "S4": ("A085E3", "CCBA97", "98A316", "D885AC", "E8F60A", "7C2C67"),
    "SA": ("000822",),
}
"""First octets of real devices' addresses, by what the order number starts with."""


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
    def link_local(self) -> str:
        """Its IPv6 address on the link, made from the MAC (RFC 4291, appendix A)."""
        octets = bytes.fromhex(self.mac)
        packed = b"\xfe\x80" + bytes(6) + bytes((octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]))
        return str(IPv6Address(packed))

    @property
    def bluetooth_mac(self) -> str:
        """The radio's address: two above the Wi-Fi one."""
        digits = f"{int(self.mac, 16) + 2:012x}"
        return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def identify(model: str, seed: int | str, name: str | None = None) -> Identity:
    """The identity of a model's device with a seed; the same in every run, whatever else is simulated."""
    random = Random(f"{model}:{seed}")  # noqa: S311 - plausible values, no secrets
    vendors = _VENDORS.get(model[:2], _VENDORS["S3"])
    vendor = vendors[0] if len(vendors) == 1 else random.choice(vendors)
    return Identity(
        mac=f"{vendor}{random.getrandbits(24):06X}",
        name=name,
        ip=f"192.168.{random.randint(1, 31)}.{random.randint(2, 254)}",
        rssi=-random.randint(42, 76),
        random=random,
    )
