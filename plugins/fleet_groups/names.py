"""Parameters that several methods share, and what may be stored."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from plugin_sdk import Call, Principal
from plugin_sdk.errors import PermissionDenied


def printable(text: str) -> str:
    """The text, which has no control characters.

    Raises:
        ValueError: It has.
    """
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ValueError("must not contain control characters")
    return text


def _storable(text: str) -> str:
    """Line breaks are welcome in a query; what no database keeps is not."""
    return printable(text.translate(dict.fromkeys(map(ord, "\n\r\t"), " ")))


Id = Annotated[int, Field(ge=1, le=2**53 - 1)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(printable)]
NewName = Annotated[Name, Field(alias="newName")]
DeviceName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(printable)
]
ShellyId = Annotated[DeviceName, Field(alias="shellyID")]
MaybeShellyId = Annotated[DeviceName | None, Field(alias="shellyID")]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=50),
    AfterValidator(printable),
]
Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_storable)]


def caller(call: Call) -> Principal:
    """Who calls a method that is not anonymous."""
    if call.principal is None:
        raise PermissionDenied(reason="not_signed_in")
    return call.principal
