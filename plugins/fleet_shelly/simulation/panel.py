"""The front of a device: a screen, a loudspeaker.

Source: ``Shelly.ListMethods`` of a Wall Display (sources of ShellyScanner) and the type definitions
taulfsime/shelly-rpc-ts; what is not in those (``Ui.ListAvailable``, albums and artists) is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.simulation.system import is_wall_display
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import choice, flag, invalid, required, text, whole
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler

_LOUDEST = 10
_RINGTONES = ("Aurora", "Bell", "Breeze", "Chime", "Crystal", "Doorbell", "Harbor", "Marimba", "Morning", "Sonar")
_STATIONS: tuple[JSONObject, ...] = (
    {"id": 0, "name": "BNR Horizont", "country_code": "BG", "icon": ""},
    {"id": 1, "name": "FIP", "country_code": "FR", "icon": ""},
    {"id": 2, "name": "Radio 3", "country_code": "GB", "icon": ""},
)
_KINDS = ("AUDIO", "PHOTO", "RINGTONE", "VIDEO", "ALERT")
_LARGEST_FILE = 1 << 20


class Display(Behaviour):
    """``ui``: a screen; that of a Wall Display can be switched on and touched from afar."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """The screen."""
        if not is_wall_display(self.device):
            return {}
        return {
            "ListAvailable": lambda _params: {"uis": ["default"]},
            "Screen.Set": self.set_screen,
            "Swipe": self.swipe,
            "Tap": self.tap,
        }

    def set_screen(self, params: JSONObject) -> JSON:
        """Turn it on or off."""
        required(params, "on")
        flag(params, "on")
        return None

    def tap(self, params: JSONObject) -> JSON:
        """Touch a point."""
        for name in ("x", "y"):
            whole(params, name)
        return None

    def swipe(self, params: JSONObject) -> JSON:
        """Move a finger."""
        choice(params, "direction", ("left", "right", "up", "down"))
        return None


class Media(Behaviour):
    """``media``: the Wall Display's loudspeaker and what it can play."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Volume, files, player and radio."""
        return {
            "SetVolume": self.set_volume,
            "List": lambda _params: {"media": list(self._items())},
            "ListAudioAlbums": lambda _params: {"albums": []},
            "ListAudioArtists": lambda _params: {"artists": []},
            "PutMedia": self.put_media,
            "Delete": self.delete,
            "Reload": lambda _params: {"restart_required": False},
            "MediaPlayer.Play": self.play,
            "MediaPlayer.PlayAudioClip": self.play,
            "MediaPlayer.Pause": lambda _params: self._playback(playing=False),
            "MediaPlayer.Stop": lambda _params: self._playback(playing=False),
            "MediaPlayer.PlayOrPause": lambda _params: self._playback(playing=not self._is_playing()),
            "MediaPlayer.Next": lambda _params: self._playback(playing=True),
            "MediaPlayer.Previous": lambda _params: self._playback(playing=True),
            "Radio.ListFavourites": lambda _params: {"favourites": list(_STATIONS)},
            "Radio.PlayFavourite": self.play_favourite,
            "Radio.PlayNextFavourite": lambda _params: self._playback(playing=True, title=str(_STATIONS[1]["name"])),
            "Radio.PlayPreviousFavourite": lambda _params: self._playback(
                playing=True, title=str(_STATIONS[2]["name"])
            ),
            "Radio.Stop": lambda _params: self._playback(playing=False),
        }

    def set_volume(self, params: JSONObject) -> JSON:
        """From 0 to 10."""
        required(params, "volume")
        self.report(playback={"volume": whole(params, "volume", 0, _LOUDEST)})
        return None

    def play(self, params: JSONObject) -> JSON:
        """Play a file, by ``id``; go on with the last one without."""
        if "id" not in params:
            return self._playback(playing=True)
        wanted = whole(params, "id")
        found = next((item for item in self._items() if item["id"] == wanted), None)
        if found is None:
            raise DeviceFault(-105, f"Bad id={wanted}")
        return self._playback(playing=True, title=found["title"])

    def play_favourite(self, params: JSONObject) -> JSON:
        """Play a station of the favourites, by ``id``."""
        required(params, "id")
        wanted = whole(params, "id")
        found = next((station for station in _STATIONS if station["id"] == wanted), None)
        if found is None:
            raise DeviceFault(-105, f"Bad id={wanted}")
        return self._playback(playing=True, title=str(found["name"]))

    def put_media(self, params: JSONObject) -> JSON:
        """Take a file in pieces: ``{restart_required, offset}``."""
        for name in ("filename", "data"):
            required(params, name)
        filename, data = text(params, "filename") or "", text(params, "data") or ""
        kind = choice(params, "type", _KINDS) or "AUDIO"
        kept = self.device.storage(self.key)
        offset = (kept.get("offset", 0) if flag(params, "append") else 0) + len(data)
        if offset > _LARGEST_FILE or not filename:
            raise invalid("data" if filename else "filename")
        kept["offset"] = offset
        if flag(params, "last"):
            files = kept.setdefault("files", [])
            files.append(
                {"id": 100 + len(files), "type": kind, "title": filename, "filename": filename, "size": offset}
            )
            kept["offset"] = 0
        return {"restart_required": False, "offset": offset}

    def delete(self, params: JSONObject) -> JSON:
        """Remove files that were put there: ``{restart_required, deleted}``."""
        wanted = params.get("ids", [params["id"]] if "id" in params else [])
        if not isinstance(wanted, list):
            raise invalid("ids")
        kept = self.device.storage(self.key)
        before = kept.get("files", [])
        kept["files"] = [item for item in before if item["id"] not in wanted]
        return {"restart_required": False, "deleted": len(before) - len(kept["files"])}

    def _items(self) -> list[JSONObject]:
        ringtones: list[JSONObject] = [
            {"id": number, "type": "RINGTONE", "title": title, "filename": f"{title.lower()}.mp3", "size": 388_585}
            for number, title in enumerate(_RINGTONES)
        ]
        return [*ringtones, *self.device.storage(self.key).get("files", [])]

    def _is_playing(self) -> bool:
        return (self.status.get("playback") or {}).get("enable") is True

    def _playback(self, *, playing: bool, title: str = "") -> JSON:
        """Start or stop, and answer what the status shows then."""
        shown: JSONObject = {"enable": playing}
        if title:
            shown |= {"media_type": "AUDIO", "media_meta": {"title": title, "artist": "", "album": "", "thumb": ""}}
        self.report(playback=shown)
        return dict(self.status.get("playback") or {})
