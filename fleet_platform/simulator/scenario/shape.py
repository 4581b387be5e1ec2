"""What may stand in a scenario file: names, types and bounds of its fields.

Whether a model, a device, a component or a fault exists is checked afterwards, by ``checks.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from fleet_platform.simulator.duration import Duration
from plugin_sdk import JSON

MOST_DEVICES = 100_000
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%")


def _read_share(value: object) -> object:
    """``20%`` → 0.2; numbers stay what they are."""
    found = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    return value if found is None else float(found[1]) / 100


def _read_list(value: object) -> object:
    """One word is a list of one."""
    return value if isinstance(value, list) else [value]


def _read_bare(value: object) -> object:
    """``A8:03:2A:12:34:56`` → ``A8032A123456``."""
    return re.sub(r"[:-]", "", value).upper() if isinstance(value, str) else value


Seconds = Annotated[Duration, Field(gt=0)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[list[Word], BeforeValidator(_read_list), Field(min_length=1, max_length=1_000)]
Share = Annotated[float, BeforeValidator(_read_share), Field(gt=0, le=1)]
Mac = Annotated[str, BeforeValidator(_read_bare), Field(pattern=r"^[0-9A-F]{12}$")]


Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(:\d{1,9})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, allow_inf_nan=False)


class Settings(_Part):
    """What holds for the whole run; what is not given is as usual.

    Attributes:
        seed: Makes the run reproducible; None leaves it to the command line.
        rate: Notifications a second over the whole fleet; None for what devices tell by themselves.
        duration: End after so long; None for never.
        boot: From switching on to the first attempt to connect.
        clockless: From switching on to the clock being set.
        awake: How long a sleeper stays awake.
        backoff: First wait after a lost connection.
        longest_backoff: Longest wait.
        minutes: Whether meters count and sensors drift by themselves.
    """

    seed: int | None = None
    rate: float | None = Field(default=None, ge=0, le=1_000_000)
    duration: Seconds | None = None
    boot: Duration | None = None
    clockless: Duration | None = None
    awake: Seconds | None = None
    backoff: Seconds | None = None
    longest_backoff: Seconds | None = None
    minutes: bool | None = None


class Location(_Part):
    """Where a device is.

    Attributes:
        tz: Time zone: ``Europe/Sofia``.
        lat: Degrees north.
        lon: Degrees east.
    """

    tz: Word | None = None
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)


class Component(_Part):
    """A component that a model does not have by itself.

    Attributes:
        status: Its status, without ``id``.
        config: Its settings, without ``id``.
    """

    status: dict[str, JSON] = {}
    config: dict[str, JSON] = {}


class Entry(_Part):
    """One or more devices of a kind.

    Attributes:
        model: Model of the catalogue; or
        dump: file of a real device's dump, from the scenario's folder.
        name: What their owner calls them; of several each gets its number.
        profile: Profile; None for the model's first.
        seed: Decides MAC and all else that differs between devices; None for one that nobody else has.
        count: How many.
        mac: MAC of a single one.
        version: Firmware version.
        addon: Parts that a sensor add-on brings: ``[temperature, input]``.
        components: Further components, such as those of a plugin, by key.
        location: Where they are.
        rssi: Signal in dBm.
        wakes_every: Wake-up period of sleepers.
        offline: Whether they start without power.
    """

    model: Word | None = None
    dump: Word | None = None
    name: Word | None = None
    profile: Word | None = None
    seed: str | None = Field(default=None, max_length=200)
    count: int = Field(default=1, ge=1, le=MOST_DEVICES)
    mac: Mac | None = None
    version: Word | None = None
    addon: Annotated[list[Word], BeforeValidator(_read_list), Field(max_length=20)] = []
    components: Annotated[dict[Key, Component], Field(max_length=100)] = {}
    location: Location | None = None
    rssi: int | None = Field(default=None, ge=-120, le=0)
    wakes_every: Seconds | None = None
    offline: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> Entry:
        if (self.model is None) == (self.dump is None):
            raise ValueError("expected model or dump, one of them")
        if self.mac is not None and self.count > 1:
            raise ValueError("several devices cannot have one mac")
        if self.dump is not None and self.profile is not None:
            raise ValueError("a dump has its own profile")
        if self.dump is not None and self.addon:
            raise ValueError("a dump has its own add-on")
        if self.dump is not None and self.components:
            raise ValueError("a dump has its own components")
        return self


ACTIONS = ("press", "call", "report", "event", "fault", "heal", "power", "wake", "reconnect", "rate")
_BELONGS = {"gesture": "press", "params": "call", "with": "fault", "for": "fault"}


class Step(_Part):
    """Something that happens, once or again and again.

    Attributes:
        at: When, from the start; None with ``every`` for after one period.
        every: Again after so long.
        until: The last moment for it; None for no end.
        times: How often; None for no end.
        on: Devices: names, ids, MACs, models or ``all``, with ``*`` and ``?``.
        share: Of these a random part, drawn anew each time.
        pick: Of these so many at random, drawn anew each time.
        press: Component key of a button or switch, with ``gesture``.
        call: RPC method that somebody calls on the device, with ``params``.
        report: Component key to status fields that change.
        event: Component key to the name of an event.
        fault: Name of a fault, with its parameters in ``with`` and ``for`` how long.
        heal: Name of a fault to end, or ``all``.
        power: ``off``, ``on`` or ``cycle``.
        wake: Wake a sleeper, by this cause.
        reconnect: Whether to connect at once.
        rate: Notifications a second over the whole fleet, from now on.
    """

    at: Duration | None = None
    every: Seconds | None = None
    until: Seconds | None = None
    times: int | None = Field(default=None, ge=1)
    on: Words = ["all"]
    share: Share | None = None
    pick: int | None = Field(default=None, ge=1)
    press: Word | None = None
    gesture: Word = "single_push"
    call: Word | None = None
    params: dict[str, JSON] = {}
    report: Annotated[dict[str, dict[str, JSON]], Field(min_length=1)] | None = None
    event: Annotated[dict[str, Word], Field(min_length=1)] | None = None
    fault: Word | None = None
    with_: dict[str, JSON] = Field(default={}, alias="with")
    for_: Seconds | None = Field(default=None, alias="for")
    heal: Word | None = None
    power: Literal["off", "on", "cycle"] | None = None
    wake: Literal["button", "alarm", "usb"] | None = None
    reconnect: Literal[True] | None = None
    rate: float | None = Field(default=None, ge=0, le=1_000_000)

    @property
    def action(self) -> str:
        """The name of the one field that says what happens."""
        return next(name for name in ACTIONS if getattr(self, name) is not None)

    @model_validator(mode="before")
    @classmethod
    def _does_one_thing(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        actions = [name for name in ACTIONS if name in given]
        if not actions and not any(name not in _FIELDS for name in given):
            raise ValueError(f"nothing to do; expected one of {', '.join(ACTIONS)}")
        if len(actions) > 1:
            raise ValueError(f"{' and '.join(actions)} at once; give each a step of its own")
        for name, action in _BELONGS.items():
            if name in given and actions and actions[0] != action:
                raise ValueError(f"{name!r} belongs to {action}, not to {actions[0]}")
        if "rate" in given and not {"on", "share", "pick"}.isdisjoint(given):
            raise ValueError("rate is the whole fleet's")
        return given

    @model_validator(mode="after")
    def _has_a_time(self) -> Step:
        if self.at is None and self.every is None:
            raise ValueError("no time; expected at or every")
        if self.every is None and (self.until is not None or self.times is not None):
            raise ValueError("until and times belong to every")
        if self.share is not None and self.pick is not None:
            raise ValueError("share and pick at once")
        return self


_FIELDS = frozenset(field.alias or name for name, field in Step.model_fields.items())


class File(_Part):
    """A scenario file."""

    settings: Settings = Field(default_factory=Settings)
    fleet: list[Entry] = Field(min_length=1)
    timeline: list[Step] = []
