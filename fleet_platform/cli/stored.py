"""Sign-ins that were stored: ``$XDG_CONFIG_HOME/fleet-platform/token.json``, readable by its owner alone.

A token is kept for the address that issued it and is never sent to another.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import click

from fleet_platform.client import Token
from fleet_platform.settings.model import home_folder


def token_file() -> Path:
    """Where sign-ins are stored. Source: XDG Base Directory Specification."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    return (folder if folder.is_absolute() else home_folder() / ".config") / "fleet-platform" / "token.json"


def load(url: str) -> Token | None:
    """The token stored for an address, or None."""
    entry = _read().get(url)
    return Token(access=entry["access_token"], refresh=entry.get("refresh_token")) if entry else None


def save(url: str, token: Token) -> None:
    """Store a token in the place of an older one."""
    _write({**_read(), url: {"access_token": token.access, "refresh_token": token.refresh}})


def remove(url: str) -> bool:
    """Forget a token; returns whether there was one."""
    entries = _read()
    if entries.pop(url, None) is None:
        return False
    _write(entries)
    return True


def _read() -> dict[str, Any]:
    file = token_file()
    try:
        entries = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from error
    return entries if isinstance(entries, dict) else {}


def _write(entries: dict[str, Any]) -> None:
    """Replace the file as a whole, so that no reader sees half of it and nobody else sees any of it."""
    file = token_file()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp creates with mode 0600
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".token")
        with os.fdopen(handle, "w") as stream:
            json.dump(entries, stream)
        Path(temporary).replace(file)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
