"""Settings that were changed while the platform ran, kept in a file of the data folder for the next start.

They are weaker than flags, variables and the configuration file, so that whoever starts the platform has the last word.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from plugin_sdk import JSON, JSONObject

FILE_NAME = "kept-settings.json"
ORIGIN = "Web.SetConfig"
"""How a source of settings is called that comes from the file."""

NAMES = ("host", "port", "allowed_origins", "trusted_proxies")
"""What may be kept."""


def read(data: Path) -> JSONObject:
    """What was kept; nothing if there is no file, or a data folder that is closed to us.

    Raises:
        ValueError: The file is not one of ours.
    """
    try:
        text = (data / FILE_NAME).read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}  # a closed data folder is reported by whoever opens it, with the remedy
    try:
        values = json.loads(text)
    except ValueError as error:
        message = "is not JSON"
        raise ValueError(message) from error
    if not isinstance(values, dict) or not set(values) <= set(NAMES):
        message = f"should be an object of {', '.join(NAMES)}"
        raise ValueError(message)
    return values


def write(data: Path, values: Mapping[str, JSON]) -> None:
    """Keep values in place of all that were kept. Durable when it returns, whole or not at all.

    Raises:
        OSError: The file cannot be written.
    """
    path, new = data / FILE_NAME, data / f"{FILE_NAME}.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump(dict(values), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(data, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
