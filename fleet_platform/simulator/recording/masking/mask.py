"""Masking of any JSON of a device: what a field is called decides what becomes of its value.

Objects keep their members and their order, arrays their length, values their kind; only what is nested deeper than a
platform reads is left empty. Equal inputs become equal outputs within one mask and, for want of its key, in no other.
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
from fleet_platform.text import MAX_DEPTH
from plugin_sdk import JSON, JSONObject

_MAX_REMEMBERED = 100_000
_WORDS = frozenset(("name", "ssid", "title", "hostname", "local_name", "username"))
"""Fields whose texts are looked for everywhere else."""

_LARGEST = 2**63
"""What JSON takes as a whole number of either sign is smaller."""

_Depth: TypeAlias = Literal["open", "call", "own", "all"]
"""Whose the JSON around is: the device's, of a call with the owner's content, the owner's, that with its numbers."""

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
        self._levels = 0

    def learn(self, device: str, dump: JSON) -> None:
        """Look at a device before anything is masked for good, to know the names to find elsewhere."""
        self._texts.learn_model(device)
        self._learn(dump, "")

    def id(self, device: str) -> str:
        """A device's id."""
        return self._masked(_PLAIN, device)

    def frame(self, frame: JSONObject, method: str | None = None) -> JSONObject:
        """A frame; an answer needs the method it answers, for some answer nothing but what the owner wrote."""
        return self._object(frame, "", "open", method)

    def value(self, value: JSON) -> JSON:
        """Any JSON value."""
        return self._value(value, "", "open")

    # ---- inside -----------------------------------------------------------------------------------------

    def _learn(self, value: JSON, field: str, levels: int = 0) -> None:
        if isinstance(value, dict | list):
            if levels < MAX_DEPTH:
                for name, inner in value.items() if isinstance(value, dict) else ((field, inner) for inner in value):
                    self._learn(inner, name.lower(), levels + 1)
        elif field in _WORDS and isinstance(value, str) and self._texts.learn_word(value):
            self._open.clear()

    def _value(self, value: JSON, field: str, depth: _Depth) -> JSON:
        if isinstance(value, str):
            return self._text(value, field, depth) if value else value
        if isinstance(value, dict | list):
            return self._nested(value, field, depth)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value, field, depth)
        return value

    def _nested(self, value: JSONObject | list[JSON], field: str, depth: _Depth) -> JSON:
        if self._levels >= MAX_DEPTH:
            return {} if isinstance(value, dict) else []
        if depth in ("open", "own") and self._is_secret(field, depth):
            depth = "all"
        elif depth == "open" and field in rules.DEEP:
            depth = "own"
        self._levels += 1
        try:
            if isinstance(value, dict):
                return self._object(value, field, depth)
            # Entries in an array have no key of the owner's.
            return [self._value(inner, "" if depth == "call" else field, depth) for inner in value]
        finally:
            self._levels -= 1

    def _object(self, value: Mapping[str, JSON], field: str, depth: _Depth, answered: str | None = None) -> JSONObject:
        """An object; with the method it calls or answers, parameters or result may be the owner's as a whole."""
        method = value.get("method", answered)
        method = method.lower() if isinstance(method, str) else ""
        masked: JSONObject = {}
        for name, inner in value.items():
            lower = name.lower()
            new = self._member(name, field, depth)
            while new in masked:
                new += "_"
            if depth == "call" and field not in rules.ENTRIES and _is_envelope(lower, inner):
                masked[new] = inner
            else:
                masked[new] = self._value(inner, lower, _depth_of(inner, lower, field, depth, method))
        return masked

    def _member(self, name: str, field: str, depth: _Depth) -> str:
        """A member's name: mostly the protocol's, at times an address or the owner's word."""
        match depth:
            case "all":
                kind = _ALL
            case "call":
                kind = _PLAIN if name.lower() in rules.OWNERS_MEMBERS and field not in rules.ENTRIES else _ALL
            case "own":
                kind = _PLAIN if rules.IDENTIFIER.fullmatch(name) and field not in rules.OWN_KEYS else _OWN
            case "open":
                kind = _OWN if field in rules.OWN_KEYS else _PLAIN
        return self._masked(kind, name)

    def _is_secret(self, field: str, depth: _Depth) -> bool:
        return self._fields[self._kind(field, depth)] is secret

    def _kind(self, field: str, depth: _Depth) -> str:
        """What decides what becomes of a text: its field's name, or one of the general kinds."""
        kind = self._kinds.get((field, depth))
        if kind is None:
            if len(self._kinds) >= _MAX_REMEMBERED:
                self._kinds.clear()
            kind = self._kinds[field, depth] = _kind(field, depth, field in self._fields)
        return kind

    def _text(self, text: str, field: str, depth: _Depth) -> str:
        """A text, or the JSON that it is."""
        kind = self._kind(field, depth)
        if (inside := self._depth_inside(kind, depth)) is not None and (inner := _json_inside(text)) is not None:
            return orjson.dumps(self._value(inner, "", inside)).decode()
        return self._masked(kind, text)

    def _depth_inside(self, kind: str, depth: _Depth) -> _Depth | None:
        """Whose the JSON in a text would be; None for a text that is looked at as a whole."""
        change = self._fields[kind]
        if change in (self._texts.open, self._texts.plain, self._texts.source):
            return depth
        return "all" if change == self._texts.written else "own" if change == self._texts.own else None

    def _masked(self, kind: str, text: str) -> str:
        """A text, from memory if it was there before."""
        done = self._open if kind == _OPEN else self._done
        found = done.get((kind, text))
        if found is None:
            if len(done) >= _MAX_REMEMBERED:
                done.clear()
            if kind in _WORDS and self._texts.learn_word(text):
                # Texts that hold the new name must be looked at again.
                self._open.clear()
            found = done[kind, text] = self._fields[kind](text)
        return found

    def _number(self, number: float, field: str, depth: _Depth) -> float:
        if field in rules.LATITUDES:
            return self._elsewhere(number)
        if field in rules.LONGITUDES:
            return self._elsewhere(number, of_longitude=True)
        if depth in ("call", "all") or self._is_secret(field, depth):
            return self._another_number(number)
        return number

    def _elsewhere(self, degrees: float, *, of_longitude: bool = False) -> float:
        """Degrees with as many decimals somewhere else."""
        text = repr(degrees) if "e" not in repr(degrees) else f"{degrees:.6f}"
        there = self._texts.degrees(text, of_longitude=of_longitude)
        return int(there) if isinstance(degrees, int) else float(there)

    def _another_number(self, number: float) -> float:
        """A number of as many digits; of a fraction one of its order."""
        if isinstance(number, int):
            digits = another_text(self._key, str(abs(number)))
            if digits[0] == "0":
                digits = ("2" if str(abs(number))[0] == "1" else "1") + digits[1:]
            return -(int(digits) % _LARGEST) if number < 0 else int(digits) % _LARGEST
        part = stream(self._key, "number", repr(number).encode(), 1)[0] / 512
        return number * (0.25 + part)


