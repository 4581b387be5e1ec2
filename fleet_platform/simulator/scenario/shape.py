"""What may stand in a scenario file: names, types and bounds of its fields.

Which fields go together is in ``conflicts.py``; whether a model, a device, a component or a fault exists is checked
by ``cast.py`` and ``checks.py``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from fleet_platform.simulator.duration import Duration
from fleet_platform.simulator.nearest import did_you_mean
from plugin_sdk import JSON

MOST_DEVICES = 100_000
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%")
_MAC = re.compile("[0-9A-F]{12}")
_KEY = re.compile(r"[a-z][a-z0-9_]*(:\d{1,9})?")


def _read_share(value: object) -> float:
    """``20%`` → 0.2; numbers stay what they are."""
    found = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None:
        share = float(found[1]) / 100
    else:
        share = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
    if not 0 < share <= 1:
        raise ValueError("expected a part such as 20%, more than 0% and at most 100%")
    return share


def _read_list(value: object) -> object:
    """One word is a list of one."""
    return value if isinstance(value, list) else [value]


def _read_mac(value: object) -> str:
    """``A8:03:2A:12:34:56`` → ``A8032A123456``."""
    bare = re.sub("[:-]", "", str(value)).upper()
    if not _MAC.fullmatch(bare):
        raise ValueError("expected a MAC such as A8:03:2A:12:34:56")
    return bare


def _check_key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise ValueError("expected a component key such as pump:0")
    return value


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        # Where a system has no time zones at all, nobody can tell.
        if zones := available_timezones():
            raise ValueError(f"no such time zone{did_you_mean(value, zones)}") from err
    return value


Seconds = Annotated[Duration, Field(gt=0)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[list[Word], BeforeValidator(_read_list), Field(min_length=1, max_length=1_000)]
Share = Annotated[float, BeforeValidator(_read_share)]
Mac = Annotated[str, BeforeValidator(_read_mac)]
Key = Annotated[str, AfterValidator(_check_key)]
Zone = Annotated[Word, AfterValidator(_check_zone)]


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

    tz: Zone | None = None
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


ACTIONS = ("press", "call", "report", "event", "fault", "heal", "power", "wake", "reconnect", "rate")
"""Fields that say what happens; a step has one of them."""


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
        unchecked: Whether methods, gestures, fields and events are taken as they are written.
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
    unchecked: bool = False

    @property
    def action(self) -> str:
        """The name of the one field that says what happens."""
        return next(name for name in ACTIONS if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A scenario file, as far as it can be read.

    Attributes:
        settings: What holds for the whole run.
        fleet: Its devices; None for an entry that cannot be read at all.
        timeline: What happens; None for a step that cannot be read at all.
    """

    settings: Settings
    fleet: Sequence[Entry | None]
    timeline: Sequence[Step | None]
