"""A tariff: what a kilowatt-hour costs at which time of the week. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fleet_history.names import Name
from plugin_sdk import JSONObject
from plugin_sdk.errors import InvalidParams

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUARTERS: Final = 96
"""Quarters of an hour of a day."""

Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _clock(text: str) -> str:
    """``HH:MM`` on a quarter of an hour, up to ``24:00``."""
    hour, minute = int(text[:2]), int(text[3:])
    if hour * 60 + minute > 24 * 60 or minute > 59:
        raise ValueError("is a time of day, from 00:00 to 24:00")
    if minute % 15:
        raise ValueError("is on a quarter of an hour")
    return text


Clock = Annotated[str, Field(pattern=r"^[0-9]{2}:[0-9]{2}$"), AfterValidator(_clock)]
Price = Annotated[float, Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Band(BaseModel):
    """A part of the week with a price of its own.

    One that ends before it begins goes over midnight, into the day after each of its days.
    """

    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

    name: Name
    days: Annotated[list[Day], Field(min_length=1, max_length=7)] = list(DAYS)
    since: Annotated[Clock, Field(alias="from")]
    to: Clock
    price: Price


Bands = Annotated[list[Band], Field(max_length=32)]


class Tariff(BaseModel):
    """``{name, currency, timeZone, price, bands}``; ``price`` is that of all times that are in no band."""

    name: Name
    currency: str
    zone: str
    price: float
    bands: list[Band]

    @property
    def is_hourly(self) -> bool:
        """Whether all bands begin and end on whole hours."""
        return all(text.endswith("00") for band in self.bands for text in (band.since, band.to))

    def week(self) -> list[int]:
        """For each quarter of an hour of the week, from Monday 00:00 on: 0, or which band it is in, from 1.

        Raises:
            InvalidParams: Two bands overlap, or one has no length.
        """
        found = [0] * (7 * QUARTERS)
        for number, band in enumerate(self.bands):
            begin, end = _quarter(band.since), _quarter(band.to)
            if begin in (end, QUARTERS):
                raise InvalidParams.at(f"bands.{number}", "has no length; the whole day is from 00:00 to 24:00")
            length = (end - begin) % QUARTERS or QUARTERS
            for day in dict.fromkeys(band.days):
                first = DAYS.index(day) * QUARTERS + begin
                for at in range(first, first + length):
                    place = at % len(found)
                    if found[place]:
                        other = self.bands[found[place] - 1].name
                        raise InvalidParams.at(f"bands.{number}", f"{band.name} and {other} overlap on {day}")
                    found[place] = number + 1
        return found

    def prices(self) -> Sequence[float]:
        """Per kilowatt-hour: of what is in no band, then of each band."""
        return [self.price, *(band.price for band in self.bands)]

    def names(self) -> Sequence[str | None]:
        """Of the bands, in the same order; None for what is in none."""
        return [None, *(band.name for band in self.bands)]

    def to_json(self) -> JSONObject:
        """As the wire has it."""
        bands: list[dict[str, Any]] = [band.model_dump(by_alias=True) for band in self.bands]
        return {
            "name": self.name,
            "currency": self.currency,
            "timeZone": self.zone,
            "price": self.price,
            "bands": bands,
        }


def _quarter(clock: str) -> int:
    return int(clock[:2]) * 4 + int(clock[3:]) // 15
