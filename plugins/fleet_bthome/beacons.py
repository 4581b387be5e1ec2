"""All beacons that gateways hear: what each said last, and which component of which gateway shows it.

Holds no clock and does no I/O: what is to be reported is collected until somebody takes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Protocol

from fleet_bthome.addresses import address_of
from fleet_bthome.allowance import Allowance
from fleet_bthome.forwarded import Advert, Packet, rssi_of
from fleet_bthome.homes import Home
from fleet_bthome.measurements import BEACON
from fleet_bthome.models import model_of
from fleet_bthome.places import Places
from fleet_bthome.reading import Happening, Reading, relevant, said
from plugin_sdk import JSON, JSONObject

SAME_PACKET_S = 4.0
"""For so long the same bytes, or the same number, are the same packet, heard again or by another gateway."""
AHEAD = 64
"""How far the number of the next packet may be ahead; packets are counted to 255. Source: bthome-ble."""
TELL_HEARD_S = 60.0
"""How often it is told that a beacon was heard that says nothing new."""
LEAPS_DB = 6
"""A change of signal strength that is told at once."""
MAX_HAPPENINGS = 1_000
"""How many may wait to be told; further ones are dropped and counted."""


class Reader(Protocol):
    """Decodes what one sender sends."""

    def read(self, advert: Advert, at: float, /) -> Reading | None:
        """What an advertisement says; None for garbage, and for what is old."""


class Codec(Protocol):
    """What decodes raw advertisements."""

    def advert_of(self, packet: Packet) -> Advert | None:
        """The BTHome part of a packet."""

    def reader(self, address: str, key: bytes | None) -> Reader:
        """A decoder for one sender."""


class ScriptReader:
    """Reads what a script decoded."""

    def __init__(self, said: Mapping[str, JSON]) -> None:
        self._said = said

    def read(self, advert: Advert, _at: float) -> Reading | None:
        """What the script said."""
        return said(self._said, advert.name)


class Beacon:
    """One beacon.

    Attributes:
        address: ``aa:bb:cc:dd:ee:ff``.
        index: Number of its component.
        home: Whose component it is.
        status: What the component shows.
        reader: Decodes it; None as long as it was not heard since the start.
        heard: When it was last heard, UTC epoch seconds.
        packet_id: Number of its last packet, or None.
    """

    __slots__ = ("address", "bytes", "bytes_at", "heard", "home", "index", "packet_id", "reader", "status", "told")

    def __init__(self, address: str, index: int, home: Home, status: JSONObject, heard: float) -> None:
        self.address = address
        self.index = index
        self.home = home
        self.status = status
        self.heard = self.told = heard
        self.reader: Reader | None = None
        self.bytes = b""
        self.bytes_at = 0.0
        self.packet_id: int | None = None

    def repeats(self, packet_id: int | None, now: float) -> bool:
        """Whether a packet of that number is its last one, or an older one that took longer."""
        if packet_id is None or self.packet_id is None or now - self.bytes_at >= SAME_PACKET_S:
            return False
        return not 0 < (packet_id - self.packet_id) % 256 < AHEAD

    @property
    def key(self) -> str:
        """Key of its component."""
        return f"{BEACON}:{self.index}"


class Beacons:
    """The registry.

    Args:
        codec: Decodes raw advertisements; None while the library for it is not installed.
        per_gateway: How many beacons one gateway may have.
        in_all: How many there may be.
        allowance: How many advertisements of a gateway are decoded; None for all of them.

    Attributes:
        keys: Bind key by address.
        tally: Packets by what became of them: ``read``, ``repeated``, ``not_bthome``, ``garbage``, ``refused``,
            ``undecoded``, ``encrypted``, ``too_many``; and ``moved`` beacons and ``untold`` pushes.
    """

    def __init__(
        self,
        codec: Codec | None,
        *,
        per_gateway: int,
        in_all: int,
        allowance: Allowance | None = None,
    ) -> None:
        self.keys: dict[str, bytes] = {}
        self.tally: Counter[str] = Counter()
        self._codec = codec
        self._per_gateway = per_gateway
        self._in_all = in_all
        self._allowance = allowance
        self._shifted = 0.0
        self._beacons: dict[str, Beacon] = {}
        self._places: dict[str, Places] = {}
        self._dirty: dict[str, dict[str, JSONObject | None]] = {}
        self._happenings: list[tuple[Beacon, Happening]] = []

    def __len__(self) -> int:
        return len(self._beacons)

    def __iter__(self) -> Iterator[Beacon]:
        return iter(self._beacons.values())

    def get(self, address: str) -> Beacon | None:
        """The beacon of an address."""
        return self._beacons.get(address)

    # ---- what is heard -----------------------------------------------------------------------------------

    def hear(self, gateway: str, packet: Packet, now: float) -> str:
        """Take one advertisement that a gateway heard.

        Args:
            now: UTC epoch seconds.

        Returns:
            What became of it, as in ``tally``.
        """
        outcome = self._hear(gateway, packet, now)
        self.tally[outcome] += 1
        return outcome

    def _hear(self, gateway: str, packet: Packet, now: float) -> str:
        if packet.said is None and self._codec is None:
            return "undecoded"
        advert = self._advert_of(packet)
        if advert is None:
            return "not_bthome"
        beacon = self._beacons.get(packet.address)
        if beacon is not None and advert.data == beacon.bytes and now - beacon.bytes_at < SAME_PACKET_S:
            return self._hear_again(beacon, gateway, packet, now)
        if self._allowance is not None and not self._allowance.take(gateway):
            return "too_many"
        return self._read(gateway, packet, advert, beacon, now)

    def _read(self, gateway: str, packet: Packet, advert: Advert, beacon: Beacon | None, now: float) -> str:
        reader = self._reader_for(packet, beacon)
        reading = reader.read(advert, now - self._shifted)
        if reading is None:
            # Of a beacon that is known it may be an older packet that took longer.
            return "garbage" if beacon is None else "repeated"
        if beacon is not None and beacon.repeats(reading.packet_id, now):
            return self._hear_again(beacon, gateway, packet, now)
        beacon = beacon or self._welcome(gateway, packet, reading, now)
        if beacon is None:
            return "refused"
        if packet.said is None:
            beacon.reader = reader
        beacon.bytes, beacon.bytes_at, beacon.packet_id = advert.data, now, reading.packet_id
        self._note(beacon, gateway, packet, reading, now)
        return "encrypted" if reading.error else "read"

    def _hear_again(self, beacon: Beacon, gateway: str, packet: Packet, now: float) -> str:
        beacon.home.hears(gateway, packet.rssi, now)
        self._settle(beacon, now)
        return "repeated"

    def _advert_of(self, packet: Packet) -> Advert | None:
        if packet.said is not None:
            # What else a script tells, such as its gateway's name, makes no other packet of it.
            told = repr(relevant(packet.said)).encode()
            return Advert("script", blake2b(told, digest_size=16).digest(), packet.name)
        return None if self._codec is None else self._codec.advert_of(packet)

    def _reader_for(self, packet: Packet, beacon: Beacon | None) -> Reader:
        if packet.said is not None or self._codec is None:
            return ScriptReader(packet.said or {})
        known = None if beacon is None else beacon.reader
        return known or self._codec.reader(packet.address, self.keys.get(packet.address))

    def _welcome(self, gateway: str, packet: Packet, reading: Reading, now: float) -> Beacon | None:
        index = None if len(self._beacons) >= self._in_all else self._free(gateway, packet.address)
        if index is None:
            return None
        status: JSONObject = {"id": index, "addr": packet.address}
        if reading.name:
            model = model_of(reading.name)
            status |= {"name": reading.name, "model": model.title if model else None}
        beacon = Beacon(packet.address, index, Home(gateway, now), status, now)
        self._place(beacon, gateway, index)
        return beacon

    def _note(self, beacon: Beacon, gateway: str, packet: Packet, reading: Reading, now: float) -> None:
        """Put what was read into the status, and remember what differs."""
        home, status = beacon.home, beacon.status
        home.hears(gateway, packet.rssi, now)
        beacon.heard = now
        changed: JSONObject = {name: value for name, value in reading.values.items() if status.get(name) != value}
        for name, value in (("encrypted", reading.encrypted), ("errors", [reading.error] if reading.error else None)):
            if status.get(name) != value:
                changed[name] = value
        ear = home.ears.get(home.gateway)
        rssi = None if ear is None else round(ear.rssi)
        leaps = rssi is not None and abs(rssi - (status.get("rssi") or -200)) >= LEAPS_DB
        if changed or reading.happenings or leaps or now - beacon.told >= TELL_HEARD_S:
            changed["last_updated_ts"] = int(now)
            changed["rssi"] = status.get("rssi") if rssi is None else rssi
            if reading.packet_id is not None:
                changed["packet_id"] = reading.packet_id
            beacon.told = now
            status.update(changed)
            self._tell(beacon, changed)
        for happening in reading.happenings:
            if len(self._happenings) < MAX_HAPPENINGS:
                self._happenings.append((beacon, happening))
            else:
                self.tally["untold"] += 1
        self._settle(beacon, now)

    def _settle(self, beacon: Beacon, now: float) -> None:
        """Move a beacon to a gateway that hears it better, where that one has room."""
        there = beacon.home.better(now)
        index = None if there is None else self._free(there, beacon.address)
        if there is None or index is None:
            return
        self.tally["moved"] += 1
        self._leave(beacon)
        beacon.home.move(there, now)
        beacon.status["rssi"] = round(beacon.home.ears[there].rssi)
        self._place(beacon, there, index)

    # ---- places ------------------------------------------------------------------------------------------

    def _free(self, gateway: str, address: str) -> int | None:
        """A number that is free and not still to be reported as gone; None if the gateway has enough beacons."""
        waiting = self._dirty.get(gateway, {})
        return self._places_of(gateway).free(address, lambda number: f"{BEACON}:{number}" in waiting)

    def _places_of(self, gateway: str) -> Places:
        places = self._places.get(gateway)
        if places is None:
            places = self._places[gateway] = Places(self._per_gateway)
        return places

    def _place(self, beacon: Beacon, gateway: str, index: int) -> None:
        beacon.index, beacon.status["id"] = index, index
        self._beacons[beacon.address] = beacon
        self._places_of(gateway).take(index, beacon.address)
        self._dirty.setdefault(gateway, {})[beacon.key] = dict(beacon.status)

    def _leave(self, beacon: Beacon) -> None:
        gateway = beacon.home.gateway
        self._places_of(gateway).leave(beacon.index)
        self._dirty.setdefault(gateway, {})[beacon.key] = None

    def _tell(self, beacon: Beacon, changed: Mapping[str, JSON]) -> None:
        waiting = self._dirty.setdefault(beacon.home.gateway, {})
        waiting[beacon.key] = {**(waiting.get(beacon.key) or {}), **changed}

    # ---- upkeep ------------------------------------------------------------------------------------------

    def restore(self, gateway: str, index: int, shown: JSON, now: float) -> bool:
        """Take a beacon that a gateway showed before; returns False if another place shows it more recently.

        Nor is anything taken that no beacon of ours can have shown: devices may say what they like.
        """
        status: JSONObject = shown if isinstance(shown, dict) else {}
        address, at = address_of(status.get("addr")), status.get("last_updated_ts")
        heard = min(float(at), now) if isinstance(at, int | float) else 0.0
        status["rssi"] = rssi_of(status.get("rssi"))
        known = self._beacons.get(address or "")
        if address is None or (known is not None and known.heard >= heard):
            self._dirty.setdefault(gateway, {})[f"{BEACON}:{index}"] = None
            return False
        if known is not None:
            self._leave(known)
        # Its gateway has as long as any other to be heard from, whoever is back first.
        beacon = Beacon(address, index, Home(gateway, now), status, heard)
        self._beacons[address] = beacon
        self._places_of(gateway).take(index, address)
        return True

    def shift(self, seconds: float) -> None:
        """The clock was set: all that is remembered moves with it, so that nothing seems old or yet to come."""
        self._shifted += seconds
        for beacon in self._beacons.values():
            beacon.heard += seconds
            beacon.told += seconds
            beacon.bytes_at += seconds
            beacon.home.shift(seconds)

    def set_key(self, address: str, key: bytes | None) -> None:
        """Decode what an address sends with another key from now on."""
        if key is None:
            self.keys.pop(address, None)
        else:
            self.keys[address] = key
        beacon = self._beacons.get(address)
        if beacon is not None:
            beacon.reader, beacon.bytes, beacon.packet_id = None, b"", None

    def forget(self, address: str) -> bool:
        """Remove a beacon; it comes back when it is heard again."""
        beacon = self._beacons.pop(address, None)
        if beacon is not None:
            self._leave(beacon)
        return beacon is not None

    def forget_older(self, before: float) -> int:
        """Remove beacons last heard before then, UTC epoch seconds; returns how many.

        While the platform was away nobody was heard, so that what it took up again has as long as if heard then.
        """
        old = [beacon.address for beacon in self._beacons.values() if max(beacon.heard, beacon.home.since) < before]
        for address in old:
            self.forget(address)
        return len(old)

    def gateway_is_gone(self, gateway: str) -> None:
        """A gateway was deleted, and its beacons with it; another one that hears them will have them."""
        places = self._places.pop(gateway, None)
        for address in () if places is None else places.taken.values():
            self._beacons.pop(address, None)
        self._dirty.pop(gateway, None)
        if self._allowance is not None:
            self._allowance.forget(gateway)
        for beacon in self._beacons.values():
            beacon.home.ears.pop(gateway, None)

    @property
    def changed(self) -> bool:
        """Whether something is to be reported."""
        return bool(self._dirty)

    @property
    def happened(self) -> bool:
        """Whether something happened that is to be told."""
        return bool(self._happenings)

    def take(self) -> tuple[dict[str, dict[str, JSONObject | None]], list[tuple[Beacon, Happening]]]:
        """What is to be reported, by gateway and component, and what happened to which beacon."""
        news, happenings = self._dirty, self._happenings
        self._dirty, self._happenings = {}, []
        return news, happenings
