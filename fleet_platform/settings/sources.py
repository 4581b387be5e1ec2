"""Where settings come from: flags, ``FLEET_…`` variables, a TOML file, what ``Web.SetConfig`` kept, then defaults.

Every problem is collected and all are raised together, so that one start shows all there is to mend.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from fleet_platform.settings import kept
from fleet_platform.settings.model import PlatformSettings, absolute, default_data_folder
from fleet_platform.settings.problems import SettingsProblems, did_you_mean, explain

FILE_NAME = "fleet-platform.toml"
PREFIX = "FLEET_"

OTHER_VARIABLES: Mapping[str, str] = {
    "FLEET_CONFIG": "The configuration file, as `--config`.",
    "FLEET_URL": "The platform that client commands talk to, as `--url`.",
    "FLEET_TOKEN": "The token of client commands, as `--token`.",
    "FLEET_ADMIN_PASSWORD": "Password of the user `admin`, applied at every start.",
}
"""Variables with the prefix that are no settings of the platform."""

TEST_PREFIXES = ("FLEET_TEST_", "FLEET_FAIL_ON_")
"""Variables of the test suite, left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings with their history.

    Attributes:
        sources: Field name to where its value came from (``--port``, ``FLEET_PORT``, a file's path); defaults
            are absent.
        warnings: Sentences about what was ignored.
    """

    settings: PlatformSettings
    sources: Mapping[str, str]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """Values of one source, and how it names a setting."""

    values: Mapping[str, Any]
    origin: Callable[[tuple[str, ...]], str]


def load(
    flags: Mapping[str, Any] | None = None, *, config: Path | None = None, demo: Mapping[str, Any] | None = None
) -> Loaded:
    """Read all sources.

    Args:
        flags: Field name to the value given on the command line; None means that the flag was not given.
        config: The file to read; without it ``FLEET_CONFIG``, else ``fleet-platform.toml`` in the working folder,
            else in the data folder, where one is there.
        demo: Defaults of a demo, weaker than every other source.

    Raises:
        SettingsProblems: Something cannot be used; lists everything that cannot.
    """
    problems: list[str] = []
    given = {field: value for field, value in (flags or {}).items() if value is not None}
    environment = _read_environment()
    file = _find_file(config, given.get("data") or environment.get("data"))
    layers = [_Layer(values=given, origin=_flag), _Layer(values=environment, origin=_variable)]
    if file is not None:
        layers.append(_Layer(values=_read_file(file, problems), origin=lambda _key: str(file)))
    data = next((layer.values["data"] for layer in layers if layer.values.get("data")), None)
    layers.append(_Layer(values=_read_kept(data, problems), origin=lambda _key: kept.ORIGIN))
    layers.append(_Layer(values=demo or {}, origin=lambda _key: "demo"))
    values, sources = _merge(layers)
    try:
        settings = PlatformSettings(**values)
    except ValidationError as error:
        problems.extend(explain(detail, sources) for detail in error.errors(include_url=False))
    if problems:
        raise SettingsProblems(problems)
    return Loaded(settings=settings, sources=sources, warnings=tuple(_unknown_variables()))


def variable(field: str) -> str:
    """The environment variable of a field."""
    return f"{PREFIX}{field.upper()}"


def _flag(key: tuple[str, ...]) -> str:
    return f"--{key[0].replace('_', '-')}"


def _variable(key: tuple[str, ...]) -> str:
    return variable("__".join(key))


def _read_environment() -> dict[str, Any]:
    values: dict[str, Any] = EnvSettingsSource(PlatformSettings)()
    if isinstance(values.get("plugins"), dict):
        values["plugins"] = _decode_lists(values["plugins"])
    return values


def _decode_lists(value: Any) -> Any:
    """Lists and objects come from the environment as JSON; what is none stays text, for the plugin to judge."""
    if isinstance(value, dict):
        return {key: _decode_lists(inner) for key, inner in value.items()}
    if not value.startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _find_file(config: Path | None, data: str | Path | None) -> Path | None:
    named = config or (Path(os.environ["FLEET_CONFIG"]) if os.environ.get("FLEET_CONFIG") else None)
    if named is not None:
        return named
    folders = (Path.cwd(), Path(data) if data else default_data_folder())
    return next((folder / FILE_NAME for folder in folders if _is_file(folder / FILE_NAME)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return False  # a closed data folder is reported by whoever opens it, with the remedy


def _read_file(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        problems.append(f"{file}: cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        problems.append(f"{file}: is not a UTF-8 text file")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{file}: is not TOML: {error}")
    return {}


def _read_kept(data: Any, problems: list[str]) -> dict[str, Any]:
    folder = absolute(Path(data)) if isinstance(data, str | Path) else default_data_folder()
    try:
        return kept.read(folder)
    except ValueError as error:
        problems.append(f"{folder / kept.FILE_NAME}: {error}; delete it to start with the defaults")
        return {}


def _merge(layers: Iterable[_Layer]) -> tuple[dict[str, Any], dict[str, str]]:
    """One value a setting, from the first layer that has it; plugins' fields count one by one."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for layer in layers:
        for key, value in _flatten(layer.values):
            *tables, last = key
            table = values
            for name in tables:
                table = table.setdefault(name, {})
                if not isinstance(table, dict):
                    break
            else:
                if last not in table:
                    table[last], sources[".".join(key)] = value, layer.origin(key)
    return values, sources


def _flatten(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in values.items():
        key = (*above, name)
        if key[0] == "plugins" and len(key) < 3 and isinstance(value, Mapping):
            yield from _flatten(value, key)
        else:
            yield key, value


def _unknown_variables() -> Iterator[str]:
    settings = [variable(field) for field in PlatformSettings.model_fields]
    known = [*settings, *OTHER_VARIABLES]
    prefixes = (f"{variable('plugins')}__", *TEST_PREFIXES)
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith(prefixes):
            yield f"{name} is set but is no setting{did_you_mean(name, known)}"
