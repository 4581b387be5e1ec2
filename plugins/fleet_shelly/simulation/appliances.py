"""Rare components: the scent diffuser, the presence radar with its zones, a DALI bus.

Source: Shelly Gen2+ API, "Cury", "Presence", "PresenceZone"; shapes from Home Assistant's fixtures of both devices.
What DALI answers is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import choice, flag, invalid, mapping, number, required, whole
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler

_SLOTS = ("left", "right")
_BOOST_S = 1_800
_TRACK_S, _TRACK_INTERVAL_S = 60.0, 1.0
_SCAN_S, _PING_S = 8.0, 2.0
_FIRST_ZONE, _LAST_ZONE = 200, 209
_COMES_AND_GOES = 0.1
"""How often somebody enters or leaves when that might happen."""


class Cury(Behaviour):
    """``cury:N``: two vials, each with a heater of its own."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Scent, boost, modes."""
        return {
            "Set": self.set,
            "Boost": self.boost,
            "StopBoost": self.stop_boost,
            "SetMode": self.set_mode,
            "SetAwayMode": self.set_away_mode,
            "GetVialInfo": self.get_vial_info,
        }

    def set(self, params: JSONObject) -> JSON:
        """Switch a slot, or change how strong it smells."""
        slot = _slot(params)
        on, intensity = flag(params, "on"), whole(params, "intensity", 0, 100)
        if on is None and intensity is None:
            raise DeviceFault(-103, "Missing required one of on, intensity")
        given = {"on": on, "intensity": intensity}
        self._change(slot, **{name: value for name, value in given.items() if value is not None})
        return None

    def boost(self, params: JSONObject) -> JSON:
        """Full heat for as long as the settings say."""
        slot = _slot(params)
        duration = self.config.get("boost_time", _BOOST_S)
        started_at = int(self.device.now())
        self._change(slot, on=True, boost={"started_at": started_at, "duration": duration})
        self.device.after(duration, lambda: self._boost_ended(slot, started_at))
        return None

    def stop_boost(self, params: JSONObject) -> JSON:
        """Back to the usual strength."""
        self._change(_slot(params), boost=None)
        return None

    def set_mode(self, params: JSONObject) -> JSON:
        """The kind of room; null for none."""
        mode = required(params, "mode")
        # The whole list of rooms is not documented; any word is taken.
        if mode is not None and not isinstance(mode, str):
            raise invalid("mode")
        self.report(mode=mode)
        return None

    def set_away_mode(self, params: JSONObject) -> JSON:
        """Nobody is at home: no scent."""
        required(params, "on")
        self.report(away_mode=flag(params, "on"))
        return None

    def get_vial_info(self, params: JSONObject) -> JSON:
        """The vials in the slots, or the one in a slot."""
        slots = self.status.get("slots", {})
        slot = choice(params, "slot", _SLOTS)
        return slots[slot]["vial"] if slot is not None else {name: slots[name]["vial"] for name in _SLOTS}

    def minute(self) -> None:
        """What smells, empties."""
        for name in _SLOTS:
            slot = self.status.get("slots", {}).get(name, {})
            vial = slot.get("vial") or {}
            smells = slot.get("on") and not self.status.get("away_mode")
            if smells and vial.get("level", 0) > 0 and self.device.random.random() < slot.get("intensity", 0) / 60_000:
                self._change(name, vial={"level": vial["level"] - 1})

    def vary(self) -> bool:
        """Somebody changes the strength."""
        name = self.device.random.choice(_SLOTS)
        self._change(name, intensity=self.device.random.randrange(5, 101, 5))
        return True

    def _change(self, slot: str, **patch: JSON) -> None:
        self.report(slots={slot: patch})

    def _boost_ended(self, slot: str, started_at: int) -> None:
        boost = self.status.get("slots", {}).get(slot, {}).get("boost")
        if boost is not None and boost.get("started_at") == started_at:
            self._change(slot, boost=None)


