"""Replacing what the owner wrote: names, servers, addresses on the web and by mail, places. Shapes and lengths stay."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Callable

from fleet_platform.redaction import redact
from fleet_platform.simulator.recording.masking import rules
from fleet_platform.simulator.recording.masking.addresses import ADDRESS, Addresses
from fleet_platform.simulator.recording.masking.keyed import another_place, another_text, stream

HIDDEN = "***"
"""What :mod:`fleet_platform.redaction` puts in the place of a secret."""

# Linear in the text: no beginning is looked at again and again for want of an end.
_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]{0,30}+)?://[^\s\"'<>\\]++")
_MAIL = re.compile(r"(?:(?<![\w.+%-])[\w.+%-]++|[\w.+%-]{1,64})@[\w-]++(?:\.[\w-]++)++")
_DEGREES = re.compile(r"[+-]?\d{1,3}(?:[.,]\d+)?")
_PLACE = re.compile(
    r"(?P<word>(?<![a-z])(?:geo:|(?:lat(?:itude)?(?:lng|lon)?|lng|lon(?:gitude|g(?=\D{0,12}\d{1,3}[.,]\d\d))?)"
    r"(?![a-z])(?:[^\w\n+-]|_){0,12}))"
    rf"(?P<first>{_DEGREES.pattern})(?:(?P<between>[\s,;/]{{1,3}})(?P<second>{_DEGREES.pattern}))?",
    re.IGNORECASE,
)
"""Degrees that are named as such, one number or two."""

_LATITUDE, _LONGITUDE = 66.0, 180.0

_SERVER = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*://)?(?:(?P<user>[^@/?#]*)@)?"
    r"(?P<host>\[[^\]/?#]*\]|[^/?#:]*)(?P<port>:\d{1,5}(?![^/?#]))?(?P<rest>.*)",
    re.DOTALL,
)
_DEFAULT_NAME = re.compile(r"(?P<model>[A-Za-z0-9]{2,24})-[0-9A-Fa-f]{12}")
_KEPT_ENDINGS = frozenset(("local", "lan", "invalid"))
_MIN_WORD = 4
_MAX_WORDS = 5_000

Change = Callable[[str], str]


class Texts:
    """Replaces texts, each by what it is."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._words: list[str] = []
        self._models = {"shelly"}
        self.addresses = Addresses(key)

    def learn_model(self, device: str) -> None:
        """Know the model's part of a device id, which stays where a name is made from it."""
        if found := _DEFAULT_NAME.fullmatch(device):
            self._models.add(found["model"].lower())

    def learn_word(self, text: str) -> bool:
        """Remember a name, to find it inside other texts; returns whether it was new.

        Names that may be words of the protocol are not looked for.
        """
        wanted = len(text) >= _MIN_WORD and not rules.IDENTIFIER.fullmatch(text) and len(self._words) < _MAX_WORDS
        if not wanted or text in self._words or self._is_default(text):
            return False
        insort(self._words, text, key=lambda word: (-len(word), word))
        return True

    # ---- kinds of texts ---------------------------------------------------------------------------------

    def plain(self, text: str) -> str:
        """The vendor's word: only secrets, and addresses, on the web and by mail too, are replaced."""
        return self._replace_links(redact(text), self._bare)

    def open(self, text: str) -> str:
        """A text of unknown meaning: secrets, addresses, places, and names that were seen as such are replaced."""
        return self._replace_links(redact(text), self._replace_places)

    def own(self, text: str) -> str:
        """A text of the owner: everything is replaced but a component's key."""
        return self._bare(text) if rules.INSTANCE.fullmatch(text) else self.written(text)

    def written(self, text: str) -> str:
        """A text that nobody but the owner can have written."""
        if text == HIDDEN or self._is_default(text):
            return self._bare(text)
        return self._replace_links(text, self._theirs)

    def source(self, text: str) -> str:
        """Who changed something."""
        return self.own(text) if " " in text else self.plain(text)

    def key(self, text: str) -> str:
        """A component key, or a cryptographic one."""
        return self._bare(text) if rules.INSTANCE.fullmatch(text) or text in rules.SINGLETONS else secret(text)

    def mac(self, text: str) -> str:
        """A field that holds a MAC, where one without letters is upper case too."""
        masked = self.plain(text)
        return masked.upper() if masked.isalnum() else masked

    def zone(self, text: str) -> str:
        """Another time zone."""
        choices = [zone for zone in rules.ZONE_CHOICES if zone != text]
        return choices[stream(self._key, "zone", text.encode(), 1)[0] % len(choices)] if text else text

    def latitude(self, text: str) -> str:
        """Degrees as a text."""
        return _replace(_DEGREES, text, lambda found: self.degrees(found.group()), self._another)

    def longitude(self, text: str) -> str:
        """Degrees as a text."""
        return _replace(_DEGREES, text, lambda found: self.degrees(found.group(), of_longitude=True), self._another)

    def degrees(self, number: str, *, of_longitude: bool = False) -> str:
        """A number of degrees somewhere else."""
        return another_place(self._key, number, _LONGITUDE if of_longitude else _LATITUDE)

    def server(self, text: str) -> str:
        """A host, a host with port, or a URL."""
        found = ADDRESS.fullmatch(text)
        if found and (replaced := self.addresses.replace(found)) is not None:
            return replaced
        parts = _SERVER.fullmatch(text)
        if parts is None:
            return self.own(text)
        user = "" if parts["user"] is None else ":".join(HIDDEN for _ in parts["user"].split(":")) + "@"
        return (
            (parts["scheme"] or "")
            + user
            + self._host(parts["host"])
            + (parts["port"] or "")
            + self._path(parts["rest"])
        )

    # ---- inside -----------------------------------------------------------------------------------------

    def _host(self, host: str) -> str:
        if host.startswith("["):
            return f"[{self.addresses.ip6(host[1:-1]) or HIDDEN}]"
        if (address := self.addresses.ip4(host)) is not None:
            return address
        if not host or rules.KNOWN_HOSTS.fullmatch(host):
            return self._bare(host)
        *labels, last = host.split(".")
        if not labels:
            return self._label(last)
        return ".".join((*map(self._label, labels), last if last in _KEPT_ENDINGS else "invalid"))

    def _label(self, label: str) -> str:
        return self._bare(label) if self._is_default(label) else self._theirs(label)

    def _path(self, rest: str) -> str:
        path, question, query = rest.partition("?")
        parts = (
            self._bare(part) if part in rules.KNOWN_PATHS or rules.INSTANCE.fullmatch(part) else self._theirs(part)
            for part in path.split("/")
        )
        return "/".join(parts) + question + self._theirs(query)

    def _replace_links(self, text: str, between: Change) -> str:
        """URLs and mail addresses; what is between them has no other link in it."""
        return _replace(
            _URL,
            text,
            lambda found: self.server(found.group()),
            lambda part: _replace(_MAIL, part, lambda found: self._mail(found.group()), between),
        )

    def _bare(self, part: str) -> str:
        """A part in which nothing but addresses is the owner's."""
        return self._replace_addresses(part, _same)

    def _theirs(self, part: str) -> str:
        """A part that is the owner's altogether."""
        return self._replace_addresses(part, self._another)

    def _replace_places(self, part: str) -> str:
        return _replace(_PLACE, part, self._place, lambda rest: self._replace_addresses(rest, self._replace_words))

    def _place(self, found: re.Match[str]) -> str:
        of_longitude = found["word"][:2].lower() in ("lo", "ln")
        text = found["word"] + self.degrees(found["first"], of_longitude=of_longitude)
        if found["second"] is None:
            return text
        return text + found["between"] + self.degrees(found["second"], of_longitude=not of_longitude)

    def _mail(self, text: str) -> str:
        name, _, host = text.rpartition("@")
        return f"{self._another(name)}@{self._host(host)}"

    def _replace_addresses(self, text: str, rest: Change) -> str:
        return _replace(ADDRESS, text, self.addresses.replace, rest)

    def _replace_words(self, text: str) -> str:
        for word in self._words:
            if word in text:
                text = text.replace(word, self._another(word))
        return text

    def _another(self, text: str) -> str:
        return another_text(self._key, text)

    def _is_default(self, text: str) -> bool:
        """Whether a name is the one a device has from the factory: ``shellyplus1-a8032ab12345``."""
        found = _DEFAULT_NAME.fullmatch(text)
        return found is not None and (
            found["model"].lower() in self._models or found["model"].lower().startswith("shelly")
        )


def secret(text: str) -> str:
    """Nothing of a secret stays, not even its length."""
    return HIDDEN if text else text


def _same(text: str) -> str:
    return text


def _replace(pattern: re.Pattern[str], text: str, matched: Callable[[re.Match[str]], str | None], rest: Change) -> str:
    """Replace what a pattern finds, and whatever is between by ``rest``; what ``matched`` declines is rest too."""
    result, start = "", 0
    for found in pattern.finditer(text):
        replaced = matched(found)
        if replaced is not None:
            result += rest(text[start : found.start()]) + replaced
            start = found.end()
    return result + rest(text[start:]) if start < len(text) else result
