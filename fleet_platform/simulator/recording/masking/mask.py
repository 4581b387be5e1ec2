"""Masking of any JSON of a device: what a field is called decides what becomes of its value.

Objects keep their members and their order, arrays their length, values their kind. Equal inputs become equal outputs
within one mask and, for want of its key, in no other.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import orjson

from fleet_platform.redaction import hides
from fleet_platform.simulator.recording.masking import rules
from fleet_platform.simulator.recording.masking.keyed import another_text, stream
from fleet_platform.simulator.recording.masking.texts import Change, Texts, secret
from plugin_sdk import JSON, JSONObject

_MAX_REMEMBERED = 100_000
_WORDS = frozenset(("name", "ssid", "title", "hostname", "local_name", "username"))
"""Fields whose texts are looked for everywhere else."""

_LATITUDE, _LONGITUDE = 66.0, 180.0

_Depth: TypeAlias = Literal["open", "own", "all"]
"""Whose the JSON around is: the device's, the owner's, or the owner's with its numbers."""

_OPEN, _OWN, _ALL, _PLAIN, _SECRET = "<open>", "<own>", "<all>", "<plain>", "<secret>"
"""Kinds of texts beside those that are named by their field."""


class Mask:
    """The mask of one recording.

    Args:
        key: At most 64 bytes; a fresh random one if none is given, which is what keeps recordings apart.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = secrets.token_bytes(32) if key is None else key
        self._texts = Texts(self._key)
        self._fields = _fields(self._texts)
        self._kinds: dict[tuple[str, _Depth], str] = {}
        self._done: dict[tuple[str, str], str] = {}
        self._open: dict[tuple[str, str], str] = {}

    def learn(self, device: str, dump: JSON) -> None:
        """Look at a device before anything is masked for good, to know the names to find elsewhere."""
        self._texts.learn_model(device)
        self._learn(dump, "")

    def id(self, device: str) -> str:
        """A device's id."""
        return self._masked(_PLAIN, device, "open")

    def frame(self, frame: JSONObject, method: str | None = None) -> JSONObject:
        """A frame; an answer needs the method it answers, for some answer nothing but what the owner wrote."""
        return self._object(frame, "", "open", method)

    def value(self, value: JSON) -> JSON:
        """Any JSON value."""
        return self._value(value, "", "open")

    # ---- inside -----------------------------------------------------------------------------------------

    def _learn(self, value: JSON, field: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                self._learn(inner, name.lower())
        elif isinstance(value, list):
            for inner in value:
                self._learn(inner, field)
        elif field in _WORDS and isinstance(value, str) and self._texts.learn_word(value):
            self._open.clear()

    def _value(self, value: JSON, field: str, depth: _Depth) -> JSON:
        if isinstance(value, str):
            return self._masked(self._kind(field, depth), value, depth) if value else value
        if isinstance(value, dict | list):
            if field in rules.DEEP and depth == "open":
                depth = "own"
            if isinstance(value, dict):
                return self._object(value, field, depth)
            return [self._value(inner, field, depth) for inner in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value, field, depth)
        return value

    def _object(self, value: Mapping[str, JSON], field: str, depth: _Depth, answered: str | None = None) -> JSONObject:
        """An object; with the method it calls or answers, parameters or result may be the owner's as a whole."""
        method = value.get("method", answered)
        owners = isinstance(method, str) and method.lower().startswith(rules.OWNERS_METHODS)
        masked: JSONObject = {}
        for name, inner in value.items():
            lower = name.lower()
            new = self._member(name, field, depth)
            while new in masked:
                new += "_"
            if depth == "all" and lower in rules.ENVELOPE:
                masked[new] = inner
            else:
                masked[new] = self._value(inner, lower, "all" if owners and lower in ("params", "result") else depth)
        return masked

    def _member(self, name: str, field: str, depth: _Depth) -> str:
        """A member's name: mostly the protocol's, at times an address or the owner's word."""
        if field in rules.OWN_KEYS or (depth == "all" and name.lower() not in rules.OWNERS_MEMBERS):
            return self._masked(_OWN, name, depth)
        if depth == "own" and not rules.IDENTIFIER.fullmatch(name):
            return self._masked(_OWN, name, depth)
        return self._masked(_PLAIN, name, depth)

    def _kind(self, field: str, depth: _Depth) -> str:
        """What decides what becomes of a text: its field's name, or one of the general kinds."""
        kind = self._kinds.get((field, depth))
        if kind is None:
            if len(self._kinds) >= _MAX_REMEMBERED:
                self._kinds.clear()
            kind = self._kinds[field, depth] = _kind(field, depth, field in self._fields)
        return kind

    def _masked(self, kind: str, text: str, depth: _Depth) -> str:
        """A text, from memory if it was there before."""
        done = self._open if kind == _OPEN else self._done
        found = done.get((kind, text))
        if found is None:
            if len(done) >= _MAX_REMEMBERED:
                done.clear()
            found = self._change(kind, text, depth)
            done[kind, text] = found
        return found

    def _change(self, kind: str, text: str, depth: _Depth) -> str:
        if kind in _WORDS and self._texts.learn_word(text):
            # Texts that hold the new name must be looked at again.
            self._open.clear()
        change = self._fields[kind]
        is_owners = change == self._texts.own
        if (is_owners or kind == _OPEN) and (inner := _json_inside(text)) is not None:
            return orjson.dumps(
                self._value(inner, "", "all" if kind == _ALL else "own" if is_owners else depth)
            ).decode()
        return change(text)

    def _number(self, number: float, field: str, depth: _Depth) -> float:
        if field in rules.LATITUDES:
            return self._elsewhere(number, _LATITUDE)
        if field in rules.LONGITUDES:
            return self._elsewhere(number, _LONGITUDE)
        if depth == "all" or field in rules.SECRETS:
            return self._another_number(number)
        return number

    def _elsewhere(self, degrees: float, limit: float) -> float:
        """Degrees with as many decimals, between minus and plus the limit."""
        text = repr(degrees)
        part = int.from_bytes(stream(self._key, "place", text.encode(), 6), "big") / 2**48
        decimals = len(text.partition(".")[2]) if "e" not in text else 6
        there = round((2 * part - 1) * limit, decimals)
        return int(there) if isinstance(degrees, int) else there

    def _another_number(self, number: float) -> float:
        """A number of as many digits; of a fraction one of its order."""
        if isinstance(number, int):
            digits = another_text(self._key, str(abs(number)))
            if digits[0] == "0":
                digits = ("2" if str(abs(number))[0] == "1" else "1") + digits[1:]
            return -int(digits) if number < 0 else int(digits)
        part = stream(self._key, "number", repr(number).encode(), 1)[0] / 512
        return number * (0.25 + part)


def _kind(field: str, depth: _Depth, known: bool) -> str:
    if depth == "all":
        return _ALL
    if depth == "own" and (not known or field in rules.PLAIN | rules.FIXED | rules.SOURCES):
        return _SECRET if hides(field) else _OWN
    if known:
        return field
    return _SECRET if hides(field) else _OPEN


def _fields(texts: Texts) -> dict[str, Change]:
    """Field name to what is done to a text in it."""
    changes: dict[str, Change] = {
        _OPEN: texts.open,
        _OWN: texts.own,
        _ALL: texts.own,
        _PLAIN: texts.plain,
        _SECRET: secret,
    }
    groups: tuple[tuple[frozenset[str], Callable[[str], str]], ...] = (
        (rules.TEXTS, texts.own),
        (rules.SERVERS, texts.server),
        (rules.URLS, texts.server),
        (rules.SECRETS, secret),
        (rules.ZONES, texts.zone),
        (rules.FIXED, lambda text: text),
        (rules.PLAIN, texts.plain),
        (rules.SOURCES, texts.source),
        (frozenset(("key",)), texts.key),
        (frozenset(("mac",)), texts.mac),
    )
    for names, change in groups:
        changes.update(dict.fromkeys(names, change))
    return changes


def _json_inside(text: str) -> JSON:
    """The JSON object or array that a text is; None if it is none."""
    if text[0] not in "{[" or text[-1] not in "}]":
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