class Presence(Behaviour):
    """``presence``: a radar that follows people and tells its zones where they are."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Zones, live tracking, the sensor itself."""
        return {
            "AddZone": self.add_zone,
            "DeleteZone": self.delete_zone,
            "LiveTrack": self.live_track,
            "SetSensor": self.set_sensor,
            "TiltCalibrate": lambda _params: None,
        }

    def add_zone(self, params: JSONObject) -> JSON:
        """Watch another part of the room: ``{key}``; the shape of the answer is not documented."""
        required(params, "config")
        wanted = mapping(params, "config") or {}
        taken = self.device.keys("presencezone")
        free = (number for number in range(_FIRST_ZONE, _LAST_ZONE + 1) if f"presencezone:{number}" not in taken)
        zone = next(free, None)
        if zone is None:
            raise DeviceFault(-108, "Resource exhausted")
        like = self.device.config(str(self.config.get("main_zone")))
        key = f"presencezone:{zone}"
        config = {**like, "name": None, **{name: wanted[name] for name in wanted if name in like}, "id": zone}
        self.device.add(key, status={"id": zone, "value": False, "num_objects": 0}, config=config)
        return {"key": key}

    def delete_zone(self, params: JSONObject) -> JSON:
        """Stop watching a part of the room; the whole room stays. By ``key``, which is not documented."""
        key = str(required(params, "key"))
        if key not in self.device.keys("presencezone"):
            raise DeviceFault(-105, f"Bad key={key}")
        if key == self.config.get("main_zone"):
            raise invalid("key")
        self.device.remove(key)
        return None

    def live_track(self, params: JSONObject) -> JSON:
        """Tell where people are for a while; parameters are named as the status names them."""
        interval = number(params, "interval", 0.1, 60) or _TRACK_INTERVAL_S
        duration = number(params, "timer_duration", 1, 3_600) or _TRACK_S
        started_at = round(self.device.now(), 2)
        self.report(live_track={"interval": interval, "timer_duration": duration, "timer_started_at": started_at})
        self.device.emit(self.key, "track" if self._anybody() else "no_track")
        self.device.after(duration, lambda: self._track_ended(started_at))
        return None

    def set_sensor(self, params: JSONObject) -> JSON:
        """Switch the radar on or off."""
        required(params, "enable")
        self.device.set_config(self.key, {"enable": flag(params, "enable")})
        return None

    def noticed(self, key: str, event: str) -> None:
        """Somebody came or went while tracking."""
        if key.startswith("presencezone:") and "live_track" in self.status:
            self.device.emit(self.key, "track" if event == "enter" or self._anybody() else "no_track")

    def _anybody(self) -> bool:
        return any(self.device.status(zone).get("value") for zone in self.device.keys("presencezone"))

    def _track_ended(self, started_at: float) -> None:
        if (self.status.get("live_track") or {}).get("timer_started_at") == started_at:
            self.report(live_track=None)


class PresenceZone(Behaviour):
    """``presencezone:N``: who is in a part of the room."""

    __slots__ = ()

    def vary(self) -> bool:
        """Somebody comes or goes, now and then."""
        if self.device.random.random() > _COMES_AND_GOES:
            return False
        return self.press(self.device.random.choice(("enter", "leave")))

    def press(self, gesture: str) -> bool:
        """``enter`` and ``leave``; nobody is seen while the zone or the radar is off."""
        if gesture not in ("enter", "leave"):
            return False
        before = int(self.status.get("num_objects") or 0)
        after = max(0, before + (1 if gesture == "enter" else -1))
        watches = self.config.get("enable") is not False and self.device.config("presence").get("enable") is not False
        if watches and after != before:
            self.report(num_objects=after, value=after > 0)
            self.device.signal(self.key, gesture)
        return True

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A zone that is off sees nobody."""
        if changes.get("enable") is False and self.status.get("num_objects"):
            self.report(num_objects=0, value=False)
        return False


class Dali(Behaviour):
    """``dali``: looks for control gear on its bus; both searches end with an event."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Scan the bus, and ask those it knows."""
        return {"StartScan": self.start_scan, "PingKnownDevices": self.ping_known_devices}

    def start_scan(self, _params: JSONObject) -> JSON:
        """Count the control gear, anew."""
        self.report(cg_count=None)
        self.device.after(_SCAN_S, self._scanned)
        return None

    def ping_known_devices(self, _params: JSONObject) -> JSON:
        """See who answers."""
        self.device.after(_PING_S, lambda: self.device.emit(self.key, "ping_complete"))
        return None

    def _scanned(self) -> None:
        self.report(cg_count=1)
        self.device.emit(self.key, "scan_complete")


def _slot(params: JSONObject) -> str:
    required(params, "slot")
    return choice(params, "slot", _SLOTS) or _SLOTS[0]
