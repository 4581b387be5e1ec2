"""Raw advertisements through bthome-ble: the only module that knows the library.

The library is an extra (``fleet-platform[bthome]``), because it brings half a Bluetooth stack along. Without it this
module cannot be imported, and all else goes on.
"""

from __future__ import annotations

import logging
import math
import re
import struct
from datetime import datetime

from bleak.backends.device import BLEDevice
from bluetooth_data_tools import parse_advertisement_data_bytes
from bthome_ble import BTHomeBluetoothDeviceData
from bthome_ble.parser import EncryptionScheme
from habluetooth import BluetoothServiceInfoBleak
from sensor_state_data import SensorUpdate

from fleet_bthome.addresses import name_of, printable
from fleet_bthome.forwarded import Advert, Packet
from fleet_bthome.measurements import ALSO_STATES, PUSHES, is_known
from fleet_bthome.reading import Happening, Reading
from plugin_sdk import JSON

# Strangers' advertisements are no concern of whoever reads the log, and there may be hundreds a second.
logging.getLogger("bthome_ble").setLevel(logging.CRITICAL)

SERVICES = {f"0000{short}-0000-1000-8000-00805f9b34fb": short for short in ("fcd2", "181c", "181e")}
_LONG = {short: uuid for uuid, short in SERVICES.items()}
_TAIL = 8
"""Counter and check at the end of what is encrypted."""
_EVENT_NAMES = dict(
    zip(
        ("press", "double_press", "triple_press", "long_press", "long_double_press", "long_triple_press", "hold_press"),
        PUSHES,
        strict=True,
    )
)
_BY_UNIT = {("mass", "lb"): "mass_lb", ("distance", "mm"): "distance_mm", ("volume", "mL"): "volume_ml"}
_SENDER = BLEDevice("", None, None)


class _Parser(BTHomeBluetoothDeviceData):
    def forget_values(self) -> None:
        """Forget what former packets said: each is to speak for itself."""
        self._sensor_values_updates.clear()
        self._sensor_descriptions_updates.clear()
        self._binary_sensor_values_updates.clear()
        self._binary_sensor_descriptions_updates.clear()


def advert_of(packet: Packet) -> Advert | None:
    """The BTHome part of a packet; None if it has none, as most of what is in the air."""
    if packet.service_data is not None:
        return Advert(*packet.service_data, packet.name)
    name, _, service_data, _, _ = parse_advertisement_data_bytes(packet.raw)
    for uuid, data in service_data.items():
        if uuid in SERVICES and data:
            return Advert(SERVICES[uuid], data, name_of(name) or packet.name)
    return None


class Decoder:
    """Decodes what one sender sends; remembers counters, so that nothing old is taken for new.

    Args:
        address: Of the sender.
        key: Its bind key of 16 bytes, or None.
    """

    __slots__ = ("_address", "_parser")

    def __init__(self, address: str, key: bytes | None = None) -> None:
        self._address = address
        self._parser = _Parser(bindkey=key)

    def read(self, advert: Advert, at: float) -> Reading | None:
        """What an advertisement says; None for garbage, and for what is older than what was read before.

        Args:
            at: When it was heard, in seconds on any clock that only goes forward.
        """
        if not _is_plausible(advert):
            return None
        parser = self._parser
        parser.forget_values()
        heard = BluetoothServiceInfoBleak(
            name=advert.name or self._address,
            address=self._address.upper(),
            rssi=0,
            manufacturer_data={},
            service_data={_LONG[advert.service]: advert.data},
            service_uuids=[],
            source="",
            device=_SENDER,
            advertisement=None,
            connectable=False,
            time=at,
            tx_power=None,
        )
        try:
            update = parser.update(heard)
        except (ValueError, ArithmeticError, LookupError, TypeError, AssertionError, OSError, struct.error):
            return None  # it was not made for bytes that nobody checked
        encrypted = parser.encryption_scheme is EncryptionScheme.BTHOME_BINDKEY
        if parser.downgrade_detected:
            return Reading({}, name=advert.name, error="unencrypted_data")
        if encrypted and not parser.bindkey_verified:
            return Reading({}, name=advert.name, encrypted=True, error="key_missing_or_bad")
        if parser.last_service_info is not heard:
            return None
        reading = _reading(update, advert.name, encrypted=encrypted)
        # Of an encrypted packet whose counter went back nothing is left.
        return reading if reading.values or reading.happenings or reading.packet_id is not None else None


def _is_plausible(advert: Advert) -> bool:
    """Long enough for what its first byte promises."""
    data = advert.data
    if advert.service != "fcd2":
        return len(data) > (_TAIL if advert.service == "181e" else 1)
    if data[0] >> 5 != 2:
        return False
    return len(data) > 1 + (6 if data[0] & 2 else 0) + (_TAIL if data[0] & 1 else 0)


def _reading(update: SensorUpdate, name: str | None, *, encrypted: bool) -> Reading:
    values: dict[str, JSON] = {}
    packet_id = None
    for key, value in update.entity_values.items():
        unit = update.entity_descriptions[key].native_unit_of_measurement
        spelt = _spelt(key.key, unit=str(unit))
        if spelt == "packet_id":
            packet_id = int(float(str(value.native_value)))
        elif is_known(spelt) and _has_json(value.native_value):
            values[spelt] = _json(value.native_value)
    for key, state in update.binary_entity_values.items():
        spelt = _spelt(key.key, state=True)
        if is_known(spelt):
            values[spelt] = bool(state.native_value)
    happenings = tuple(
        _happening(key.key, event.event_type, event.event_properties or {}) for key, event in update.events.items()
    )
    return Reading(values, happenings, packet_id, name, encrypted)


def _spelt(key: str, *, unit: str = "", state: bool = False) -> str:
    """The name of a quantity; the library numbers it from 1 where a packet has several."""
    numbered = re.fullmatch(r"(.*?)_(\d+)", key)
    name, number = (numbered[1], numbered[2]) if numbered else (key, "1")
    name = ALSO_STATES.get(name, name) if state else _BY_UNIT.get((name, unit), name)
    return name if number == "1" else f"{name}_{number}"


def _happening(key: str, event: str, properties: dict[str, str | int | float | None]) -> Happening:
    name, _, number = key.partition("_")
    idx = int(number) - 1 if number.isdecimal() else 0
    if name == "command":
        return Happening("command", idx, {"command": event, **properties})
    return Happening(_EVENT_NAMES.get(event, event), idx, properties)


def _has_json(value: object) -> bool:
    """Version 1 sends floating point numbers as they are, with those that are none."""
    return not isinstance(value, float) or math.isfinite(value)


def _json(value: object) -> JSON:
    if isinstance(value, datetime):
        return int(value.timestamp())
    return printable(value[:100]) if isinstance(value, str) else value


class Library:
    """What the registry needs of the library (``beacons.Codec``)."""

    def advert_of(self, packet: Packet) -> Advert | None:
        """The BTHome part of a packet."""
        return advert_of(packet)

    def reader(self, address: str, key: bytes | None) -> Decoder:
        """A decoder for one sender."""
        return Decoder(address, key)
