"""How the catalogue's tables are written: families of models, their rows, and rows like other rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fleet_platform.simulator.models.model import Model
from plugin_sdk import JSONObject

Parts = str | Mapping[str, str]
"""Parts as one text (``"input 2*switch"``), or profile to such a text."""

ADDON: JSONObject = {"addon_type": None}
"""``sys.device`` of what takes an add-on."""

TOGGLE: JSONObject = {"sys_btn_toggle": True}
"""``sys.device`` of what has a button on its front."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the models of a family have in common; the names are those of :class:`Model`."""

    gen: int
    common: str
    memory: tuple[int, int, int, int]
    version: str = "1.7.5"
    more: Mapping[str, Any] = field(default_factory=dict)  # Any: further arguments of Model, of several types

    def row(self, app: str, code: str, name: str, prefix: str, parts: Parts, **more: Any) -> Model:
        """One model; ``more`` are further fields of :class:`Model`."""
        given = {"common": self.common, "version": self.version, "memory": self.memory, **self.more, **more}
        given["common"] = tuple(given["common"].split())
        return Model(app=app, code=code, name=name, gen=self.gen, prefix=prefix, profiles=_profiles(parts), **given)


def _profiles(parts: Parts) -> dict[str, tuple[str, ...]]:
    by_name = {"": parts} if isinstance(parts, str) else parts
    return {profile: tuple(each.split()) for profile, each in by_name.items()}


def like(model: Model, code: str, name: str, parts: Parts | None = None, **more: Any) -> Model:
    """Another order number of a model, with other parts if given; ``more`` are further fields of :class:`Model`."""
    given = more if parts is None else {"profiles": _profiles(parts), **more}
    return replace(model, code=code, name=name, **given)
