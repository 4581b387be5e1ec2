"""What gateways found while they looked for devices; kept in memory, because it is soon out of date."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Self

from fleet_bthome.addresses import address_of, name_of
from fleet_bthome.forwarded import rssi_of
from fleet_bthome.models import Model, model_of
from plugin_sdk import JSON, JSONObject

MAX_GATEWAYS = 1_000
MAX_DEVICES = 200
"""A gateway; the one that was found first is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDevice:
    """A device that a gateway heard.

    Attributes:
        address: ``aa:bb:cc:dd:ee:ff``.
        type: What it calls itself, or its model does: ``SBHT-003C``; ``unknown`` if nobody knows.
        number: Its ``model_id``, or None.
        rssi: Strength in dBm, or None.
        encrypted: Whether it encrypts; None if that was not told.
        at: When it was found, UTC epoch seconds.
    """

    address: str
    type: str
    number: int | None
    rssi: int | None
    encrypted: bool | None
    at: int

    @classmethod
    def read(cls, event: JSONObject, at: int) -> Self | None:
        """Read a gateway's ``device_discovered``; None if it names no address.

        What the event carries beside address and strength is not documented, and so taken where it is.
        """
        inner = event.get("device")
        told: JSONObject = {**event, **(inner if isinstance(inner, dict) else {})}
        address = address_of(told.get("addr") or told.get("mac") or inner)
        if address is None:
            return None
        number, encrypted = whole(told.get("model_id")), told.get("encryption")
        name = name_of(told.get("local_name") or told.get("name"))
        model = model_of(name, number)
        return cls(
            address=address,
            type=name or (model.local_name if model else "unknown"),
            number=number,
            rssi=rssi_of(told.get("rssi")),
            encrypted=encrypted if isinstance(encrypted, bool) else None,
            at=at,
        )

    @property
    def model(self) -> Model | None:
        """Its model, where that is known."""
        return model_of(self.type, self.number)

    def to_json(self) -> JSONObject:
        """``{mac, type, model, model_id, rssi, encryption, ts}``."""
        model = self.model
        return {
            "mac": self.address,
            "type": self.type,
            "model": model.title if model else None,
            "model_id": self.number,
            "rssi": self.rssi,
            "encryption": self.encrypted,
            "ts": self.at,
        }


class Found:
    """What was found, by gateway and address."""

    def __init__(self) -> None:
        self._gateways: OrderedDict[str, OrderedDict[str, FoundDevice]] = OrderedDict()

    def add(self, gateway: str, device: FoundDevice) -> None:
        """A gateway found a device."""
        devices = self._gateways.setdefault(gateway, OrderedDict())
        self._gateways.move_to_end(gateway)
        devices.pop(device.address, None)
        devices[device.address] = device
        if len(devices) > MAX_DEVICES:
            devices.popitem(last=False)
        if len(self._gateways) > MAX_GATEWAYS:
            self._gateways.popitem(last=False)

    def of(self, gateway: str) -> list[FoundDevice]:
        """What a gateway found, newest last."""
        devices = self._gateways.get(gateway)
        return [] if devices is None else list(devices.values())

    def get(self, gateway: str, address: str) -> FoundDevice | None:
        """One of them; what another gateway found of it, if this one found nothing."""
        own = self._gateways.get(gateway)
        if own is not None and address in own:
            return own[address]
        return next((devices[address] for devices in self._gateways.values() if address in devices), None)

    def forget(self, gateway: str) -> None:
        """A gateway was deleted."""
        self._gateways.pop(gateway, None)


def whole(value: JSON) -> int | None:
    """A whole number of up to 32 bits, as a device counts; None for anything else."""
    return value if type(value) is int and 0 <= value < 2**32 else None
