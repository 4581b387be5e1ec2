"""Versions of firmware: their order, and the build they come from. Pure.

Source: ``ver`` and ``fw_id`` of real dumps.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import TypeAlias

from fleet_platform.simulator.device.firmware import is_wall_display

Version: TypeAlias = tuple[int, int, int]
"""Major, minor, patch; what follows a dash does not count."""

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(-\S+)?")

_BUILDS: Mapping[str, tuple[str, str]] = {
    "0.14.1": ("20230308", "22a4cb7"),
    "1.0.3": ("20230912", "6176478"),
    "1.0.7": ("20231031", "5db02bd"),
    "1.1.0": ("20231219", "34b5d4f"),
    "1.2.0": ("20240213", "b1b9aa8"),
    "1.4.0": ("20240726", "b2aeadb"),
    "1.4.2": ("20240819", "c2639da"),
    "1.4.4": ("20241011", "6d2a586"),
    "1.5.1": ("20250318", "01dd7ff"),
    "1.7.4": ("20260120", "f9878b6"),
    "1.7.5": ("20260311", "9979d16"),
    "1.2.2-plugazprod0": ("20240401", "fef7812"),
    "1.4.99-xt-prod1": ("20241121", "c6448fb"),
    "1.8.99-dev144333": ("20251027", "6395960"),
    "1.8.99-dev144746": ("20251030", "ed96848"),
    "1.8.99-floodsg4prod0": ("20260211", "efb9927"),
}
"""Version to the day and the commit it was built from, where a dump shows them."""

_WALL_DISPLAY_BUILDS: Mapping[str, tuple[str, str]] = {
    "2.2.1": ("20240831", "eb899af6"),
    "2.4.4": ("20250923", "5c68f1d6"),
    "2.6.2": ("20260520", "06f6da23"),
}


def read_version(text: str) -> Version:
    """``1.5.0-beta2`` → ``(1, 5, 0)``.

    Raises:
        ValueError: It does not look like the version of a firmware.
    """
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no firmware version such as 1.7.5")
    return int(found[1]), int(found[2]), int(found[3])


def is_development(text: str) -> bool:
    """Whether it is a build between two releases: ``1.5.99-dev114743``; the maker sells devices with such."""
    return ".99-" in text


def firmware_id(app: str, version: str) -> str:
    """``20260311-095847/1.7.5-g9979d16``.

    A development build names no version, a Wall Display's hash has no ``g``. Where no dump shows the build of a
    version, its day is the latest of all older ones, and its hash follows from its name.
    """
    wall = is_wall_display(app)
    day, commit = _build(_WALL_DISPLAY_BUILDS if wall else _BUILDS, version)
    check = zlib.crc32(f"{app}/{version}".encode())
    built = f"{day}-{8 + check % 8:02d}{check // 8 % 60:02d}{check // 480 % 60:02d}"
    if wall:
        return f"{built}/{version}-{commit}"
    return f"{built}/g{commit}" if _is_nameless(version) else f"{built}/{version}-g{commit}"


def _is_nameless(version: str) -> bool:
    """Builds for modules in other makers' products keep the version in their id."""
    return is_development(version) and "-xt-" not in version


def _build(known: Mapping[str, tuple[str, str]], version: str) -> tuple[str, str]:
    if version in known:
        return known[version]
    wanted = read_version(version)
    older = [day for each, (day, _) in known.items() if read_version(each) <= wanted]
    first = min(day for day, _ in known.values())
    return max(older, default=first), f"{zlib.crc32(version.encode()):08x}"[:7]