def _kind(field: str, depth: _Depth, known: bool) -> str:
    if depth in ("call", "all"):
        return _ALL
    if depth == "own" and (not known or field in rules.PLAIN | rules.FIXED | rules.SOURCES):
        return _SECRET if hides(field) else _OWN
    if known:
        return field
    return _SECRET if hides(field) else _OPEN


def _depth_of(inner: JSON, name: str, field: str, depth: _Depth, method: str) -> _Depth:
    """Whose a member's value is.

    Args:
        inner: The value.
        name: The member's, in lower case.
        field: What the object around is called.
        depth: Whose that is.
        method: What that calls or answers, in lower case.
    """
    if depth == "call":
        is_entry = isinstance(inner, dict) if field in rules.ENTRIES else name in rules.ENTRIES
        return "call" if is_entry else "all"
    methods = {"params": rules.OWNERS_METHODS, "result": rules.OWNERS_METHODS, "error": rules.OWNERS_ERRORS}.get(name)
    if methods is not None and method.startswith(methods):
        return "call" if depth == "open" else "all"
    return depth


def _is_envelope(name: str, inner: JSON) -> bool:
    """Whether a member of such a call or answer is none of the owner's."""
    return (name in rules.ENVELOPE and isinstance(inner, int | float)) or (
        name == "etag" and isinstance(inner, str) and rules.ETAG.fullmatch(inner) is not None
    )


def _fields(texts: Texts) -> dict[str, Change]:
    """Field name to what is done to a text in it."""
    changes: dict[str, Change] = {
        _OPEN: texts.open,
        _OWN: texts.own,
        _ALL: texts.written,
        _PLAIN: texts.plain,
        _SECRET: secret,
    }
    groups: tuple[tuple[frozenset[str], Callable[[str], str]], ...] = (
        (rules.TEXTS, texts.own),
        (rules.SERVERS, texts.server),
        (rules.URLS, texts.server),
        (rules.SECRETS, secret),
        (rules.ZONES, texts.zone),
        (rules.LATITUDES, texts.latitude),
        (rules.LONGITUDES, texts.longitude),
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
    """The JSON object, array or text that a text is; None if it is none."""
    text = text.strip()
    if f"{text[:1]}{text[-1:]}" not in ("{}", "[]", '""'):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
