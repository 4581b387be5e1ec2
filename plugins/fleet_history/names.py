"""Parameters that several methods share, as they come in."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from plugin_sdk import Call, Principal
from plugin_sdk.errors import PermissionDenied

MAX_DEVICES = 20_000


def printable(text: str) -> str:
    """The text, which has no control characters.

    Raises:
        ValueError: It has.
    """
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ValueError("must not contain control characters")
    return text


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(printable)]
Path = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(printable)]
ShellyId = Annotated[Name, Field(alias="shellyID")]
MaybeShellyId = Annotated[Name | None, Field(alias="shellyID")]
Devices = Annotated[list[Name], Field(max_length=MAX_DEVICES)]
Destination = Name | Annotated[list[Name], Field(max_length=MAX_DEVICES)]
Words = Name | Annotated[list[Path], Field(max_length=1_000)]
Time = float | Annotated[str, Field(max_length=64)]
Duration = float | Annotated[str, Field(max_length=32)]
From = Annotated[Time | None, Field(alias="from")]
Zone = Annotated[Annotated[str, Field(max_length=64), AfterValidator(printable)] | None, Field(alias="timeZone")]


def caller(call: Call) -> Principal:
    """Who calls a method that is not anonymous."""
    if call.principal is None:
        raise PermissionDenied(reason="not_signed_in")
    return call.principal


def listed(value: str | list[str] | None) -> list[str] | None:
    """One or several as several; None for none."""
    return [value] if isinstance(value, str) else value
