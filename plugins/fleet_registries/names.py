"""How registries and their keys may be called. Pure."""

from __future__ import annotations

import re

from plugin_sdk.errors import InvalidParams

DEFAULT = "memory"
MAX_NAME = 50
MAX_KEY = 200

# A registry can always be exported as a file of its name, whatever the system: no separators, no leading dot.
_NAME = re.compile(rf"\w(?:[\w .-]{{0,{MAX_NAME - 2}}}[\w-])?")


def registry_name(given: str) -> str:
    """The name under which a registry is kept: in lower case.

    Raises:
        InvalidParams: It could not be the name of a file, or would leave its folder.
    """
    name = given.lower()
    if not _NAME.fullmatch(name) or ".." in name:
        raise InvalidParams.at(
            "registry", f"has 1 to {MAX_NAME} letters, digits, '-', '_', and spaces or single dots inside"
        )
    return name


def checked_key(key: str) -> str:
    """A key as it is.

    Raises:
        InvalidParams: It is empty, too long, or has characters that cannot be shown.
    """
    if not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise InvalidParams.at("key", f"has 1 to {MAX_KEY} printable characters")
    return key
