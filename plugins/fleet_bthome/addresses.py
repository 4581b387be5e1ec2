"""Addresses and names of Bluetooth devices, as people and devices write them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

MAX_NAME = 40
_SPELT = re.compile(
    r"[0-9a-f]{12}|[0-9a-f]{2}([:.-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}|[0-9a-f]{4}([.:-])[0-9a-f]{4}\2[0-9a-f]{4}"
)


def address_of(text: object) -> str | None:
    """``aa:bb:cc:dd:ee:ff`` of an address in any case, with colons, dashes, dots or nothing between; else None.

    Spaces around it come with what people copy.
    """
    if not isinstance(text, str) or len(text) > 40:
        return None
    found = _SPELT.fullmatch(text.strip().lower())
    return ":".join(re.findall("..", re.sub("[^0-9a-f]", "", found[0]))) if found else None


def name_of(text: object) -> str | None:
    """What a device calls itself, fit to be shown: anybody may send any letters. None if there is nothing."""
    return printable(text[:MAX_NAME]) or None if isinstance(text, str) else None


def printable(text: str) -> str:
    """A text without what is no letter, sign or plain space."""
    return "".join(each for each in text if each.isprintable())


def _checked(text: str) -> str:
    address = address_of(text)
    if address is None:
        message = "not a Bluetooth address such as aa:bb:cc:dd:ee:ff"
        raise ValueError(message)
    return address


Address = Annotated[str, Field(max_length=40), AfterValidator(_checked)]
"""An address in the parameters of a method; spelt as :func:`address_of` does."""
