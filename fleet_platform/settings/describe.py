"""Settings as people see them: the effective values, and the table of the documentation.

Secrets are never part of either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ByteSize, SecretStr
from pydantic.fields import FieldInfo

from fleet_platform.settings.model import PlatformSettings
from fleet_platform.settings.sources import OTHER_VARIABLES, Loaded, variable

HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSetting:
    """One setting in force: its value as text and where it came from (``default``, a flag, a variable, a file)."""

    name: str
    value: str
    source: str


def effective(loaded: Loaded) -> list[EffectiveSetting]:
    """All settings in force, in the order of the documentation.

    Settings of plugins are listed by name with their value hidden: only the plugin knows which of them are secret.
    """
    rows = []
    for name in PlatformSettings.model_fields:
        if name != "plugins":
            value = _text(getattr(loaded.settings, name))
            rows.append(EffectiveSetting(name=name, value=value, source=loaded.sources.get(name, "default")))
    for name, source in sorted(loaded.sources.items()):
        if name.startswith("plugins."):
            rows.append(EffectiveSetting(name=name, value=HIDDEN, source=source))
    return rows


def settings_table() -> str:
    """The table of all settings and further variables for the documentation, as Markdown."""
    lines = ["| setting | variable | default | meaning |", "|---|---|---|---|"]
    for name, field in PlatformSettings.model_fields.items():
        key, env = (
            (name, variable(name)) if name != "plugins" else ("[plugins.<name>]", "FLEET_PLUGINS__<NAME>__<FIELD>")
        )
        lines.append(f"| `{key}` | `{env}` | {_default(field)} | {field.description} |")
    lines += [f"| | `{name}` | | {meaning} |" for name, meaning in OTHER_VARIABLES.items()]
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    if isinstance(field.json_schema_extra, dict):
        return str(field.json_schema_extra["default"])
    return _text(field.default) or "none"


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return HIDDEN
        case ByteSize():
            return value.human_readable(separator=" ").replace(".0 ", " ")
        case tuple():
            return ", ".join(str(member) for member in value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)
